import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { iso } from '../../daemon/domain/days.js';
import type { Alarm } from '../../daemon/domain/operations/alarm.js';
import type { Notice } from '../../daemon/domain/operations/notice.js';
import type { Channel, Origin } from '../../daemon/notify/channel.js';
import type { WebhookSettings } from '../../daemon/notify/webhook.js';
import { createAlert } from '../../daemon/operations/alert.js';
import { channelAlarm, createDeliver } from '../../daemon/operations/deliver.js';
import { freshCatalogue } from './catalogue/fresh.js';

export const SECOND = 1000;
export const NOW = Date.UTC(2026, 10, 25, 1, 13, 4);
export const origin: Origin = {
  site: 'Hartley',
  timeZone: 'Europe/Berlin',
  healthUrl: 'http://tapedeck.lan:8090/health',
};
export const pbx = {
  severity: 'critical',
  why: { code: 'pbx_down', params: { error: null } },
} as const;
/** The same about something else. */
export const about = (file: string, severity: Alarm['severity'] = 'critical') => ({
  severity,
  why: { code: 'cdr_source' as const, params: { source: file } },
});

export const alarm = (more: Partial<Alarm> = {}): Alarm => ({
  key: 'health pbx',
  ...pbx,
  raisedAt: NOW - 8 * SECOND,
  clearedAt: null,
  ...more,
});
export const notice = (kind: Notice['kind'], ...alarms: Alarm[]): Notice => ({
  id: ulid(),
  kind,
  at: NOW,
  alarms,
});

export const hook = (port: number, more: Partial<WebhookSettings> = {}): WebhookSettings => ({
  url: `http://127.0.0.1:${port}/in/path-secret?x=1`,
  secret: () => 'hook-secret-0815',
  pbxPorts: [8088, 5038],
  anywhere: false,
  ...more,
});

/** Names lead where these say, each answer once; then the last of them again. Gives how often was asked. */
export function leadingTo(t: Test, ...answers: string[][]): () => number {
  const real = { plain: dns.lookup, promised: dns.promises.lookup };
  let asked = 0;
  const next = () =>
    answers[Math.min(asked++, answers.length - 1)]!.map((address) => ({ address, family: isIP(address) }));
  dns.lookup = ((_name: string, _options: object, done: (e: null, found: object[]) => void) =>
    done(null, next())) as unknown as typeof dns.lookup;
  dns.promises.lookup = (async () => next()) as unknown as typeof dns.promises.lookup;
  syncBuiltinESMExports();
  t.teardown(() => {
    Object.assign(dns, { lookup: real.plain });
    dns.promises.lookup = real.promised;
    syncBuiltinESMExports();
  });
  return () => asked;
}

/** The two halves of the story on a real catalogue, with a clock to be turned by hand. */
export async function open(t: Test, path: string, channels: Channel[], clock: { ms: number }) {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  const deliver = createDeliver({
    catalogue,
    channels,
    clock: () => clock.ms,
    log,
    onTrouble: (channel, why) =>
      why === null
        ? alert.clear(channelAlarm(channel))
        : alert.raise(channelAlarm(channel), {
            severity: 'warning',
            why: { code: 'alerts_undelivered', params: { channel, detail: why } },
          }),
  });
  const alert = createAlert({
    catalogue,
    tell: deliver.tell,
    mint: () => ulid(),
    say: iso,
    clock: () => clock.ms,
    log,
  });
  await deliver.start();
  await alert.start();
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await alert.stop();
    await deliver.stop();
    await catalogue.stop();
  };
  t.teardown(close);
  return { alert, deliver, catalogue, lines, close };
}

/** A way out that fails when it is told to. */
export function channel(name: Channel['name']) {
  const made = {
    name,
    target: name,
    works: true,
    tries: 0,
    got: [] as Notice[],
    async send(n: Notice) {
      made.tries++;
      if (!made.works) throw new Error('out of order');
      made.got.push(n);
      return 'ok';
    },
  };
  return made;
}
