import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import type { ReadEntry } from '../../daemon/catalogue/audit.js';
import { verifyAudit } from '../../daemon/catalogue/sqlite/audit-verify.js';
import { type AuditAction, auditActions } from '../../daemon/domain/assurance/audit.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { createAudit } from '../../web/audit/audit.js';
import { breakLog, tablesOf } from '../support/catalogue/tables.js';
import { until } from '../support/recorder.js';
import { fill, mountSmall, unfill } from '../support/small-disk.js';
import {
  addCall,
  addRecording,
  cookieOf,
  type Dashboard,
  flip,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
  signInAs,
} from '../support/web/dashboard.js';
import { openHouse, requests, send } from '../support/web/requests.js';

t.setTimeout(120_000);
const MINUTE = 60_000;

/** The entries, oldest first, without what the processes say of themselves. */
async function log({ catalogue }: Dashboard): Promise<ReadEntry[]> {
  const all = await catalogue.auditEntries({ limit: 1000 });
  return all.filter((e) => !['begin', 'start', 'stop'].includes(e.action)).reverse();
}
const actions = async (d: Dashboard) =>
  (await log(d)).map((e) => (e.outcome === 'ok' ? e.action : `${e.action} ${e.outcome}`));
/** Waits for entries that nobody had to wait for. */
const written = (d: Dashboard, action: AuditAction, count = 1) =>
  until(`${count} of ${action}`, async () => {
    const found = (await log(d)).filter((e) => e.action === action);
    return found.length >= count && found;
  });

const del = (d: Dashboard, path: string, cookie: string) =>
  d.app.inject({ method: 'DELETE', url: `/api/v1${path}`, headers: { cookie, 'x-tapedeck': '1' } });
const put = (d: Dashboard, path: string, payload: object, cookie: string) =>
  d.app.inject({
    method: 'PUT',
    url: `/api/v1${path}`,
    headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });

