import { createHash, randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { putOnRecord } from '../../daemon/catalogue/entries.js';
import type { PersonChange } from '../../daemon/catalogue/people.js';
import { mailServer } from '../../daemon/cli/doctor/outside.js';
import { dates } from '../../daemon/domain/days.js';
import type { Mailing } from '../../daemon/domain/report/mailing.js';
import { signedReport, verifyReport } from '../../daemon/domain/report/signed.js';
import { createPost } from '../../daemon/notify/mail.js';
import { reportMailText } from '../../daemon/notify/report-mail.js';
import { createMailings } from '../../daemon/operations/mailings.js';
import type { Config } from '../../daemon/ops/config-schema.js';
import { createLog } from '../../daemon/ops/log.js';
import { publicKeys, signatureKeys } from '../../daemon/vault/signing-key.js';
import { alarmBoard } from '../support/alarm-board.js';
import { makeCertificates, startMailServer } from '../support/peers/mail-server.js';
import { addPerson, rights, send, signIn } from '../support/web/accounts.js';
import { addRecording, get, openDashboard, post, setUp } from '../support/web/dashboard.js';
import { createSigner } from '../support/web/signer.js';

const ZONE = 'Europe/Berlin';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const certificates = t.testdir({});
const { ca, key, cert } = makeCertificates(certificates);

type Server = Awaited<ReturnType<typeof startMailServer>>;

/** A dashboard whose recorder sends reports over a real mail server, an auditor and a second admin. */
async function house(t: Test, { most = 10_000_000, server }: { most?: number; server: Server }) {
  const signer = createSigner();
  const board = alarmBoard();
  let mailings: ReturnType<typeof createMailings>;
  const dashboard = await openDashboard(t, {
    recorder: {
      ...signer.recorder,
      mailings: {
        sendNow: (id, writes) => mailings.sendNow(id, writes),
        changed: (id) => mailings.changed(id),
      },
    },
  });
  signer.begin(dashboard);
  const { catalogue, clock, dataDir, now } = dashboard;
  mailings = createMailings({
    ...{ catalogue, zone: ZONE, alarms: board.alarms, clock: now, log: createLog('silent', 'test') },
    post: createPost({
      ...{ from: 'tapedeck@hartley.example', host: 'localhost', port: server.port, tls: 'starttls' },
      ...{ user: 'tapedeck', password: () => 'mail-secret-4711', caFile: ca },
    }),
    record: (entry) => putOnRecord(catalogue, entry),
    text: ({ report, ...mail }) =>
      reportMailText({
        ...{ ...mail, site: 'Hartley', timeZone: ZONE, reportsUrl: 'https://box/reports' },
        url: `https://box/reports?report=${report}&from=${mail.from}&to=${mail.to}`,
      }),
    async make({ report, setBy }, days, gone) {
      const found = await dashboard.toMail(report, days, { setBy: setBy.name, most }, gone);
      if (!found) return null;
      const { name, file, made } = found;
      return {
        entry: made.entry,
        name,
        file,
        signature: signedReport(made, publicKeys(dataDir).get(made.keyId)!),
      };
    },
  });
  t.teardown(() => mailings.stop());
  const anna = await setUp(dashboard);
  await addRecording(dashboard, randomBytes(9_000));
  const eve = await addPerson(dashboard, anna, 'eve', rights({ roles: ['auditor'] }));
  const bob = await addPerson(dashboard, anna, 'bob', rights({ roles: ['admin'] }));
  const save = async (change: object = {}) => {
    const today = dates(ZONE)(clock.ms);
    const body = {
      ...{ report: 'retention', period: 'last_month', day: (Number(today.slice(8)) % 28) + 1, attach: true },
      recipients: [{ person: eve.id, address: 'eve@hartley.example' }],
      ...change,
    };
    return post(dashboard.app, '/reports/mailings', body, { cookie: eve.cookie });
  };
  const only = async (): Promise<Mailing> => (await catalogue.mailings.list())[0]!;
  const mailed = (limit = 9) => catalogue.audit.entries({ actions: ['report_mail'], limit });
  /** A session that begins now: those of before are over. */
  const as = (name: 'eve' | 'bob') => signIn(dashboard, name);
  return { dashboard, catalogue, clock, mailings, board, eve, bob, anna, save, only, mailed, as };
}

t.test(
  'a report goes out on its day, signed, to who may have it; what was missed is sent once',
  async (t) => {
    const server = await startMailServer({ key, cert });
    t.teardown(() => server.stop());
    const doctor = (smtp_port: number) => {
      const from = { mail_from: 'tapedeck@hartley.example', smtp_host: 'localhost', smtp_ca_file: ca };
      return mailServer({ alerts: { ...from, smtp_port, smtp_tls: 'starttls', smtp_user: '' } } as Config);
    };
    t.match(await doctor(server.port), [{ check: 'mail server', state: 'ok' }]);
    await t.rejects(doctor(9), { code: 'alert_undelivered', detail: /localhost:9/ });
    const h = await house(t, { server });
    t.equal((await h.save()).statusCode, 200);
    await h.mailings.look();
    t.equal(server.got.length, 0, 'nothing goes out before its day');
    h.clock.ms += 3 * 31 * DAY; // the box was off for three months
    await h.mailings.look();
    await h.mailings.look();
    t.equal(server.got.length, 1, 'once, whatever was missed');
    const { mail, to, secure } = server.got[0]!;
    t.strictSame(to, ['eve@hartley.example']);
    t.ok(secure);
    t.match(mail.subject, /^\[Tapedeck Hartley\] Retention report, \d{4}-\d\d-01 to \d{4}-\d\d-\d\d$/);
    t.match(
      mail.text,
      /tapedeck report verify tapedeck-retention-.*\.pdf .*\.sig\.json --public-key tapedeck\.pem/,
    );
    t.match(mail.text, /eve has set up that you are sent this report/);
    const [pdf, signature] = mail.attachments;
    t.equal(pdf!.content.subarray(0, 5).toString(), '%PDF-');
    const keys = signatureKeys([...publicKeys(h.dashboard.dataDir).values()]);
    const sha256 = createHash('sha256').update(pdf!.content).digest('hex');
    const found = verifyReport(signature!.content.toString(), sha256, keys);
    t.match(found, { fault: null, statement: { report: 'retention', made: { by: 'eve (by schedule)' } } });
    t.match(await h.mailed(), [
      {
        ...{ actor: 'tapedeck', outcome: 'ok', object: 'report', object_id: 'retention' },
        detail: { what: 'pdf', recipients: ['eve <eve@hartley.example>'], set_by: 'eve' },
      },
    ]);
    const { progress } = await h.only();
    t.match(progress, { failures: 0, last: { result: 'sent' } });
    t.strictSame(h.board.standing, new Map());
    const page = (await get(h.dashboard.app, '/reports/mailings', await h.as('eve'))).json();
    t.match(page.mailings, [{ last: { result: 'sent' }, owner_may: true, retry_at: null }]);
    t.ok(page.mailings[0].next_day > progress.doneDay);
  },
);

t.test(
  'the link alone is the choice where a report names people, and what is too large is a link too',
  async (t) => {
    const server = await startMailServer({ key, cert });
    t.teardown(() => server.stop());
    const h = await house(t, { server, most: 2_000 });
    const { id } = (await h.save({ attach: false })).json();
    t.strictSame((await get(h.dashboard.app, '/reports/mailings', h.eve.cookie)).json().nameless, [
      'storage',
    ]);
    const sent = await post(h.dashboard.app, `/reports/mailings/${id}/send`, {}, { cookie: h.eve.cookie });
    t.strictSame(sent.json(), { to: ['eve'] });
    const [one] = server.got;
    t.strictSame(one!.mail.attachments, []);
    t.match(one!.mail.text, /https:\/\/box\/reports\?report=retention&from=\d{4}-\d\d-01&to=/);
    t.match(one!.mail.text, /may contain personal data/);
    t.strictSame(await h.catalogue.audit.entries({ actions: ['export'], limit: 9 }), [], 'nothing was made');
    const body = { report: 'storage', period: 'last_quarter', day: 3, attach: true };
    const recipients = [{ person: h.eve.id, address: 'eve@hartley.example' }];
    t.equal(
      (await send(h.dashboard.app, 'PUT', `/reports/mailings/${id}`, h.eve.cookie, { ...body, recipients }))
        .statusCode,
      200,
    );
    await post(h.dashboard.app, `/reports/mailings/${id}/send`, {}, { cookie: h.eve.cookie });
    t.match(server.got[1]!.mail.text, /too large for a mail/);
    t.strictSame(server.got[1]!.mail.attachments, []);
    t.strictSame(
      await h.catalogue.madeReports.list({ limit: 9 }),
      [],
      'what is left halfway has no signature',
    );
  },
);

t.test('who is disabled or loses the right gets no more mail, and stops what they set up', async (t) => {
  const server = await startMailServer({ key, cert });
  t.teardown(() => server.stop());
  const h = await house(t, { server });
  const { app } = h.dashboard;
  const gus = await addPerson(h.dashboard, h.anna, 'gus', rights({ roles: ['auditor'] }));
  const [eve, bob] = [h.eve, h.bob].map(({ id }, n) => ({
    person: id,
    address: `${n ? 'bob' : 'eve'}@x.example`,
  }));
  await h.save({ recipients: [eve, bob], attach: false });
  const change = (id: string, more: PersonChange) => h.catalogue.people.change(id, more, h.clock.ms);
  const later = async () => {
    h.clock.ms += 32 * DAY;
    await h.mailings.look();
  };
  await change(h.bob.id, { disabled: true });
  await later();
  t.strictSame(server.got[0]!.to, ['eve@x.example']);
  t.match(await h.mailed(), [{ detail: { recipients: ['eve <eve@x.example>'], left_out: ['bob'] } }]);
  await change(h.bob.id, { disabled: false });
  await change(h.eve.id, rights({ roles: ['agent'], extensions: ['101'] }));
  await later();
  await later();
  t.equal(server.got.length, 1, 'nobody is sent it on the word of somebody who may not have it');
  t.match([...h.board.standing.values()], [{ severity: 'warning', message: /no longer sent by email: eve/ }]);
  t.match((await h.only()).progress.last, { result: 'stopped', detail: /eve, who set it up/ });

  const cookie = await h.as('bob');
  const { id, report, period, day } = await h.only();
  t.equal((await post(app, `/reports/mailings/${id}/send`, {}, { cookie })).statusCode, 409);
  const save = (recipients: unknown[]) =>
    send(app, 'PUT', `/reports/mailings/${id}`, cookie, { report, period, day, attach: false, recipients });
  t.match((await save([eve, bob])).json(), {
    error: { code: 'mailing_invalid', detail: /eve may not have this report/ },
  });
  t.equal((await save([bob, { person: gus.id, address: 'gus@x.example' }])).statusCode, 200);
  t.equal(h.board.standing.size, 0, 'somebody else has taken it over');
  await h.catalogue.people.remove(gus.id);
  t.strictSame((await h.only()).recipients, [bob], 'an address goes with the account');
  await later();
  t.strictSame(server.got[1]!.to, ['bob@x.example']);
  t.equal((await send(app, 'DELETE', `/reports/mailings/${id}`, await h.as('bob'))).statusCode, 200);
  await later();
  t.equal(server.got.length, 2);
});

t.test('what no server takes is tried again, alarms, and is given up after three days', async (t) => {
  let open = false;
  const server = await startMailServer({
    ...{ key, cert },
    onRcptTo: ({ address }, _, done) =>
      open || address.startsWith('bob') ? done() : done(new Error(`no room for ${address}`)),
  });
  t.teardown(() => server.stop());
  const h = await house(t, { server });
  const recipients = [
    { person: h.eve.id, address: 'eve@hartley.example' },
    { person: h.bob.id, address: 'bob@hartley.example' },
  ];
  await h.save({ recipients, report: 'storage', attach: false });
  h.clock.ms += 32 * DAY;
  for (let n = 0; n < 3; n += 1) {
    await h.mailings.look();
    h.clock.ms += HOUR;
  }
  t.match(
    [...h.board.standing.values()],
    [{ message: /storage report could not be sent by email: .*no room for eve@/ }],
  );
  t.strictSame(
    server.got.map(({ to }) => to),
    [['bob@hartley.example']],
    'who had it is not sent it again',
  );
  t.match((await h.only()).progress, { failures: 3, last: { result: 'failed' } });
  const page = (await get(h.dashboard.app, '/reports/mailings', await h.as('eve'))).json();
  t.match(page.mailings, [{ retry_at: /T/, last: { result: 'failed' } }]);
  t.match(await h.mailed(2), [
    { outcome: 'failed', detail: { because: /no room for eve/ } },
    { outcome: 'ok' },
  ]);
  open = true;
  await h.mailings.look();
  t.strictSame(server.got[1]!.to, ['eve@hartley.example']);
  t.equal(h.board.standing.size, 0);
  open = false;
  h.clock.ms += 32 * DAY;
  for (const hours of [73, 1]) {
    await h.mailings.look();
    h.clock.ms += hours * HOUR;
  }
  t.match((await h.only()).progress, { failures: 0, last: { result: 'failed' } });
  t.match([...h.board.standing.values()], [{ hint: /three days/ }]);
});

t.test('only who may have the report sets it up, after a proof, and a program never does', async (t) => {
  const server = await startMailServer({ key, cert });
  t.teardown(() => server.stop());
  const h = await house(t, { server });
  const gus = await addPerson(h.dashboard, h.anna, 'gus', rights({ roles: ['agent'], extensions: ['101'] }));
  t.equal((await h.save({ recipients: [{ person: gus.id, address: 'gus@x.example' }] })).statusCode, 400);
  t.equal((await h.save({ recipients: [] })).statusCode, 400);
  t.equal((await h.save({ day: 29 })).statusCode, 400);
  for (const address of ['no address', 'a@b, c@d', 'a@b\r\nBcc: c@d', '"x"@y'])
    t.equal((await h.save({ recipients: [{ person: h.eve.id, address }] })).statusCode, 400, address);
  h.clock.ms += 11 * 60_000;
  const late = await h.save();
  t.match(late.json(), { error: { code: 'proof_needed', act: { kind: 'mailing' } } });
  t.strictSame(await h.catalogue.mailings.list(), []);
});
