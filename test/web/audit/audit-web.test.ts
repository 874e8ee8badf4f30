import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import t from 'tap';
import { ulid } from 'ulid';
import type { ReadEntry } from '../../../daemon/catalogue/audit.js';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { auditActions } from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile, webFile } from '../../../daemon/domain/paths.js';
import { createAudit } from '../../../web/audit/audit.js';
import { until } from '../../support/recorder.js';
import { retainOf } from '../../support/recordings/retaining.js';
import { actions, del, log, put, told, written } from '../../support/web/audit-log.js';
import {
  addCall,
  addRecording,
  cookieOf,
  get,
  openDashboard,
  password,
  post,
  setUp,
} from '../../support/web/dashboard.js';

const MINUTE = 60_000;

t.test('every route of the API says what it writes into the audit log, or why nothing', async (t) => {
  const { app, routes } = await openDashboard(t);
  await app.ready();
  const api = routes.filter((r) => r.url.startsWith('/api/v1') || r.url === '/metrics');
  t.ok(api.length > 25);
  for (const { method, url, audit } of api) {
    const name = `${method} ${url}`;
    if (method === 'HEAD')
      t.notOk(
        [audit].flat().some((action) => action === 'export' || action === 'report'),
        `${name} makes no report and writes no entry of one: its route has exposeHeadRoute: false`,
      );
    if (audit === undefined) {
      t.fail(`${name} says nothing: add config.audit`);
      continue;
    }
    if (typeof audit === 'object' && 'nothing' in audit) {
      t.match(audit.nothing, /\w{4}/, `${name} has a reason`);
      t.ok(
        ['GET', 'HEAD', 'OPTIONS'].includes(method) || WRITES_NOTHING.includes(name),
        `${name} changes nothing`,
      );
    } else
      for (const action of [audit].flat())
        t.ok(
          auditActions.some((a) => a === action),
          `${name}: ${action}`,
        );
  }
});

t.test('what a dashboard that ends cannot keep in its own database is written by the recorder', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  await told(d);
  const { id } = await addCall(d.catalogue);
  const own = new Database(webFile(d.dataDir));
  own.exec("CREATE TRIGGER full BEFORE INSERT ON telling BEGIN SELECT RAISE(ABORT, 'full'); END");
  own.close();
  t.equal((await get(d.app, `/calls/${id}`, cookie)).statusCode, 200);
  await d.app.close();
  const all = await d.catalogue.audit.entries({ limit: 100 });
  t.match(all[0], { action: 'stop' });
  t.match(all[1], { action: 'view', object_id: id, actor_name: 'anna' });
  t.equal(verifyAudit(catalogueFile(d.dataDir), { given: [], kept: [] }).fault, null);
});

/** What is no GET and changes nothing all the same. Whoever adds to this list should have a reason. */
const WRITES_NOTHING = [
  'POST /api/v1/policy/check',
  'POST /api/v1/policy/preview',
  'POST /api/v1/policy/replay',
  'POST /api/v1/policy/test',
  'POST /api/v1/prompts/speech',
  'POST /api/v1/telling/test',
  // What begins here counts once it has come to its end, which is another route.
  'POST /api/v1/account/factors/totp',
  'POST /api/v1/account/factors/passkeys/options',
  'POST /api/v1/session/passkey/options',
  'POST /api/v1/session/provider',
  'POST /api/v1/calls/:id/listen',
  'POST /api/v1/requests/:id/letter',
];

t.test('who comes in, who does not, and who goes', async (t) => {
  const d = await openDashboard(t);
  const first = await setUp(d);
  await post(d.app, '/session', { name: 'anna', password: 'wrong' });
  await post(d.app, '/session', { name: 'hunter2 is my password', password: 'x' });
  await told(d);
  const cookie = cookieOf(await post(d.app, '/session', { name: 'anna', password }));
  await del(d, '/session', cookie);
  await told(d);
  d.clock.ms += 31 * MINUTE;
  await get(d.app, '/calls', first);
  await written(d, 'session_end');
  const said = (await log(d)).map((e) => [e.action, e.outcome, e.actor_name, e.detail.because ?? '']);
  t.same(said, [
    ['person_add', 'ok', 'anna', 'set-up code'],
    ['sign_in', 'ok', 'anna', ''],
    ['sign_in', 'refused', 'anna', 'wrong password'],
    ['sign_in', 'refused', '', 'unknown name'],
    ['sign_in', 'ok', 'anna', ''],
    ['sign_out', 'ok', 'anna', ''],
    ['session_end', 'ok', 'anna', 'the session was idle'],
  ]);
  t.match((await log(d))[1], { actor: 'person', address: '127.0.0.1', actor_id: /^[0-9A-Z]{26}$/ });
  t.notMatch(JSON.stringify(await log(d)), /hunter2/, 'what was typed as a name may be a password');
  t.equal(verifyAudit(catalogueFile(d.dataDir), { given: [], kept: [] }).fault, null);
});

