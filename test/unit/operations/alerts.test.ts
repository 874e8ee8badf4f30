import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { type Alarm, aged, type KeptAlarm, raised } from '../../../daemon/domain/operations/alarm.js';
import { gather, isDue, type Notice, nextTry, type Said } from '../../../daemon/domain/operations/notice.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Channel, Origin } from '../../../daemon/notify/channel.js';
import { createMail, type MailSettings } from '../../../daemon/notify/mail.js';
import { mailText } from '../../../daemon/notify/mail-text.js';
import { createWebhook, type WebhookSettings } from '../../../daemon/notify/webhook.js';
import { createAlert } from '../../../daemon/operations/alert.js';
import { channelAlarm, createDeliver } from '../../../daemon/operations/deliver.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { pbxPorts } from '../../../daemon/ops/targets.js';
import { makeCertificates, startMailServer } from '../../support/peers/mail-server.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { until } from '../../support/recorder.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 25, 1, 13, 4);
const origin: Origin = {
  site: 'Hartley',
  timeZone: 'Europe/Berlin',
  healthUrl: 'http://tapedeck.lan:8090/health',
};
const pbx = {
  severity: 'critical',
  message: 'The PBX does not answer: new calls are not recorded.',
  hint: 'Check that Asterisk runs.',
} as const;
const never = new AbortController().signal;

const alarm = (more: Partial<Alarm> = {}): Alarm => ({
  key: 'health pbx',
  ...pbx,
  raisedAt: NOW - 8 * SECOND,
  clearedAt: null,
  ...more,
});
const notice = (kind: Notice['kind'], ...alarms: Alarm[]): Notice => ({ id: ulid(), kind, at: NOW, alarms });

/** What is said while time goes by, in seconds: `script` raises and clears at seconds of its own. */
function play(script: Record<number, 'raise' | 'clear' | 'warn'>, seconds: number, forMs?: number): string[] {
  let kept: KeptAlarm | undefined;
  const said: string[] = [];
  for (let s = 0; s <= seconds; s++) {
    const now = NOW + s * SECOND;
    const act = script[s];
    if (act === 'raise') kept = raised(kept, 'k', { ...pbx, forMs }, now);
    if (act === 'warn') kept = raised(kept, 'k', { ...pbx, severity: 'warning' }, now);
    if (act === 'clear' && kept && kept.clearedAt === null) kept = { ...kept, clearedAt: now };
    if (!kept) continue;
    const step = aged(kept, now);
    kept = step.alarm;
    if (step.say) said.push(`${s} ${step.say}`);
  }
  return said;
}

t.test('an alarm is told after five seconds, once, and its end once', async (t) => {
  t.strictSame(play({ 0: 'raise', 1: 'raise', 30: 'raise', 60: 'clear', 61: 'clear' }, 200), [
    '5 raised',
    '65 cleared',
  ]);
  t.strictSame(play({ 0: 'raise', 4: 'clear' }, 60), [], 'what is over before that is not told');
  t.strictSame(play({ 0: 'raise', 3: 'clear', 6: 'raise' }, 60), ['6 raised'], 'what comes back is');
  t.strictSame(play({ 0: 'raise', 10: 'clear', 13: 'raise', 30: 'clear' }, 60), ['5 raised', '35 cleared']);
});

t.test('what is critical is told again once a day, a warning is not', async (t) => {
  t.strictSame(play({ 0: 'raise' }, (2.5 * DAY) / SECOND), ['5 raised', '86405 reminder', '172805 reminder']);
  t.strictSame(play({ 0: 'warn' }, (2.5 * DAY) / SECOND), ['5 raised']);
  t.strictSame(play({ 0: 'warn', 60: 'raise', 90: 'warn' }, 200), ['5 raised', '60 raised'], 'worse is news');
});

