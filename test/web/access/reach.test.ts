import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createCalls } from '../../../daemon/catalogue/sqlite/calls.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { callFrom } from '../../../daemon/domain/assurance/cdr.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import {
  type CallRight,
  callRights,
  FOUNDER,
  type Grant,
  grants,
  mayDo,
  type Person,
  type Role,
  reach,
  roles,
} from '../../../daemon/domain/people/person.js';
import {
  owesReason,
  type ReachKey,
  reachKeys,
  reachOf,
  sightOf,
} from '../../../daemon/domain/people/reach.js';
import type { CallRecord, Mark } from '../../../daemon/domain/recording/recording.js';
import type { Needs } from '../../../web/deps.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { START } from '../../support/web/dashboard.js';
import { calls, leg, person } from '../../support/web/reach.js';

/** Few names, so that people and calls meet often; some are in more than one kind. */
const name = fc.constantFrom('101', '102', '103', 'sales', '5551000', 'w/101', 'w/102', 'w/sales', '');
const names = fc.uniqueArray(fc.oneof(name, fc.constantFrom('/101', 'w/')), { maxLength: 3 });
const people: fc.Arbitrary<Person> = fc
  .record({
    roles: fc.uniqueArray(fc.constantFrom<Role>(...roles), { maxLength: 3 }),
    grants: fc.uniqueArray(fc.constantFrom<Grant>(...grants), { maxLength: 3 }),
    extensions: names,
    scope: fc.record({
      all: fc.integer({ max: 5, min: 0 }).map((n) => n === 0),
      extensions: names,
      queues: names,
      dids: names,
    }),
  })
  .map(person);

t.test('what somebody reaches of a call, and which calls they reach, always agree', async (t) => {
  fc.assert(
    fc.property(people, calls, fc.constantFrom(...callRights), (who, change, right) => {
      const call = aCall('a', change);
      const mine = reachOf(who, right);
      const keys = reachKeys(call);
      const reached =
        mine === 'all' || mine.some((key) => keys.some((k) => k.kind === key.kind && k.name === key.name));
      return reached === reach(who, right, call).length > 0;
    }),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(people, calls, (who, change) => {
      const call = { ...aCall('a', change), recording: { durationMs: 30_000 } };
      if (mayDo(who, 'oversee'))
        t.equal(reachOf(who, 'view'), 'all', 'who oversees the box by a role sees every call');
      const { heard, hears, told } = sightOf(who, call);
      t.ok(heard.every((h, i) => h.fromMs < h.untilMs && h.fromMs >= (heard[i - 1]?.untilMs ?? 0)));
      t.equal(hears === 'none', heard.length === 0);
      t.ok(told || hears !== 'all');
    }),
  );
});

t.test('an extension, queue or number is reached on its PBX only', async (t) => {
  const here = { legs: [leg('101')], queue: 'sales', did: '5551000', answeredAt: START };
  const there = { ...here, pbx: 'w' };
  const scope = { all: false, extensions: [], queues: [], dids: [] };
  for (const [what, bare] of [
    [(n: string) => person({ roles: ['agent'], extensions: [n] }), '101'],
    [(n: string) => person({ roles: ['reviewer'], scope: { ...scope, extensions: [n] } }), '101'],
    [(n: string) => person({ roles: ['reviewer'], scope: { ...scope, queues: [n] } }), 'sales'],
    [(n: string) => person({ roles: ['reviewer'], scope: { ...scope, dids: [n] } }), '5551000'],
  ] as const) {
    const sees = (name: string, call: Partial<CallRecord>) =>
      reach(what(name), 'play', aCall('a', call)).length > 0;
    t.same([sees(bare, here), sees(bare, there)], [true, false], `${bare} is of the first PBX`);
    t.same([sees(`w/${bare}`, here), sees(`w/${bare}`, there)], [false, true], `w/${bare} is not`);
    t.same([sees(`/${bare}`, here), sees(`x/${bare}`, there)], [true, false]);
  }
  t.ok(reach(person(FOUNDER), 'view', aCall('a', there)).length > 0, 'every call is every call');
});

t.test('an auditor says why wherever no other role of theirs would do', async (t) => {
  const call = {
    ...aCall('a', { answeredAt: START, legs: [leg('101', { until: 30_000 }), leg('102', { from: 10_000 })] }),
    recording: { durationMs: 30_000 },
  };
  const owes = (change: Partial<Person>, right: CallRight = 'play') =>
    owesReason(person(change), right, call);
  const scope = (change: Partial<Person['scope']>) => ({ scope: { ...person({}).scope, ...change } });
  t.ok(owes({ roles: ['auditor'] }));
  t.notOk(owes({ roles: ['auditor'] }, 'view'));
  t.notOk(owes({ roles: ['auditor'] }, 'download'), 'they may not anyway');
  t.notOk(owes({ roles: ['reviewer'], ...scope({ all: true }) }));
  t.notOk(owes({ roles: ['auditor', 'reviewer'], ...scope({ all: true }) }));
  t.ok(owes({ roles: ['auditor', 'reviewer'], ...scope({ queues: ['other'] }) }), 'not in what they review');
  t.notOk(owes({ roles: ['auditor', 'agent'], extensions: ['101'] }), 'their own call');
  t.ok(owes({ roles: ['auditor', 'agent'], extensions: ['102'] }), 'their own for a part only');
  t.notOk(owes({ ...FOUNDER }));
});

