import fc from 'fast-check';
import t from 'tap';
import { createMail, type MailSettings } from '../../../daemon/notify/mail.js';
import { mailText } from '../../../daemon/notify/mail-text.js';
import { alarm, leadingTo, notice, origin } from '../../support/alerts.js';
import { makeCertificates, startMailServer } from '../../support/peers/mail-server.js';
import { until } from '../../support/recorder.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const NOW = Date.UTC(2026, 10, 25, 1, 13, 4);
const never = new AbortController().signal;

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
    '[Tapedeck Hartley] CRITICAL: The PBX is not responding: new calls are not recorded.',
  );
  t.match(one!.mail.text, /What to do {2}Check that Asterisk is running and that http\.conf listens/);
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

/** What an earlier version wrote, which may be any text. */
const saying = (text: string) => ({ code: 'text' as const, params: { message: text, hint: text } });

t.test('nothing in an alarm can become a header, a recipient or a line of its own', async (t) => {
  const server = await startMailServer({ key, cert });
  t.teardown(() => server.stop());
  const nasty = 'Hello\r\nBcc: eve@evil.example\r\n\r\n.\r\nMAIL FROM:<x>\u2028\u202etxt\0';
  const site = 'Site\r\nX-Site: yes';
  await createMail(settings(server.port), { ...origin, site }).send(
    notice('raised', alarm({ why: saying(nasty), key: nasty })),
    never,
  );
  t.equal(server.got.length, 1);
  const { mail, to } = server.got[0]!;
  t.strictSame(to, ['it@hartley.example', 'owner@hartley.example']);
  t.notOk(mail.headers.has('bcc') || mail.headers.has('x-site'));
  t.match(mail.subject, /Hello Bcc: eve@evil\.example/);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { subject } = mailText(notice('raised', alarm({ why: saying(text) })), { ...origin, site: text });
      return !/[\p{Cc}\u2028\u2029]/u.test(subject) && subject.length <= 180;
    }),
  );
});

t.test('no mail goes where no server may be', async (t) => {
  const send = (host: string) =>
    createMail({ ...settings(25), host }, origin).send(notice('raised', alarm()), never);
  for (const host of ['169.254.169.254', '0.0.0.0', '::ffff:169.254.0.1'])
    await t.rejects(send(host), { message: /where no server may be/ }, host);
  leadingTo(t, ['169.254.169.254']);
  await t.rejects(send('mail.example'), { message: /where no server may be/ }, 'by a name');
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