t.test('what comes and goes for an hour is not a mail a minute', async (t) => {
  const script: Record<number, 'raise' | 'clear'> = {};
  for (let s = 0; s < 3600; s += 30) Object.assign(script, { [s]: 'raise', [s + 15]: 'clear' });
  const said = play(script, 4200);
  t.ok(said.length <= 6, said.join(', '));
  t.match(said.at(-1), /cleared/, 'its end is told');
});

t.test('what happens and does not last is over by itself', async (t) => {
  t.strictSame(play({ 0: 'raise', 40: 'raise' }, 400, 60 * SECOND), ['5 raised', '105 cleared']);
});

t.test(
  'however alarms come, each that was told is told to be over exactly once, and no two in a row are the same',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 900 }), fc.constantFrom('raise' as const, 'clear' as const)),
        ),
        (acts) => {
          const said = play(Object.fromEntries([...acts, [901, 'clear' as const]]), 1500).map(
            (s) => s.split(' ')[1],
          );
          return said.length % 2 === 0 && said.every((s, i) => s === (i % 2 ? 'cleared' : 'raised'));
        },
      ),
    );
  },
);

t.test('more than ten messages in a minute become one', async (t) => {
  const said = (n: number): Said[] =>
    Array.from({ length: n }, (_, i) => ({ kind: 'raised', alarms: [alarm({ key: `k${i}` })] }));
  t.equal(gather(said(10), [], NOW).length, 10);
  const [one, ...others] = gather(said(50), [], NOW);
  t.same(others, []);
  t.match(one, { kind: 'summary' });
  t.equal(one!.alarms.length, 50, 'and it has all of them');
  t.same(gather(said(1), [{ at: NOW - 10 * SECOND, summary: true }], NOW).length, 1, 'calm again');
  const many = Array.from({ length: 10 }, () => ({ at: NOW - 10 * SECOND, summary: false }));
  t.match(gather(said(1), many, NOW), [{ kind: 'summary' }]);
  const full = [...many, { at: NOW - SECOND, summary: true }];
  t.same(gather(said(5), full, NOW), [], 'right after a summary it waits');
  t.match(gather(said(5), full, NOW + 45 * SECOND), [{ kind: 'summary' }], 'but not for a minute');
  const both = { kind: 'cleared' as const, alarms: [alarm({ key: 'k0', clearedAt: NOW })] };
  t.equal(
    gather([...said(12), both], [], NOW)[0]!.alarms.length,
    12,
    'each alarm is in it once, as it is now',
  );
});

t.test('a clock that was set back keeps nothing from being told', async (t) => {
  const said: Said[] = [{ kind: 'raised', alarms: [alarm()] }];
  const storm = Array.from({ length: 20 }, () => ({ at: NOW + HOUR, summary: true }));
  t.same(gather(said, storm, NOW), said, 'a storm that seems to be still to come is over');
  t.ok(isDue({ nextAt: NOW + HOUR, attempts: 1 }, NOW), 'nobody waits an hour after one try');
  t.notOk(isDue({ nextAt: NOW + 4 * SECOND, attempts: 1 }, NOW));
  const fresh = raised(undefined, 'k', pbx, NOW + HOUR);
  t.equal(aged(fresh, NOW).say, 'raised');
  const over = { ...fresh, toldAt: NOW + HOUR, toldAs: 'critical' as const, clearedAt: NOW + HOUR };
  t.equal(aged(over, NOW).say, 'cleared');

  const clock = { ms: NOW };
  const [hook, mail] = [channel('webhook'), { ...channel('mail'), everyMs: DAY }];
  const lines = await open(t, catalogueFile(t.testdir({})), [hook, mail], clock);
  const tell = (at: number) => lines.deliver.tell({ ...notice('checkpoint'), at });
  tell(NOW);
  await until('the first', () => hook.got.length === 1 && mail.got.length === 1);
  clock.ms = NOW - 3 * DAY;
  tell(clock.ms);
  await until('the second', () => hook.got.length === 2 && mail.got.length === 2);
  tell(clock.ms + HOUR);
  await until('the third', () => hook.got.length === 3);
  t.equal(mail.got.length, 2, 'and one a day is one a day again');
});