async function opened(t: Test, path = catalogueFile(t.testdir({}))) {
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  return { catalogue, path };
}

t.test('a list has the calls that are reached, each once, in order, on every page', async (t) => {
  const { catalogue } = await opened(t);
  const kept = new Map<string, CallRecord>();
  const key = fc.record({
    kind: fc.constantFrom<ReachKey['kind']>('extension', 'queue', 'did'),
    name: name.filter(Boolean),
  });
  const some: ReachKey[] = Array.from({ length: 60 }, (_, n) => ({ kind: 'queue', name: `other${n}` }));
  let made = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(calls, { minLength: 1, maxLength: 4 }),
      fc.uniqueArray(key, { maxLength: 5, selector: (k) => `${k.kind} ${k.name}` }),
      fc.record({ many: fc.boolean(), limit: fc.integer({ min: 1, max: 7 }), from: fc.option(fc.nat(20)) }),
      fc.nat(),
      async (changes, wanted, { many, limit, from }, dice) => {
        for (const change of changes) {
          // Some calls are written again, with other legs, and some become part of another.
          const [old] = dice % 3 === 0 ? [...kept.keys()].slice(dice % (kept.size + 1)) : [];
          const call = aCall(old ?? `C${String(made++).padStart(4, '0')}`, {
            ...change,
            test: kept.get(old ?? '')?.test ?? dice % 11 === 0,
          });
          await catalogue.calls.save(call);
          kept.set(call.id, call);
        }
        const [one, two] = [...kept.keys()].slice(-2);
        if (dice % 5 === 0 && one && two) {
          await catalogue.calls.absorb(two, one);
          kept.delete(two);
        }
        const reach = many ? [...wanted, ...some] : wanted;
        const since = from === null ? undefined : START - from;
        const filter = { reach, from: since, direction: 'in' as const };
        const seen: string[] = [];
        for (let before: string | undefined; ; before = seen.at(-1)) {
          const page = await catalogue.calls.list({ ...filter, limit, before });
          seen.push(...page.map((c) => c.id));
          if (page.length < limit) break;
        }
        const model = [...kept.values()]
          .filter((c) => !c.test && c.startedAt >= (since ?? 0))
          .filter((c) => reachKeys(c).some((k) => reach.some((r) => r.kind === k.kind && r.name === k.name)))
          .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1))
          .map((c) => c.id);
        t.strictSame(seen, model);
        for (const { id } of kept.values())
          if (!model.includes(id) && since === undefined)
            t.strictSame(
              await catalogue.calls.list({ reach, limit: 1, before: id }),
              [],
              'no cursor of others',
            );
      },
    ),
    { numRuns: 60 },
  );
  t.strictSame(await catalogue.calls.list({ reach: [], limit: 9 }), []);
  t.equal((await catalogue.calls.list({ reach: 'all', limit: 1 })).length, 1);
});

t.test('calls from before are reached as those from now on', async (t) => {
  const at = migrations.findIndex((sql) => sql.includes('CREATE TABLE call_reach'));
  const { catalogue, path } = await opened(t);
  const hostile = { number: '101', name: '101', ours: false };
  const waits = ['complaints', 'sales', ''].map(
    (text, i): Mark => ({ atMs: i, untilMs: null, kind: 'queue', text, legId: null }),
  );
  const hold: Mark = { ...waits[0]!, kind: 'hold', text: '101' };
  await catalogue.calls.save(
    aCall('A', { legs: [leg('101'), leg('102')], queue: 'sales', marks: [...waits, hold], did: '' }),
  );
  await catalogue.calls.save(aCall('B', { legs: [{ ...leg('x'), party: hostile }], queue: '', did: "5'5" }));
  await catalogue.calls.save(
    aCall('C', { legs: [leg('101'), leg('101', { from: 9 }), leg('')], test: false }),
  );
  await catalogue.calls.save(aCall('T', { legs: [leg('101')], test: true }));
  const rows = (db: Database.Database) =>
    db.prepare('SELECT * FROM call_reach ORDER BY kind, name, started_at, call_id').all();
  await catalogue.stop();
  const db = new Database(path);
  const written = rows(db);
  t.equal(written.length, 7);
  // As it was before that step: what other steps have made since does not matter to it.
  db.exec('DROP TABLE call_reach');
  db.exec(migrations[at]!);
  t.strictSame(rows(db), written);
  t.strictSame(db.pragma('foreign_key_check'), []);
  db.close();
});