t.test('every route of the API says what it writes into the audit log, or why nothing', async (t) => {
  const { app, routes } = await openDashboard(t);
  await app.ready();
  const api = routes.filter((r) => r.url.startsWith('/api/v1') || r.url === '/metrics');
  t.ok(api.length > 25);
  for (const { method, url, audit } of api) {
    const name = `${method} ${url}`;
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

/** What is no GET and changes nothing all the same. Whoever adds to this list should have a reason. */
const WRITES_NOTHING = [
  'POST /api/v1/policy/test',
  // What begins here counts once it has come to its end, which is another route.
  'POST /api/v1/account/factors/totp',
  'POST /api/v1/account/factors/passkeys/options',
  'POST /api/v1/session/passkey/options',
  'POST /api/v1/session/provider',
  'POST /api/v1/calls/:id/listen',
];

t.test('who comes in, who does not, and who goes', async (t) => {
  const d = await openDashboard(t);
  const first = await setUp(d);
  await post(d.app, '/session', { name: 'anna', password: 'wrong' });
  await post(d.app, '/session', { name: 'hunter2 is my password', password: 'x' });
  const cookie = cookieOf(await post(d.app, '/session', { name: 'anna', password }));
  await del(d, '/session', cookie);
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
    ['session_end', 'ok', 'anna', 'it was not used'],
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
    catalogue: d.catalogue,
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
    for (const path of ['/coverage', '/quality', '/retention']) {
      await get(d.app, path, cookie);
      await get(d.app, path, cookie, own);
    }
    t.same(
      ((await written(d, 'report', 3)) as ReadEntry[]).map((e) => e.object),
      ['coverage', 'quality', 'retention'],
    );
    t.equal((await actions(d)).filter((a) => a === 'view').length, 2);
  },
);

/** Three minutes of noise: nobody decodes it here. */
const sound = randomBytes(540_000);
/** What is sent is counted where it is sent: by a socket. */
async function overTheWire({ app }: Dashboard, cookie: string) {
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${address}/api/v1${path}`, { headers: { cookie, ...headers } });
    return Buffer.from(await answer.arrayBuffer());
  };
}
const idle = { playing: { idleMs: 45_000, sweepMs: 20, writeMs: 600_000 } };

t.test(
  'what was heard is what the player says, as far as it was sent; one entry for a stretch of listening',
  async (t) => {
    const d = await openDashboard(t, idle);
    const cookie = await setUp(d);
    const { call } = await addRecording(d, sound);
    const fetched = await overTheWire(d, cookie);
    const range = (from: number, to: number) =>
      fetched(`/calls/${call.id}/audio`, { range: `bytes=${from}-${to}` });
    const heard = (...stretches: [number, number][]) =>
      post(d.app, `/calls/${call.id}/heard`, { heard: stretches }, { cookie });
    await range(0, 179_999);
    await range(180_000, 269_999);
    t.match((await heard([0, 15_000])).json(), { counted_ms: 15_000 });
    d.clock.ms += 15_000;
    await heard([15_000, 30_000]);
    d.clock.ms += 15_000;
    await heard([30_000, 41_000], [60_000, 65_000]);
    t.match((await heard([170_000, 180_000])).json(), { counted_ms: 0 }, 'that was never sent');
    t.equal((await heard([5, 1e8])).statusCode, 200, 'capped');
    t.equal((await heard([-1, 5])).statusCode, 400);
    t.same((await actions(d)).slice(2), ['play'], 'nothing more while it goes on');
    d.clock.ms += 46_000;
    const [entry] = (await written(d, 'heard')) as [ReadEntry];
    t.match(entry, { actor_name: 'anna', object: 'call', object_id: call.id, outcome: 'ok' });
    t.match(entry.detail.heard, [/^0-1[01]\d{4}$/], 'up to what was sent, and a little');
    t.ok(Number(entry.detail.not_sent_ms) > 60_000);
    t.ok(Number(entry.detail.bytes) >= 270_000);
    d.clock.ms += 46_000;
    await heard([66_000, 67_000]);
    await del(d, '/session', cookie);
    const more = (await written(d, 'heard', 2)) as ReadEntry[];
    t.match(more[1]!.detail, { heard: ['66000-67000'], total_ms: 1000 }, 'signing out ends it');
    t.equal((await actions(d)).filter((a) => a === 'play').length, 1);
  },
);

t.test(
  'bytes that were sent are on record, however they were asked for and whatever a player says of them',
  async (t) => {
    const d = await openDashboard(t, idle);
    const cookie = await setUp(d);
    const { call } = await addRecording(d, sound);
    const fetched = await overTheWire(d, cookie);
    const parts = 12;
    const size = sound.length / parts;
    const heard = (...stretches: [number, number][]) =>
      post(d.app, `/calls/${call.id}/heard`, { heard: stretches }, { cookie });
    for (let n = 0; n < parts; n++) {
      await fetched(`/calls/${call.id}/audio`, { range: `bytes=${n * size}-${(n + 1) * size - 1}` });
      await heard(...(n === 0 ? [[0, 1] as [number, number]] : []));
      d.clock.ms += 52_000;
      if (n === 0) await written(d, 'heard');
    }
    await del(d, '/session', cookie);
    const bytes = async () =>
      (await log(d))
        .filter((e) => e.object === 'call')
        .reduce((sum, e) => sum + Number(e.detail.bytes ?? 0), 0);
    await until('all of it', async () => (await bytes()) === sound.length);
    t.equal((await actions(d)).filter((a) => a === 'heard').length, 1);
  },
);

t.test('what is heard after the session has got a new token is written all the same', async (t) => {
  const d = await openDashboard(t, idle);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, sound);
  const fetched = await overTheWire(d, cookie);
  await fetched(`/calls/${call.id}/audio`);
  const proved = cookieOf(await post(d.app, '/session/proof', { password }, { cookie }));
  t.not(proved, cookie);
  const said = await post(d.app, `/calls/${call.id}/heard`, { heard: [[0, 9000]] }, { cookie: proved });
  t.match(said.json(), { counted_ms: 9000 });
  d.clock.ms += 46_000;
  t.match(await written(d, 'heard'), [{ detail: { total_ms: 9000, bytes: sound.length } }]);
});

t.test('a waveform is on record, and needs a reason where the sound does', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, sound);
  const id = ulid();
  await d.catalogue.addUser({
    ...{
      id,
      name: 'Cleo',
      roles: ['auditor'],
      grants: [],
      extensions: [],
      passwordHash: '',
      createdAt: START,
    },
    scope: { all: false, extensions: [], queues: [], dids: [] },
  });
  const auditor = await signInAs(d, id);
  const peaks = (as: string) => get(d.app, `/calls/${call.id}/peaks`, as);
  for (let n = 0; n < 50; n++) t.match((await peaks(auditor)).json().error, { code: 'reason_needed' });
  await post(d.app, `/calls/${call.id}/listen`, { reason: 'Complaint 12' }, { cookie: auditor });
  t.equal((await peaks(auditor)).statusCode, 200);
  t.equal((await peaks(auditor)).statusCode, 200);
  const [entry] = (await written(d, 'view')) as ReadEntry[];
  t.match(entry, {
    actor_name: 'Cleo',
    object_id: call.id,
    reason: 'Complaint 12',
    detail: { waveform: true },
  });
  t.equal((await peaks(cookie)).statusCode, 200);
  t.match(((await written(d, 'view', 2)) as ReadEntry[])[1], { actor_name: 'anna', reason: '' });
});

t.test('a script that takes the file without a player shows, and so does a download', async (t) => {
  const d = await openDashboard(t, idle);
  const cookie = await setUp(d);
  const { call, path } = await addRecording(d, sound);
  const fetched = await overTheWire(d, cookie);
  t.equal((await fetched(`/calls/${call.id}/audio`)).length, sound.length);
  d.clock.ms += 46_000;
  const plays = (await written(d, 'play', 2)) as ReadEntry[];
  t.match(plays[1]!.detail, { bytes: sound.length, of_bytes: sound.length, player: false });
  await fetched(`/calls/${call.id}/audio?download=1`);
  t.match(await written(d, 'download'), [{ object_id: call.id, actor_name: 'anna' }]);
  flip(path, readFileSync(path), 400);
  d.clock.ms += 11 * MINUTE;
  t.equal((await get(d.app, `/calls/${call.id}/audio`, cookie)).statusCode, 500);
  t.match(await written(d, 'damage'), [{ actor: 'tapedeck', object_id: call.id, outcome: 'failed' }]);
  t.same(
    (await log(d)).filter((e) => e.object === 'call').map((e) => e.action),
    ['play', 'play', 'download', 'play', 'damage'],
    'all of it is found by the call',
  );
});

t.test('what is changed is written with the change, and who may not is written too', async (t) => {
  const d = await openDashboard(t, {
    control: { runRetention: async () => ({ erased: 2, failed: 0, left: 0 }) },
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
  const changes = (await log(d)).filter((e) => !['person_add', 'sign_in'].includes(e.action));
  t.match(changes, [
    { action: 'policy_change', object_id: '1', detail: { changes: [/"All" is new/, /emergency_numbers/] } },
    { action: 'retention_run', detail: { confirm: 'erase-2' } },
    { action: 'export', object: 'retention' },
    { action: 'export', object: 'coverage', detail: { from: '2026-07-01', to: '2026-07-25' } },
  ]);
  t.equal(changes.length, 4, 'a change that was not made is not in the log');
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
  const state = (await get(d.app, '/audit/state', cookie)).json();
  t.match(state, { checkpoint: null, targets: null, people: [{ name: '=anna' }] });
  t.equal(state.head, (await d.catalogue.auditHead()).hash);
  t.equal((await get(d.app, '/audit/checkpoint.txt', cookie)).statusCode, 404);
  for (const bad of ['/audit?action=rm', '/audit?before=0', '/audit?from=2026-13-01', '/audit?limit=1e9'])
    t.equal((await get(d.app, bad, cookie)).statusCode, 400, bad);
});

/** Everything that is refused when it cannot be written, and what is not. */
async function refusals(
  t: Test,
  d: Dashboard,
  cookie: string,
  id: string,
  asked: { runs: number },
): Promise<void> {
  const policy = { record: [], retention: [], emergency_numbers: ['112'] };
  const failing: [name: string, () => Promise<{ statusCode: number; body: string }>][] = [
    ['play', () => get(d.app, `/calls/${id}/audio`, cookie)],
    ['download', () => get(d.app, `/calls/${id}/audio?download=1`, cookie)],
    ['change of the policy', () => put(d, '/policy', { based_on: 0, policy }, cookie)],
    ['retention run', () => post(d.app, '/retention/run', {}, { cookie })],
    ['retention.csv', () => get(d.app, '/retention.csv', cookie)],
    ['coverage.csv', () => get(d.app, '/coverage.csv', cookie)],
    ['audit.csv', () => get(d.app, '/audit.csv', cookie)],
    ['sign in', () => post(d.app, '/session', { name: 'anna', password })],
    ['sign out', () => del(d, '/session', cookie)],
  ];
  const { runs } = asked;
  for (const [name, ask] of failing) {
    const answer = await ask();
    t.equal(answer.statusCode, 503, name);
    const { error } = JSON.parse(answer.body);
    t.equal(error.code, 'audit_unwritable', name);
    const admins = /Calls go on being recorded.*tapedeck status.*df -h/;
    t.match(error.hint, name === 'sign in' ? /still being recorded. Tell an admin/ : admins, name);
    t.notMatch(answer.body, /OggS|call_id/, 'and nothing is given out');
  }
  t.equal(asked.runs, runs, 'the recorder was not asked to erase');
  t.equal((await d.catalogue.policy()).version, 0, 'the policy is as it was');
  t.equal((await get(d.app, `/calls/${id}`, cookie)).statusCode, 200, 'what is only looked at is shown');
  t.equal((await get(d.app, '/calls?q=example', cookie)).statusCode, 200);
}

async function ready(t: Test, dataDir: string) {
  mkdirSync(dataDir, { recursive: true });
  const asked = { runs: 0 };
  const d = await openDashboard(t, {
    dataDir,
    control: {
      runRetention: async () => {
        asked.runs += 1;
        return { erased: 0, failed: 0, left: 0 };
      },
    },
  });
  const cookie = await setUp(d);
  const { call } = await addRecording(d, randomBytes(50_000));
  await get(d.app, '/coverage', cookie);
  await written(d, 'report');
  return { d, cookie, id: call.id, asked };
}

t.test('everything that a route may write has a request in the table', async (t) => {
  const { app, routes } = await openDashboard(t);
  await app.ready();
  const known = (route: string) => requests[route]?.flatMap(({ writes }) => writes) ?? [];
  const declared = new Map<string, readonly AuditAction[]>();
  for (const { method, url, audit } of routes)
    if (method !== 'HEAD' && audit !== undefined && !(typeof audit === 'object' && 'nothing' in audit))
      declared.set(`${method} ${url}`, [audit].flat() as AuditAction[]);
  for (const [route, actions] of declared)
    for (const action of actions)
      t.ok(
        known(route).includes(action),
        `${route}: add what writes "${action}" to test/support/web/requests.ts`,
      );
  for (const route of Object.keys(requests))
    for (const action of known(route))
      t.ok(declared.get(route)?.includes(action), `${route} says in config.audit that it writes "${action}"`);
});

t.test('what cannot be written into the log is refused and not done; what is done is written', async (t) => {
  for (const [route, all] of Object.entries(requests))
    for (const { writes, send: making, status = 200, unwritable, leaves = [] } of all)
      await t.test(`${route}: ${writes}`, async (t) => {
        const house = await openHouse(t, { empty: route.endsWith('/setup') });
        const d = house.dashboard;
        const db = new Database(catalogueFile(d.dataDir));
        t.teardown(() => db.close());

        const first = { cookie: house.anna && (await signInAs(d, house.anna)), ...(await making(house)) };
        await until('that it has begun', async () =>
          (await d.catalogue.auditEntries({ limit: 100 })).some((e) => e.action === 'start'),
        );
        const mend = breakLog(db);
        const before = tablesOf(db);
        const { size: since } = await d.catalogue.auditHead();
        const refused = await send(house, route, first);
        if (unwritable === undefined) {
          t.equal(refused.statusCode, 503, refused.body.slice(0, 300));
          t.equal(refused.json().error.code, 'audit_unwritable');
        } else if (unwritable === 'leads back with the reason')
          t.equal(refused.headers.location, '/?sign_in=audit_unwritable');
        else t.equal(refused.statusCode, status, unwritable);
        const after = tablesOf(db);
        for (const table of leaves) t.notSame(after[table], before[table], `${table} has a trace of it`);
        for (const [table, rows] of Object.entries(after))
          if (!leaves.includes(table)) t.strictSame(rows, before[table], `${table} is as it was`);
        mend();

        const done = await send(house, route, await making(house));
        t.equal(done.statusCode, status, done.body.slice(0, 300));
        // What waits in memory is written with the next entry, and what sounded once it has stopped.
        d.clock.ms += 46_000;
        await get(d.app, `/calls/${ulid()}`, house.anna && (await signInAs(d, house.anna)));
        for (const action of writes)
          await until(`an entry "${action}"`, async () =>
            (await log(d)).some((e) => e.seq > since && e.action === action && e.outcome !== 'refused'),
          );
        t.equal(verifyAudit(catalogueFile(d.dataDir), { given: [], kept: [] }).fault, null);
      });
});

t.test('on a full disk nothing is played, given out or changed, and afterwards all is', async (t) => {
  const { dir, refused } = mountSmall(t, { mb: 16 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { d, cookie, id, asked } = await ready(t, dir);
  fill(dir);
  // What is free in the pages of the journal is used up first.
  for (let n = 0; n < 400; n++)
    if (
      await d.catalogue.saveSetupCode('x'.repeat(500), n).then(
        () => false,
        () => true,
      )
    )
      break;
  fill(dir);
  await refusals(t, d, cookie, id, asked);
  unfill(dir);
  t.equal((await get(d.app, `/calls/${id}/audio`, cookie)).statusCode, 200);
  t.equal((await post(d.app, '/retention/run', {}, { cookie })).statusCode, 200);
  t.ok(await written(d, 'view'), 'what was looked at meanwhile is written later');
  t.equal(verifyAudit(catalogueFile(dir), { given: [], kept: [] }).fault, null);
});

t.test('on a disk that can only be read it is the same', async (t) => {
  const { dir, refused } = mountSmall(t, { mb: 48, inodes: 2_000 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { d, cookie, id, asked } = await ready(t, dir);
  execFileSync('mount', ['-o', 'remount,abort', dir], { stdio: 'pipe' });
  await refusals(t, d, cookie, id, asked);
});

t.test('while another program holds the catalogue it is the same, and nobody waits long', async (t) => {
  const { d, cookie, id, asked } = await ready(t, join(t.testdir({}), 'data'));
  const other = new Database(catalogueFile(d.dataDir));
  other.exec('BEGIN EXCLUSIVE');
  const began = Date.now();
  await refusals(t, d, cookie, id, asked);
  t.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
  other.exec('ROLLBACK');
  other.close();
  t.equal((await get(d.app, `/calls/${id}/audio`, cookie)).statusCode, 200);
  t.ok(await written(d, 'view'));
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