t.test('delivery is tried for three days, less and less often', async (t) => {
  let at = NOW;
  let tries = 0;
  const waits: number[] = [];
  for (;;) {
    const next = nextTry(NOW, ++tries, at);
    if (next === null) break;
    waits.push(next - at);
    at = next;
  }
  t.ok(waits[0]! <= 10 * SECOND && waits.at(-1) === HOUR);
  t.ok(at - NOW >= 3 * DAY && tries < 100, `${tries} tries in ${(at - NOW) / DAY} days`);
});

const dir = t.testdir({});
const certificates = makeCertificates(dir);
const { ca, key, cert } = certificates;
const settings = (port: number, more: Partial<MailSettings> = {}): MailSettings => ({
  to: ['it@hartley.example', 'owner@hartley.example'],
  from: 'tapedeck@hartley.example',
  host: 'localhost',
  port,
  tls: 'starttls',
  user: 'tapedeck',
  password: () => 'mail-secret-4711',
  caFile: ca,
  ...more,
});

t.test('a mail goes out by verified STARTTLS and says what, since when, what to do and where', async (t) => {
  const server = await startMailServer({ key, cert });
  t.teardown(() => server.stop());
  const mail = createMail(settings(server.port), origin);
  await mail.send(notice('raised', alarm()), never);
  await mail.send(notice('cleared', alarm({ clearedAt: NOW + MINUTE })), never);
  const [one, two] = server.got;
  t.match(one, { secure: true, user: 'tapedeck', from: 'tapedeck@hartley.example' });
  t.strictSame(one!.to, ['it@hartley.example', 'owner@hartley.example']);
  t.equal(
    one!.mail.subject,
    '[Tapedeck Hartley] CRITICAL: The PBX does not answer: new calls are not recorded.',
  );
  t.match(one!.mail.text, /What to do {2}Check that Asterisk runs\./);
  t.match(one!.mail.text, /Since {7}2026-11-25 02:12:56/, 'in the zone of the site');
  t.match(one!.mail.text, /http:\/\/tapedeck\.lan:8090\/health/);
  t.notOk(one!.mail.html, 'it is plain text');
  t.match(two!.mail.subject, /Over: The PBX/);
  t.match(two!.mail.text, /from 2026-11-25 02:12:56 to 2026-11-25 02:14:04/);
  t.same(two!.mail.references, one!.mail.references, 'mail programs show both as one conversation');
  t.equal(one!.mail.headers.get('auto-submitted'), 'auto-generated');
});

t.test(
  'a server that is not who it says, cannot do TLS or knows another password gets nothing',
  async (t) => {
    const server = await startMailServer({ key, cert });
    const plain = await startMailServer({
      key,
      cert,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
    });
    t.teardown(() => Promise.all([server.stop(), plain.stop()]));
    const cases: [what: string, settings: MailSettings, said: RegExp][] = [
      ['another authority', settings(server.port, { caFile: '' }), /certificate/i],
      ['another name', settings(server.port, { host: '127.0.0.1' }), /IP: 127\.0\.0\.1|altnames/i],
      ['no STARTTLS', settings(plain.port), /STARTTLS/i],
      [
        'a wrong password',
        settings(server.port, { password: () => 'wrong-secret' }),
        /refused the user or the password/,
      ],
      ['nobody there', settings(1), /ECONNREFUSED/],
    ];
    for (const [what, wrong, said] of cases) {
      const error = await createMail(wrong, origin)
        .send(notice('raised', alarm()), never)
        .then(
          () => new Error('it was taken'),
          (e: Error) => e,
        );
      t.match(error.message, said, what);
      t.notMatch(error.message, /secret/, `${what}: no secret in ${error.message}`);
    }
    t.same([server.got.length, plain.got.length], [0, 0]);
  },
);