t.test('a list of somebody’s calls is read from its index, without sorting', async (t) => {
  const path = catalogueFile(t.testdir({}));
  const db = await openDb(path);
  t.teardown(() => db.close());
  const asked: { sql: string; values: unknown[] }[] = [];
  const noted = new Proxy(db, {
    get: (target, what) =>
      what === 'prepare'
        ? (sql: string) => {
            const statement = target.prepare(sql);
            const all = statement.all.bind(statement);
            statement.all = (...values: unknown[]) => {
              asked.push({ sql, values });
              return all(...values);
            };
            return statement;
          }
        : (Reflect.get(target, what).bind?.(target) ?? Reflect.get(target, what)),
  });
  const calls = createCalls(
    noted,
    createReader(() => {}),
  );
  const some: ReachKey[] = ['101', '102', '103'].map((name) => ({ kind: 'extension', name }));
  calls.save(aCall('A', { legs: [leg('101')] }));
  for (const reach of [some.slice(0, 1), some, [...some, { kind: 'queue', name: 'q' } as const]])
    for (const more of [{}, { before: 'A' }, { from: 1, to: 2 }, { text: 'x', direction: 'in' as const }])
      calls.list({ reach, limit: 50, ...more }, null);
  calls.reachMark(some);
  const reads = asked.filter(({ sql }) => /FROM call_reach WHERE kind|FROM calls LEFT JOIN/.test(sql));
  t.ok(reads.length > 20);
  for (const { sql, values } of reads) {
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    const plan = rows.map((row) => row.detail).join('; ');
    t.match(plan, /SEARCH call_reach USING PRIMARY KEY|SEARCH calls USING INDEX sqlite_autoindex_calls_1/);
    t.notMatch(plan, /SCAN (calls|call_reach|recordings)/);
    if (sql.includes('call_reach')) t.notMatch(plan, 'TEMP B-TREE');
  }
});

t.test('who says that they are an extension of ours is none', async (t) => {
  const cdr = {
    ...{
      linkedid: '1',
      uniqueid: '1',
      channel: 'PJSIP/trunk-00000001',
      peer: '',
      src: '101',
      dst: '5551000',
    },
    ...{
      name: '101',
      context: 'from-trunk',
      app: 'Queue',
      startAt: START,
      answerAt: START,
      endAt: START + 9,
    },
    ...{ ahead: 0, disposition: 'ANSWERED' },
  };
  const inside = { ...cdr, uniqueid: '2', channel: 'Local/102@q-00000002;2', context: 'from-queue' };
  const phone = { ...cdr, uniqueid: '3', channel: 'PJSIP/102-00000003', context: 'from-queue' };
  const account = {
    ...{ id: 'a', pbx: '', callId: null, linkedid: '1' },
    ...{ startedAt: START, answeredAt: START, endedAt: START + 9 },
    ...{ alone: false, cdrs: [cdr, inside, phone] },
  };
  const call = callFrom(account as unknown as Parameters<typeof callFrom>[0], 'A', ['from-trunk']);
  t.strictSame(
    reachKeys(call).filter((k) => k.kind === 'extension'),
    [{ kind: 'extension', name: '102' }],
  );
});

t.test('calls are asked for in one file of the dashboard', async (t) => {
  const asks =
    /catalogue\s*\.\s*(calls\s*\.\s*(get|list|open)|recordings\s*\.\s*(get|peaks)|segments|ledger\s*\.\s*(related|row))\b|\b(calls|recordings|segments)\b[^=]*\} = (deps\.)?catalogue/;
  const root = join(import.meta.dirname, '../../../web');
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('ui/'))
    .filter((file) => asks.test(readFileSync(join(root, file), 'utf8')));
  t.strictSame(found, ['calls/reached.ts']);
  // @ts-expect-error what a route is given cannot tell of calls
  const refused: Needs<'site', 'calls.list'>['site']['name'] = 'a fault of the type checker otherwise';
  t.ok(refused);
});

t.test('a call that was erased in the catalogue leaves nothing that it is reached by', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('T', { test: true, legs: [leg('101')] }));
  await catalogue.calls.save(aCall('A', { legs: [leg('101')] }));
  await catalogue.recordings.sealed(aRecording('R', 'A'), new Uint8Array(9), {
    ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
  });
  await catalogue.calls.save(aCall('B', { legs: [leg('102')], startedAt: 5 }));
  await catalogue.calls.absorb('A', 'B');
  const db = new Database(path, { readonly: true });
  t.teardown(() => db.close());
  t.strictSame(db.prepare('SELECT DISTINCT call_id FROM call_reach').pluck().all(), ['B']);
});