t.test('a storm of refusals fills no disk, and is counted', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const unknown = () => get(d.app, `/calls/${ulid()}`, cookie);
  for (let n = 0; n < 100; n++) await unknown();
  d.clock.ms += 60_000;
  await unknown();
  const refused = (await written(d, 'view', 30)) as ReadEntry[];
  await until('the last', async () => (await log(d)).some((e) => Number(e.detail.refusals_before) > 60));
  t.ok(refused.length < 40, `${refused.length} entries of 101`);
  t.match(refused[0], { outcome: 'refused', object: 'call', detail: { because: 'call_unknown' } });
});

t.test('one stranger does not hide from the log who else is refused', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const guess = (n: number) =>
    post(d.app, '/session', { name: `nobody${n}`, password }, {}, { remoteAddress: '10.6.6.6' });
  for (let n = 0; n < 60; n++) await guess(n);
  await get(d.app, `/calls/${ulid()}`, cookie);
  await written(d, 'view');
  const refused = (await log(d)).filter((e) => e.outcome === 'refused');
  t.match(refused.at(-1), { actor_name: 'anna', action: 'view', detail: { refusals_before: 30 } });
  t.equal(refused.filter((e) => e.address === '10.6.6.6').length, 30);

  const audit = createAudit({
    ...{ store: d.store, ask: d.ask },
    now: () => d.clock.ms,
    log: pino({ level: 'silent' }),
  });
  const nobody = { id: '', name: '' };
  for (let n = 0; n < 1000; n++) audit.refused(audit.by(nobody, `10.7.${n % 250}.${n % 99}`, 'sign_in'));
  await audit.stop();
  const all = (await log(d)).filter((e) => e.address.startsWith('10.7.'));
  t.equal(all.length, 300, 'nor do a thousand of them fill the disk');
});

t.test('what is searched for is written once, with its words apart', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  for (const q of ['e', 'ex', 'exam', 'example 4930123'])
    await get(d.app, `/calls?q=${encodeURIComponent(q)}`, cookie);
  await get(d.app, '/calls?q=example%204930123&before=01K8C0PJ4M0000000000000000', cookie);
  await get(d.app, '/calls', cookie);
  await get(d.app, '/calls?direction=in', cookie);
  await get(d.app, '/calls?direction=in', cookie, { 'x-tapedeck-background': '1' });
  const found = (await written(d, 'search', 2)) as ReadEntry[];
  t.match(found, [
    { words: 'example 4930123', detail: { letters: 7, digits: 7 } },
    { words: null, detail: { filters: ['direction in'] } },
  ]);
  t.equal(found.length, 2);
  t.notMatch(JSON.stringify(found.map((e) => e.detail)), /4930123|example/);
  await get(d.app, '/calls?q=ines', cookie, { 'x-tapedeck-background': '1' });
  t.match(
    (await written(d, 'search', 3))!.at(-1),
    { words: 'ines' },
    'whoever calls a search a refresh is written',
  );
});