t.test('a mail server is not where none may be, whatever its name leads to', async (t) => {
  for (const host of ['169.254.169.254', '0.0.0.0', 'fe80::1'])
    await t.rejects(createMail({ ...settings(25), host }, origin).send(notice('test'), never), {
      ...{ code: 'alert_undelivered', detail: /where no server may be/ },
    });
});

t.test('nothing in an alarm can become a header, a recipient or a line of its own', async (t) => {
  const server = await startMailServer({ key, cert });
  t.teardown(() => server.stop());
  const nasty = 'Hello\r\nBcc: eve@evil.example\r\n\r\n.\r\nMAIL FROM:<x>\u2028\u202etxt\0';
  const site = 'Site\r\nX-Site: yes';
  await createMail(settings(server.port), { ...origin, site }).send(
    notice('raised', alarm({ message: nasty, hint: nasty, key: nasty })),
    never,
  );
  t.equal(server.got.length, 1);
  const { mail, to } = server.got[0]!;
  t.strictSame(to, ['it@hartley.example', 'owner@hartley.example']);
  t.notOk(mail.headers.has('bcc') || mail.headers.has('x-site'));
  t.match(mail.subject, /Hello Bcc: eve@evil\.example/);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { subject } = mailText(notice('raised', alarm({ message: text })), { ...origin, site: text });
      return !/[\p{Cc}\u2028\u2029]/u.test(subject) && subject.length <= 180;
    }),
  );
});

const hook = (port: number, more: Partial<WebhookSettings> = {}): WebhookSettings => ({
  url: `http://127.0.0.1:${port}/in/path-secret?x=1`,
  secret: () => 'hook-secret-0815',
  pbxPorts: [8088, 5038],
  anywhere: false,
  ...more,
});

t.test('a webhook is signed over its time and its body, and says what a program needs', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const webhook = createWebhook(hook(receiver.port), origin);
  const told = notice('raised', alarm());
  t.equal(await webhook.send(told, never), '204');
  const [posted] = receiver.got;
  t.ok(posted!.genuine);
  t.match(posted!.headers, { 'content-type': /json/, 'webhook-id': told.id });
  t.match(JSON.parse(posted!.text), {
    id: told.id,
    kind: 'raised',
    at: '2026-11-25T01:13:04.000Z',
    site: 'Hartley',
    health_url: origin.healthUrl,
    alarms: [
      { key: 'health pbx', severity: 'critical', raised_at: '2026-11-25T01:12:56.000Z', cleared_at: null },
    ],
  });
  await createWebhook(hook(receiver.port, { secret: () => 'another' }), origin).send(told, never);
  t.notOk(receiver.got[1]!.genuine, 'with another secret it is not genuine');
  const encoded = `whsec_${Buffer.from('hook-secret-0815').toString('base64')}`;
  await createWebhook(hook(receiver.port, { secret: () => encoded }), origin).send(told, never);
  t.ok(receiver.got[2]!.genuine, 'a secret may be written as base64');
  await t.rejects(
    createWebhook(hook(receiver.port, { secret: () => 'whsec_?!' }), origin).send(told, never),
    {
      code: 'alert_undelivered',
      message: /not base64/,
    },
  );
  t.notMatch(webhook.target, /secret/, 'what is shown of its address is the server only');
});

t.test('a webhook follows no redirect, and what is not 2xx has not been taken', async (t) => {
  const trap = await startReceiver();
  const answers: [status: number, said: RegExp][] = [
    [302, /redirects are not followed/],
    [307, /redirects are not followed/],
    [404, /answered 404/],
    [500, /answered 500/],
  ];
  for (const [status, said] of answers) {
    const receiver = await startReceiver({
      answer: (res) =>
        void res.writeHead(status, { location: `http://127.0.0.1:${trap.port}/` }).end('path-secret'),
    });
    await t.rejects(
      createWebhook(hook(receiver.port), origin).send(notice('raised', alarm()), never),
      { message: said },
      `${status}`,
    );
    await receiver.stop();
  }
  t.equal(trap.got.length, 0);
  await trap.stop();
});

