import { pino } from 'pino';
import t from 'tap';
import { ulid } from 'ulid';
import { iso } from '../../../daemon/domain/days.js';
import type { Notice } from '../../../daemon/domain/operations/notice.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { mailText } from '../../../daemon/notify/mail-text.js';
import { createWebhook } from '../../../daemon/notify/webhook.js';
import { createAlert } from '../../../daemon/operations/alert.js';
import { channelAlarm, createDeliver } from '../../../daemon/operations/deliver.js';
import { about, channel, hook, open, origin, pbx } from '../../support/alerts.js';
import { onFreePort } from '../../support/peers/free-port.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { until } from '../../support/recorder.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 25, 1, 13, 4);
const kinds = (got: Notice[]) => got.map((n) => n.kind);

t.test('a restart does not tell what was told, and tells what was not', async (t) => {
  const path = catalogueFile(t.testdir({}));
  const clock = { ms: NOW };
  const mail = channel('mail');
  const one = await open(t, path, [mail], clock);
  one.alert.raise('health pbx', pbx);
  one.alert.raise('disk', about('a disk', 'warning'));
  clock.ms += 6 * SECOND;
  await until('both mails', () => mail.got.length === 2);
  one.alert.raise('late', about('just now'));
  await one.close();

  const two = await open(t, path, [mail], clock);
  t.equal(two.alert.standing().length, 3, 'they stand');
  two.alert.raise('health pbx', pbx);
  clock.ms += 6 * SECOND;
  await until('the third', () => mail.got.length === 3);
  t.equal(mail.got[2]!.alarms[0]!.key, 'late');
  two.alert.clear('disk');
  two.alert.clear('health pbx');
  await two.close();

  const three = await open(t, path, [mail], clock);
  clock.ms += 6 * SECOND;
  await until('the ends', () => mail.got.length === 5);
  t.same(
    kinds(mail.got.slice(3)),
    ['cleared', 'cleared'],
    'an end that had not been told before the stop is',
  );
  t.same(
    three.alert.standing().map((a) => a.key),
    ['late'],
  );
  t.match(await three.alert.past(10), [{ clearedAt: Number }, { clearedAt: Number }]);
});

t.test('a message that nobody takes is kept over restarts, and keeps no other channel waiting', async (t) => {
  const path = catalogueFile(t.testdir({}));
  const clock = { ms: NOW };
  const mail = Object.assign(channel('mail'), { works: false });
  const webhook = channel('webhook');
  const one = await open(t, path, [mail, webhook], clock);
  one.alert.raise('health pbx', pbx);
  clock.ms += 6 * SECOND;
  await until('the webhook', () => webhook.got.length === 1);
  for (let n = 1; n <= 4; n++) {
    await until(`try ${n}`, () => mail.tries === n && one.deliver.status()[0]!.failingSince !== null);
    clock.ms += MINUTE;
  }
  t.match(one.deliver.status()[0], { channel: 'mail', waiting: 1, problem: 'out of order' });
  clock.ms += 6 * SECOND;
  await until('word of it', () => webhook.got.length === 2);
  t.match(webhook.got[1]!.alarms[0], { key: channelAlarm('mail') }, 'the other channel says that mail fails');
  await one.close();

  const two = await open(t, path, [mail, webhook], clock);
  t.match(two.deliver.status()[0], { waiting: 1 });
  mail.works = true;
  clock.ms += 2 * HOUR;
  await until('the mail', () => mail.got.length === 1);
  t.equal(mail.got[0]!.id, webhook.got[0]!.id, 'it is the same message');
  t.equal(mail.got[0]!.at, webhook.got[0]!.at, 'of the time when it happened');
  clock.ms += 6 * SECOND;
  await until('the end of the trouble', () => webhook.got.length === 3);
  t.equal(webhook.got[2]!.kind, 'cleared');
  t.same(two.deliver.status()[0], {
    channel: 'mail',
    target: 'mail',
    waiting: 0,
    lastSentAt: two.deliver.status()[0]!.lastSentAt,
    failingSince: null,
    problem: '',
  });
  t.equal(mail.got.length, 1, 'and mail is not told of itself');
});

t.test('a storm of fifty is one message, and its end another', async (t) => {
  const clock = { ms: NOW };
  const mail = channel('mail');
  const { alert } = await open(t, catalogueFile(t.testdir({})), [mail], clock);
  for (let n = 0; n < 50; n++) alert.raise(`call ${n}`, about(`call ${n}`));
  clock.ms += 6 * SECOND;
  await until('the summary', () => mail.got.length > 0);
  for (let n = 0; n < 50; n++) alert.clear(`call ${n}`);
  clock.ms += 90 * SECOND;
  await until('the end', () => mail.got.length > 1);
  t.same(
    mail.got.map((n) => [n.kind, n.alarms.length]),
    [
      ['summary', 50],
      ['summary', 50],
    ],
  );
  const { subject, text } = mailText(mail.got[0]!, origin);
  t.match(subject, /50 alarms/);
  t.match(text, /cannot be read from call 49\./);
});

t.test('a catalogue that cannot be written keeps nobody from being told', async (t) => {
  const clock = { ms: NOW };
  const mail = channel('mail');
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const broken = async (): Promise<never> => {
    throw new Error('database or disk is full');
  };
  const deliver = createDeliver({
    catalogue: { alarms: { saveDelivery: broken, openDeliveries: async () => [] } },
    channels: [mail],
    clock: () => clock.ms,
    log,
    onTrouble: () => {},
  });
  const alert = createAlert({
    catalogue: { alarms: { save: broken, open: async () => [], past: broken, forget: broken } },
    tell: deliver.tell,
    mint: () => ulid(),
    say: iso,
    clock: () => clock.ms,
    log,
  });
  await deliver.start();
  await alert.start();
  t.teardown(() => Promise.all([alert.stop(), deliver.stop()]));
  alert.raise('disk', about('a disk'));
  clock.ms += 6 * SECOND;
  await until('the mail', () => mail.got.length === 1);
  await alert.stop();
  await deliver.stop();
  t.match(lines.join(), /cannot be written down/);
});

t.test('a receiver that is down and comes up gets what it missed', (t) =>
  // Nobody can hold a port for it at which connections are refused until it comes up.
  onFreePort(async (port) => {
    const clock = { ms: NOW };
    const webhook = createWebhook(hook(port), origin);
    const { alert, lines, deliver } = await open(t, catalogueFile(t.testdir({})), [webhook], clock);
    alert.raise('health pbx', pbx);
    clock.ms += 6 * SECOND;
    await until('a try', () => deliver.status()[0]!.problem !== '');
    t.match(deliver.status()[0]!.problem, /ECONNREFUSED/);
    const receiver = await startReceiver({ port });
    t.teardown(() => receiver.stop());
    clock.ms += MINUTE;
    await until('it', () => receiver.got.length === 1);
    t.ok(receiver.got[0]!.genuine);
    t.notMatch(lines.join(), /secret/, 'no secret is in the log');
  }),
);
