import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import type { AuditAction } from '../../../daemon/domain/assurance/audit.js';
import { iso } from '../../../daemon/domain/days.js';
import { catalogueFile, webFile } from '../../../daemon/domain/paths.js';
import { breakLog, tablesOf } from '../../support/catalogue/tables.js';
import { until } from '../../support/recorder.js';
import { retainOf } from '../../support/recordings/retaining.js';
import { proveAll } from '../../support/requests/prove-all.js';
import { fill, mountSmall, unfill } from '../../support/small-disk.js';
import { del, log, put, written } from '../../support/web/audit-log.js';
import {
  addRecording,
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';
import { openHouse, requests, send } from '../../support/web/requests.js';

/** What of the dashboard's own changes whatever it does: what it has to tell, and who has tried what. */
const TRIES = ['telling', 'source', 'tries', 'known'];

/** Everything that is refused when it cannot be written, and what is not. */
async function refusals(
  t: Test,
  d: Dashboard,
  cookie: string,
  id: string,
  asked: { runs: number },
  /** The codes with which the dashboard says what its own database, or the recorder, cannot do; null: it is done. */
  { signIn, signOut }: { signIn: RegExp; signOut: RegExp | null },
): Promise<void> {
  const anna = (await d.catalogue.people.byName('anna'))!.id;
  const sessions = () => d.store.sessions.of(anna).length;
  const before = sessions();
  const policy = { record: [], retention: [], emergency_numbers: ['112'] };
  const failing: [name: string, () => Promise<{ statusCode: number; body: string }>][] = [
    ['play', () => get(d.app, `/calls/${id}/audio`, cookie)],
    ['download', () => get(d.app, `/calls/${id}/audio?download=1`, cookie)],
    ['change of the policy', () => put(d, '/policy', { based_on: 0, policy }, cookie)],
    ['retention run', () => post(d.app, '/retention/run', {}, { cookie })],
    ['retention.csv', () => get(d.app, '/retention.csv', cookie)],
    ['coverage.csv', () => get(d.app, '/coverage.csv', cookie)],
    ['consent.csv', () => get(d.app, '/consent-report.csv', cookie)],
    ['audit.csv', () => get(d.app, '/audit.csv', cookie)],
  ];
  const { runs } = asked;
  for (const [name, ask] of failing) {
    const answer = await ask();
    t.equal(answer.statusCode, 503, name);
    const { error } = JSON.parse(answer.body);
    t.equal(error.code, 'audit_unwritable', name);
    const admins = /Calls are still being recorded.*tapedeck status.*df -h/;
    t.match(error.hint, admins, name);
    t.notMatch(answer.body, /OggS|call_id/, 'and nothing is given out');
  }
  t.equal(asked.runs, runs, 'the recorder was not asked to erase');
  t.equal((await d.catalogue.policy.newest()).version, 0, 'the policy is as it was');
  t.equal((await get(d.app, `/calls/${id}`, cookie)).statusCode, 200, 'what is only looked at is shown');
  t.equal((await get(d.app, '/calls?q=example', cookie)).statusCode, 200);

  const came = await post(d.app, '/session', { name: 'anna', password });
  t.match(came.json().error, { code: signIn, hint: /Tell an? .*admin/ }, 'nobody signs in');
  t.strictSame(came.cookies, []);
  t.equal(sessions(), before);
  const gone = await del(d, '/session', cookie);
  // Where the dashboard can write its own, whoever goes is let go.
  if (signOut === null) t.equal(gone.statusCode, 200, 'sign out');
  else t.match(gone.json().error, { code: signOut }, 'sign out');
  t.equal(sessions(), before - (signOut === null ? 1 : 0));
  d.clock.ms += 31 * 60_000;
  t.equal((await get(d.app, '/calls', cookie)).statusCode, 401, 'a session that is over opens nothing');
  t.match((await get(d.app, '/session', cookie)).json(), { user: null }, 'and its page can say so');
}

async function ready(t: Test, dataDir: string) {
  mkdirSync(dataDir, { recursive: true });
  const asked = { runs: 0 };
  const d = await openDashboard(t, {
    dataDir,
    recorder: {
      retain: {
        ...retainOf(),
        run: async () => {
          asked.runs += 1;
          return { erased: 0, failed: 0, left: 0, protected: 0 };
        },
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
        const own = new Database(webFile(d.dataDir));
        t.teardown(() => {
          db.close();
          own.close();
        });

        const first = { cookie: house.anna && (await signInAs(d, house.anna)), ...(await making(house)) };
        await until('that it has begun', async () =>
          (await d.catalogue.audit.entries({ limit: 100 })).some((e) => e.action === 'start'),
        );
        const mend = breakLog(db);
        const [before, ownBefore] = [tablesOf(db), tablesOf(own, { without: TRIES })];
        const { size: since } = await d.catalogue.audit.head();
        const at = iso(d.clock.ms);
        const refused = await send(house, route, first);
        if (unwritable === undefined) {
          t.equal(refused.statusCode, 503, refused.body.slice(0, 300));
          t.equal(refused.json().error?.code, 'audit_unwritable');
          t.strictSame(refused.cookies, [], 'and no cookie is given');
          t.strictSame(
            tablesOf(own, { without: TRIES }),
            ownBefore,
            'whoever was signed in is, and nobody else',
          );
        } else if (unwritable === 'leads back with the reason')
          t.equal(refused.headers.location, '/?sign_in=audit_unwritable');
        else t.equal(refused.statusCode, status, unwritable);
        const after = tablesOf(db);
        for (const table of leaves) t.notSame(after[table], before[table], `${table} has a trace of it`);
        for (const [table, rows] of Object.entries(after))
          if (!leaves.includes(table)) t.strictSame(rows, before[table], `${table} is as it was`);
        const later =
          unwritable === 'is shown, and written later' || unwritable === 'is done, and written later';
        // Nobody waits for that: on a busy machine the answer is there before anything was tried.
        if (later)
          await until('that it could not be written', () =>
            d.lines.some((line) => line.includes('wait for the recorder')),
          );
        d.clock.ms += 46_000;
        mend();

        const done = await send(house, route, await making(house));
        t.equal(done.statusCode, status, done.body.slice(0, 300));
        for (const { body } of [refused, done])
          t.notOk(body.includes(d.dataDir), 'no answer says where on this machine something is');
        // What sounded is written once it has stopped, and what waits when the dashboard ends.
        d.clock.ms += 46_000;
        await d.app.close();
        const entries = (await log(d)).filter((e) => e.seq > since && e.outcome !== 'refused');
        for (const action of writes) {
          const written = entries.filter((e) => e.action === action);
          t.ok(written.length > 0, `an entry "${action}"`);
          if (later)
            t.match(written, [{ detail: { happened: at } }, {}], 'the one before too, and when that was');
        }
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
      await d.catalogue.people.saveSetupCode('x'.repeat(500), n).then(
        () => false,
        () => true,
      )
    )
      break;
  fill(dir);
  await refusals(t, d, cookie, id, asked, { signIn: /^disk_full$/, signOut: /^disk_full$/ });
  unfill(dir);
  const again = cookieOf(await post(d.app, '/session', { name: 'anna', password }));
  t.equal((await get(d.app, `/calls/${id}/audio`, again)).statusCode, 200);
  proveAll(d, again);
  t.equal((await post(d.app, '/retention/run', {}, { cookie: again })).statusCode, 200);
  t.ok(await written(d, 'view'), 'what was looked at meanwhile is written later');
  t.equal(verifyAudit(catalogueFile(dir), { given: [], kept: [] }).fault, null);
});

t.test('on a disk that can only be read it is the same', async (t) => {
  const { dir, refused } = mountSmall(t, { mb: 48, inodes: 2_000 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { d, cookie, id, asked } = await ready(t, dir);
  execFileSync('mount', ['-o', 'remount,abort', dir], { stdio: 'pipe' });
  const UNFIT = /^disk_(failed|read_only)$/;
  await refusals(t, d, cookie, id, asked, { signIn: UNFIT, signOut: UNFIT });
});

t.test(
  'while another program holds the catalogue it is the same, and nobody waits for its end',
  async (t) => {
    const { d, cookie, id, asked } = await ready(t, join(t.testdir({}), 'data'));
    const other = new Database(catalogueFile(d.dataDir));
    other.exec('BEGIN EXCLUSIVE');
    await refusals(t, d, cookie, id, asked, { signIn: /^audit_unwritable$/, signOut: null });
    t.ok(other.inTransaction, 'it is held to the end');
    other.exec('ROLLBACK');
    other.close();
    const again = cookieOf(await post(d.app, '/session', { name: 'anna', password }));
    t.equal((await get(d.app, `/calls/${id}/audio`, again)).statusCode, 200);
    t.ok(await written(d, 'view'));
  },
);