t.test('a webhook does not go where no receiver may be, however that is written', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const send = (more: Partial<WebhookSettings>) =>
    createWebhook(hook(receiver.port, more), origin).send(notice('raised', alarm()), never);
  for (const url of [
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://255.255.255.255/',
    'http://224.0.0.1/',
  ])
    await t.rejects(send({ url }), { message: /where no receiver may be/ }, url);
  await t.rejects(send({ url: 'http://127.0.0.1:8088/ari/channels' }), { message: /takes orders/ });
  await t.rejects(send({ url: 'http://localhost:5038/' }), { message: /takes orders/ }, 'also by a name');
  await t.rejects(send({ pbxPorts: [receiver.port] }), { message: /takes orders/ });
  const pbx = {
    ...loadConfig(join(t.testdir({ 'tapedeck.toml': '' }), 'tapedeck.toml')).pbx,
    ami_port: 5038,
  };
  for (const [ari_url, port] of [
    ['http://pbx:8088', 8088],
    ['http://pbx', 80],
    ['https://pbx', 443],
  ] as const)
    t.same(pbxPorts({ pbx: { ...pbx, ari_url } }), [port, 5038], ari_url);
  t.equal(receiver.got.length, 0);
  t.equal(await send({ pbxPorts: [receiver.port], anywhere: true }), '204', 'unless the admin says so');
  t.equal(await send({ url: `http://localhost:${receiver.port}/` }), '204', 'this machine is no stranger');
});

/** Names lead where these say, each answer once; then the last of them again. Gives how often was asked. */
function leadingTo(t: Test, ...answers: string[][]): () => number {
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

t.test('a name that leads elsewhere the second time leads a webhook nowhere', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const send = () =>
    createWebhook(hook(receiver.port, { url: `http://hooks.example:${receiver.port}/` }), origin).send(
      notice('raised', alarm()),
      never,
    );
  await t.test('what was looked at is what is connected to', async (t) => {
    const asked = leadingTo(t, ['127.0.0.1'], ['169.254.169.254']);
    t.equal(await send(), '204');
    t.equal(asked(), 1, 'a name is looked up once');
    await t.rejects(
      send(),
      { message: /169\.254\.169\.254, where no receiver may be/ },
      'and anew each time',
    );
  });
  await t.test('one of several is enough', async (t) => {
    leadingTo(t, ['127.0.0.1', '169.254.169.254']);
    await t.rejects(send(), { message: /where no receiver may be/ });
  });
  t.equal(receiver.got.length, 1);
});

t.test('no mail goes where no server may be', async (t) => {
  const send = (host: string) =>
    createMail({ ...settings(25), host }, origin).send(notice('raised', alarm()), never);
  for (const host of ['169.254.169.254', '0.0.0.0', '::ffff:169.254.0.1'])
    await t.rejects(send(host), { message: /where no server may be/ }, host);
  leadingTo(t, ['169.254.169.254']);
  await t.rejects(send('mail.example'), { message: /where no server may be/ }, 'by a name');
});

t.test('a receiver that never answers is given up', async (t) => {
  const receiver = await startReceiver({ answer: () => {} });
  t.teardown(() => receiver.stop());
  const stop = new AbortController();
  const sending = createWebhook(hook(receiver.port), origin).send(notice('test'), stop.signal);
  await until('the request', () => receiver.got.length === 1);
  stop.abort();
  await t.rejects(sending);
});