t.test(
  'a search is written whatever page of it is asked for, and words that were made shorter again',
  async (t) => {
    const d = await openDashboard(t);
    const cookie = await setUp(d);
    const { id } = await addCall(d.catalogue);
    const words = async () => (await log(d)).filter((e) => e.action === 'search').map((e) => e.words);
    t.equal((await get(d.app, `/calls?q=acme&before=${id}`, cookie)).statusCode, 200);
    await written(d, 'search');
    await get(d.app, `/calls?q=acme&before=${id}`, cookie);
    d.clock.ms += 2 * MINUTE;
    await get(d.app, `/calls?q=acme&before=${id}`, cookie);
    for (const q of ['whit', 'whitfield', 'whitf', 'wh', 'whe', 'wheeler', 'x'])
      await get(d.app, `/calls?q=${q}`, cookie);
    await written(d, 'search', 4);
    t.same(await words(), ['acme', 'whitfield', 'wheeler', 'x']);
    for (const q of ['mueller', 'mu']) await get(d.app, `/calls?q=${q}`, cookie);
    await written(d, 'search', 6);
    t.same((await words()).slice(4), ['mueller', 'mu'], 'both were answered');
    await get(d.app, '/calls?direction=out', cookie);
    await get(d.app, '/calls?direction=out&q=late', cookie);
    const found = (await written(d, 'search', 8)) as ReadEntry[];
    t.same(
      found.slice(6).map((e) => e.words),
      [null, 'late'],
      'a list without words is a search of its own',
    );
  },
);

t.test(
  'a call that is looked at is written once, and not again when its page refreshes itself',
  async (t) => {
    const d = await openDashboard(t);
    const cookie = await setUp(d);
    const { id } = await addCall(d.catalogue);
    const own = { 'x-tapedeck-background': '1' };
    await get(d.app, `/calls/${id}`, cookie, own);
    await get(d.app, `/calls/${id}`, cookie, own);
    await get(d.app, `/calls/${id}`, cookie);
    d.clock.ms += 2 * MINUTE;
    await get(d.app, '/calls', cookie); // a sign of life is written down too, once a minute
    const before = await d.catalogue.changeCount();
    await get(d.app, `/calls/${id}`, cookie);
    await written(d, 'view', 2);
    t.equal(await d.catalogue.changeCount(), before, 'no other page is told to look again');
    for (const path of ['/coverage', '/consent-report', '/quality', '/retention']) {
      await get(d.app, path, cookie);
      await get(d.app, path, cookie, own);
    }
    t.same(
      ((await written(d, 'report', 4)) as ReadEntry[]).map((e) => e.object),
      ['coverage', 'consent_report', 'quality', 'retention'],
    );
    t.equal((await actions(d)).filter((a) => a === 'view').length, 2);
  },
);

/** Three minutes of noise: nobody decodes it here. */
const sound = randomBytes(540_000);

t.test('what is changed is written with the change, and who may not is written too', async (t) => {
  const d = await openDashboard(t, {
    recorder: { retain: retainOf({ erased: 2 }) },
  });
  const cookie = await setUp(d);
  const policy = {
    record: [],
    retention: [{ name: 'All', reason: '', when: {}, keep_days: 90 }],
    emergency_numbers: ['112'],
  };
  t.equal((await put(d, '/policy', { based_on: 0, policy }, cookie)).statusCode, 200);
  t.equal((await put(d, '/policy', { based_on: 0, policy }, cookie)).statusCode, 409);
  await post(d.app, '/retention/run', { confirm: 'erase-2' }, { cookie });
  await get(d.app, '/retention.csv', cookie);
  await get(d.app, '/coverage.csv?from=2026-07-01&to=2026-07-25', cookie);
  await get(d.app, '/consent-report.csv?show=all', cookie);
  const changes = (await log(d)).filter((e) => !['person_add', 'sign_in'].includes(e.action));
  t.match(changes, [
    { action: 'policy_change', object_id: '1', detail: { changes: [/"All" is new/, /emergency_numbers/] } },
    { action: 'retention_run', detail: { confirm: 'erase-2' } },
    { action: 'export', object: 'retention' },
    { action: 'export', object: 'coverage', detail: { from: '2026-07-01', to: '2026-07-25' } },
    { action: 'export', object: 'consent_report', detail: { show: 'all' } },
  ]);
  t.equal(changes.length, 5, 'a change that was not made is not in the log');
});