t.test('a mail server that never answers is given up', async (t) => {
  let asked = false;
  const server = await startMailServer({
    key,
    cert,
    onConnect: () => {
      asked = true;
    },
  });
  t.teardown(() => server.stop());
  const stop = new AbortController();
  const sending = createMail(settings(server.port), origin).send(notice('test'), stop.signal);
  await until('the connection', () => asked);
  stop.abort();
  await t.rejects(sending, { message: /aborted/ }, 'at once, and not when the mail server thinks so');
});

t.test('a receiver that says more than anybody wants to know has taken it all the same', async (t) => {
  const receiver = await startReceiver({ answer: (res) => void res.end('thanks '.repeat(100_000)) });
  t.teardown(() => receiver.stop());
  t.equal(await createWebhook(hook(receiver.port), origin).send(notice('test'), never), '200');
});

/** The two halves of the story on a real catalogue, with a clock to be turned by hand. */
async function open(t: Test, path: string, channels: Channel[], clock: { ms: number }) {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  const deliver = createDeliver({
    catalogue,
    channels,
    clock: () => clock.ms,
    log,
    onTrouble: (channel, why) =>
      why === null
        ? alert.clear(channelAlarm(channel))
        : alert.raise(channelAlarm(channel), { severity: 'warning', message: `${channel} fails`, hint: why }),
  });
  const alert = createAlert({
    catalogue,
    tell: deliver.tell,
    mint: () => ulid(),
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
function channel(name: Channel['name']) {
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
const kinds = (got: Notice[]) => got.map((n) => n.kind);

t.test('a restart does not tell what was told, and tells what was not', async (t) => {
  const path = catalogueFile(t.testdir({}));
  const clock = { ms: NOW };
  const mail = channel('mail');
  const one = await open(t, path, [mail], clock);
  one.alert.raise('health pbx', pbx);
  one.alert.raise('disk', { ...pbx, severity: 'warning', message: 'The disk fills up.' });
  clock.ms += 6 * SECOND;
  await until('both mails', () => mail.got.length === 2);
  one.alert.raise('late', { ...pbx, message: 'Just now.' });
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
  for (let n = 0; n < 50; n++) alert.raise(`call ${n}`, { ...pbx, message: `Call ${n} is lost.` });
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
  t.match(text, /Call 49 is lost\./);
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
    catalogue: { saveDelivery: broken, openDeliveries: async () => [] },
    channels: [mail],
    clock: () => clock.ms,
    log,
    onTrouble: () => {},
  });
  const alert = createAlert({
    catalogue: { saveAlarm: broken, openAlarms: async () => [], pastAlarms: broken, forgetAlarms: broken },
    tell: deliver.tell,
    mint: () => ulid(),
    clock: () => clock.ms,
    log,
  });
  await deliver.start();
  await alert.start();
  t.teardown(() => Promise.all([alert.stop(), deliver.stop()]));
  alert.raise('disk', { ...pbx, message: 'The disk is full.' });
  clock.ms += 6 * SECOND;
  await until('the mail', () => mail.got.length === 1);
  await alert.stop();
  await deliver.stop();
  t.match(lines.join(), /cannot be written down/);
});

t.test('a receiver that is down and comes up gets what it missed', async (t) => {
  const clock = { ms: NOW };
  const probe = await startReceiver();
  await probe.stop();
  const webhook = createWebhook(hook(probe.port), origin);
  const { alert, lines, deliver } = await open(t, catalogueFile(t.testdir({})), [webhook], clock);
  alert.raise('health pbx', pbx);
  clock.ms += 6 * SECOND;
  await until('a try', () => deliver.status()[0]!.problem !== '');
  t.match(deliver.status()[0]!.problem, /ECONNREFUSED/);
  const receiver = await startReceiver({ port: probe.port });
  t.teardown(() => receiver.stop());
  clock.ms += MINUTE;
  await until('it', () => receiver.got.length === 1);
  t.ok(receiver.got[0]!.genuine);
  t.notMatch(lines.join(), /secret/, 'no secret is in the log');
});