t.test('the auditor finds who heard what, as a page and as a table', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d, '=anna');
  const { call } = await addRecording(d, sound);
  await get(d.app, `/calls/${call.id}`, cookie);
  await get(d.app, `/calls/${call.id}/audio?download=1`, cookie);
  await written(d, 'download');
  const page = (await get(d.app, `/audit?call=${call.id}&action=hearing`, cookie)).json();
  t.match(page, {
    next: null,
    entries: [{ action: 'download', actor_name: '=anna', call: { them: { name: 'Example GmbH' } } }],
  });
  t.notMatch(
    JSON.stringify((await log(d)).map(({ detail }) => detail)),
    /Example|4930/,
    'no outsider stands in it',
  );
  const two = (await get(d.app, '/audit?limit=2', cookie)).json();
  const older = (await get(d.app, `/audit?limit=200&before=${two.next}`, cookie)).json();
  t.equal(older.entries[0].seq, two.entries[1].seq - 1);
  t.equal(older.entries.at(-1).seq, 1);
  const csv = await get(d.app, `/audit.csv?person=${page.entries[0].actor_id}`, cookie);
  t.match(csv.headers['content-disposition'], /tapedeck-audit-2026-07-26\.csv/);
  t.match(csv.body, /\r\n\d+,[^\r]*,'=anna,[^\r]*,download,call,/);
  t.match(await written(d, 'export'), [{ object: 'audit', detail: { person: page.entries[0].actor_id } }]);
  await get(d.app, '/audit?outcome=refused&X-1=1', cookie);
  t.match((await written(d, 'report', 3))?.at(-1), { object: 'audit', detail: { outcome: 'refused' } });
  t.equal((await get(d.app, '/audit.csv?X-1=1', cookie)).statusCode, 200, 'nor is a table refused');
  const state = (await get(d.app, '/audit/state', cookie)).json();
  t.match(state, { checkpoint: null, targets: null, people: [{ name: '=anna' }] });
  t.equal(state.head, (await d.catalogue.audit.head()).hash);
  t.equal((await get(d.app, '/audit/checkpoint.txt', cookie)).statusCode, 404);
  for (const bad of ['/audit?action=rm', '/audit?before=0', '/audit?from=2026-13-01', '/audit?limit=1e9'])
    t.equal((await get(d.app, bad, cookie)).statusCode, 400, bad);
});

t.test(
  'who may do what is written as it is changed: people, links, passwords, tokens, sessions',
  async (t) => {
    const d = await openDashboard(t);
    const cookie = await setUp(d);
    const rights = {
      scope: { all: false, extensions: [], queues: ['sales'], dids: [] },
      extensions: [],
      grants: [],
    };
    const bo = (
      await post(d.app, '/people', { name: 'Bo', roles: ['reviewer'], ...rights }, { cookie })
    ).json();
    const { id, version } = bo.person;
    const change = { name: 'Bo', roles: ['auditor'], ...rights, disabled: false, based_on: version };
    const answer = await put(d, `/people/${id}`, change, cookie);
    t.equal(answer.statusCode, 200, answer.body);
    t.equal((await put(d, `/people/${id}`, change, cookie)).statusCode, 409);
    await post(d.app, `/people/${id}/invitation`, {}, { cookie });
    const token = { name: 'reports', rights: ['oversee'], days: 7 };
    const made = (await post(d.app, '/account/tokens', token, { cookie })).json();
    await get(d.app, '/coverage', undefined, { authorization: `Bearer ${made.secret}` });
    await written(d, 'report');
    await del(d, `/account/tokens/${made.token.id}`, cookie);
    await del(d, `/people/${id}?based_on=${answer.json().version}`, cookie);
    const said = (await log(d)).slice(2);
    t.match(said, [
      {
        action: 'person_add',
        object_id: id,
        detail: { name: 'Bo', roles: ['reviewer'], hears_of: ['queue sales'] },
      },
      {
        action: 'person_change',
        detail: { changes: ['roles: reviewer -> auditor', /hears of: queue sales -> none/] },
      },
      { action: 'person_change', detail: { changes: ['a link to choose a new password with'] } },
      { action: 'token_add', object: 'token', detail: { name: 'reports', rights: ['oversee'] } },
      { action: 'report', actor: 'token', actor_name: 'anna', detail: { token: made.token.id } },
      { action: 'token_remove', object_id: made.token.id },
      { action: 'person_remove', object_id: id, detail: { name: 'Bo' } },
    ]);
    t.equal(said.length, 7, 'a change that was refused is not one');
    t.notOk(JSON.stringify(said).includes(made.secret), 'no secret is in it');
  },
);
