import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import type { Coverage, Segment } from '../../../daemon/domain/recording/recording.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const recorded: Coverage = { status: 'recorded', why: noted('All of it.'), rule: null, missingMs: 0 };
const child = join(import.meta.dirname, '../../support/catalogue/claim-setup.ts');

async function opened(t: Test, path = catalogueFile(join(t.testdir(), 'data'))) {
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  return { catalogue, path };
}

const segment = (callId: string, seq: number, more: Partial<Segment> = {}): Segment => ({
  callId,
  seq,
  legId: `${callId}-leg`,
  inStartedAt: seq * 1000,
  outStartedAt: seq * 1000,
  state: 'captured',
  because: null,
  token: '',
  mutedFrom: { in: null, out: null },
  fed: '',
  swapped: false,
  ...more,
});

t.test('a new catalogue is made with its directory, at the newest version, closed to others', async (t) => {
  const umask = process.umask(0o000);
  t.teardown(() => process.umask(umask));
  const { catalogue, path } = await opened(t);
  await catalogue.saveCall(aCall('A'));
  for (const file of [path, `${path}-wal`, `${path}-shm`])
    t.equal(statSync(file).mode & 0o777, 0o660, file.slice(path.length) || 'the file');
  const other = new Database(path);
  t.teardown(() => other.close());
  t.equal(other.pragma('user_version', { simple: true }), migrations.length);
  t.equal(other.pragma('journal_mode', { simple: true }), 'wal');
  t.same(other.pragma('foreign_key_check'), []);
});

t.test('a catalogue from a newer Tapedeck is refused and left as it was', async (t) => {
  const path = catalogueFile(t.testdir({ catalogue: {} }));
  const db = new Database(path);
  db.exec('CREATE TABLE future (x); PRAGMA user_version = 999');
  db.close();
  const before = readFileSync(path);
  await t.rejects(createSqliteCatalogue({ path }).start(), { code: 'catalogue_newer' });
  const after = new Database(path);
  t.teardown(() => after.close());
  t.equal(after.pragma('user_version', { simple: true }), 999);
  t.same(after.prepare('SELECT name FROM sqlite_schema').pluck().all(), ['future']);
  t.equal(readFileSync(path).length, before.length);
});

t.test('what one connection writes the other reads, and both see that something changed', async (t) => {
  const { catalogue: one, path } = await opened(t);
  const { catalogue: two } = await opened(t, path);
  const before = [await one.changeCount(), await two.changeCount()] as const;
  await one.saveCall(aCall('A'));
  t.match(await two.call('A'), { id: 'A', them: { name: 'Ada Caller' } });
  t.ok((await one.changeCount()) > before[0], 'its own write counts');
  t.ok((await two.changeCount()) > before[1], 'that of another counts');
  const still = [await one.changeCount(), await two.changeCount()] as const;
  await two.calls({ limit: 10 });
  t.same([await one.changeCount(), await two.changeCount()], still, 'reading changes nothing');
});

t.test('a file that may only be read is opened for reading when that is enough', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.saveCall(aCall('A'));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) chmodSync(file, 0o444);
  chmodSync(dirname(path), 0o755);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    await t.rejects(createSqliteCatalogue({ path }).start(), { code: 'EACCES' });
    const reader = createSqliteCatalogue({ path, readonlyOk: true });
    await reader.start();
    t.match(await reader.call('A'), { id: 'A' });
    await t.rejects(reader.saveCall(aCall('B')), { code: 'SQLITE_READONLY' });
    await reader.stop();
  } finally {
    if (root) process.seteuid?.(0);
  }
});

t.test('coverage', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.saveCall(aCall('A', { answeredAt: null, endedAt: null, outcome: null }));
  t.equal((await catalogue.call('A'))?.coverage.status, 'none', 'nothing to record before the answer');
  await catalogue.saveCall(aCall('A', { endedAt: null, outcome: null }));
  t.equal((await catalogue.call('A'))?.coverage.status, 'pending', 'an answer has to be accounted for');
  await catalogue.decideCoverage('A', {
    status: 'excluded',
    why: noted('Doctor'),
    rule: 'Private',
    missingMs: 7,
  });
  await catalogue.saveCall(aCall('A'));
  t.same(
    (await catalogue.call('A'))?.coverage,
    { status: 'excluded', why: noted('Doctor'), rule: 'Private', missingMs: 7 },
    'a decision stays',
  );
  await catalogue.saveCall(aCall('A'), recorded);
  t.same((await catalogue.call('A'))?.coverage, recorded, 'until it is given anew');
  await t.rejects(catalogue.decideCoverage('Z', recorded), { code: 'call_unknown' });
});

t.test('a search finds what was meant, however it is written', async (t) => {
  const { catalogue } = await opened(t);
  const known = aCall('A', {
    startedAt: 1,
    them: { number: '+49 (171) 234-4455', name: 'Jörg Müller-Straße', ours: false },
    us: { number: '*98', name: "O'Neil 100%_sure\\", ours: true },
    did: '0800 55 66',
    queue: 'Sales_EU',
    legs: [
      {
        id: 'l',
        party: { number: '204', name: 'Lin', ours: true },
        endpoint: '204',
        seenAt: 1,
        upAt: 2,
        goneAt: 3,
      },
    ],
  });
  await catalogue.saveCall(known);
  await catalogue.saveCall(aCall('B', { startedAt: 2, them: { number: '', name: 'Other', ours: false } }));
  const finds = async (text: string) => (await catalogue.calls({ text, limit: 9 })).map((c) => c.id).join('');
  const hits = [
    '171 2344455',
    '+491712344455',
    '234-4455',
    'muller',
    'MÜLLER jörg',
    'müller 204',
    'lin',
    '*98',
    "o'neil",
  ];
  for (const text of [
    ...hits,
    '100%',
    '%_sure\\',
    'sales_eu',
    '5566',
    '  lin  ',
    'l\u0131n'.replace('ı', 'i'),
  ])
    t.equal(await finds(text), 'A', text);
  const misses = [
    "'; DROP TABLE calls; --",
    ...['171-234', '080055'],
    '%%%x',
    'sales%eu',
    'salesXeu',
    'muller other',
    '\\',
    'ada\u0000',
    '\u0000zz',
    'a"b*',
    '999',
  ];
  for (const text of misses) t.equal(await finds(text), text === '\\' ? 'A' : '', JSON.stringify(text));
  t.equal(await finds('sales_eu '.repeat(500)), 'A', 'a very long text');
  for (const text of ['', '   ', '- +', '\u0000', '\ud800'])
    t.equal(await finds(text), 'BA', 'nothing to look for finds all');
});

t.test('a list goes from the newest to the oldest, page by page, without gaps or repeats', async (t) => {
  const { catalogue } = await opened(t);
  const ids = Array.from({ length: 25 }, (_, i) => `C${String(i).padStart(2, '0')}`);
  for (const [i, id] of ids.entries())
    await catalogue.saveCall(
      aCall(id, { startedAt: Math.floor(i / 3) * 1000, direction: i % 2 ? 'in' : 'out' }),
    );
  const seen: string[] = [];
  for (let before: string | undefined; ; before = seen.at(-1)) {
    const page = await catalogue.calls({ limit: 4, before });
    if (page.length === 0) break;
    seen.push(...page.map((c) => c.id));
  }
  t.same(seen, ids.toReversed());
  const some = await catalogue.calls({
    from: 1000,
    to: 3000,
    direction: 'out',
    coverage: 'pending',
    limit: 99,
  });
  t.same(
    some.map((c) => c.id),
    ['C08', 'C06', 'C04'],
  );
  t.same(await catalogue.calls({ limit: 4, before: 'unknown' }), []);
});

t.test('an absorbed call lives on in the other, and its spool files keep their names', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.saveCall(aCall('A', { endedAt: null }));
  await catalogue.saveCall(aCall('B', { endedAt: null }));
  await catalogue.saveCall(aCall('C', { endedAt: null }));
  await catalogue.saveSegment(segment('A', 1));
  await catalogue.saveSegment(segment('B', 1, { inStartedAt: 500, state: 'capturing' }));
  await catalogue.absorbCall('B', 'A');
  await catalogue.absorbCall('B', 'A');
  await catalogue.saveSegment(segment('B', 1, { inStartedAt: 500 }));
  await catalogue.saveSegment(segment('B', 2));
  await catalogue.saveCall(aCall('B', { queue: 'late' }));
  t.same(
    (await catalogue.openCalls()).map((c) => c.id),
    ['A', 'C'],
  );
  const named = (await catalogue.segments('A')).map((s) => `${s.callId}-${s.seq} ${s.state}`);
  t.same(named, ['B-1 captured', 'A-1 captured', 'B-2 captured']);
  t.match(await catalogue.call('B'), { id: 'A', queue: '' });
  await catalogue.absorbCall('A', 'C');
  t.equal((await catalogue.segments('C')).length, 3);
  t.equal((await catalogue.call('B'))?.id, 'C', 'an absorbed call follows');
  await t.rejects(catalogue.absorbCall('C', 'nowhere'), { code: 'call_unknown' });
  t.equal((await catalogue.segments('C')).length, 3, 'what failed left nothing half done');
});

t.test('a consultation for a call that is absorbed is for the other from then on', async (t) => {
  const { catalogue } = await opened(t);
  for (const id of ['A', 'B']) await catalogue.saveCall(aCall(id));
  await catalogue.saveCall(aCall('ASKED', { consultFor: 'B' }));
  await catalogue.absorbCall('B', 'A');
  t.equal((await catalogue.call('ASKED'))?.consultFor, 'A');
  for (const name of ['A', 'B'])
    t.same(
      (await catalogue.calls({ consultFor: name, limit: 9 })).map((c) => c.id),
      ['ASKED'],
      `by the name ${name}`,
    );
  await catalogue.absorbCall('A', 'ASKED');
  t.equal((await catalogue.call('ASKED'))?.consultFor, null, 'none is for itself');
});

t.test('a sealed recording, its coverage and its segments come in one piece or not at all', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.saveCall(aCall('A'));
  await catalogue.saveCall(aCall('B', { endedAt: null }));
  for (const id of ['A', 'B']) await catalogue.saveSegment(segment(id, 1));
  await catalogue.saveSegment(segment('A', 2, { state: 'dropped' }));
  t.same(await catalogue.callsToPreserve(), ['A'], 'not before the call has ended');
  const peaks = randomBytes(9_001);
  await catalogue.recordingSealed(aRecording('R', 'A'), peaks, recorded);
  t.same(await catalogue.callsToPreserve(), []);
  t.same(
    (await catalogue.segments('A')).map((s) => s.state),
    ['preserved', 'dropped'],
  );
  t.same(await catalogue.peaks('R'), new Uint8Array(peaks));
  t.same((await catalogue.call('A'))?.recording, aRecording('R', 'A'));
  t.same((await catalogue.call('A'))?.coverage, recorded);
  await t.rejects(catalogue.recordingSealed(aRecording('R', 'B'), peaks, recorded));
  await t.rejects(catalogue.recordingSealed(aRecording('R2', 'nowhere'), peaks, recorded));
  t.equal((await catalogue.call('B'))?.coverage.status, 'pending');
  t.same(await catalogue.recording('R2'), null);
});

t.test('erasing: intent, tombstone, and nothing erased without an intent', async (t) => {
  const { catalogue } = await opened(t);
  const ends = { R1: null, R2: 300, R3: 200 };
  for (const [id, keepUntil] of Object.entries(ends)) {
    await catalogue.saveCall(aCall(`C${id}`));
    await catalogue.recordingSealed(aRecording(id, `C${id}`, { keepUntil }), randomBytes(50), recorded);
  }
  t.same(
    (await catalogue.keptRecordings()).map((c) => c.recording?.id),
    ['R3', 'R2', 'R1'],
  );
  t.same(
    (await catalogue.keptRecordings(1)).map((c) => c.recording?.id),
    ['R3'],
  );
  t.match(await catalogue.countKept(), { kept: 3, forEver: 1, newestSealedAt: 1_700_000_060_000 });
  await t.rejects(catalogue.erased('R3', 5), { code: 'internal' });
  t.ok(await catalogue.peaks('R3'), 'a refusal destroys nothing');
  await catalogue.eraseIntended('R3', noted('Rule: over'), 1);
  await catalogue.eraseIntended('R3', noted('another reason'), 2);
  t.match(await catalogue.recordingsErasing(), [{ id: 'R3', eraseWhy: noted('Rule: over') }]);
  await catalogue.erased('R3', 5);
  await catalogue.erased('R3', 6);
  t.match(await catalogue.erasedRecordings(9), [
    { id: 'CR3', recording: { id: 'R3', state: 'erased', erasedAt: 5, eraseWhy: noted('Rule: over') } },
  ]);
  t.equal(await catalogue.peaks('R3'), null);
  t.match(await catalogue.countKept(), { kept: 2, forEver: 1 });
  await t.rejects(catalogue.eraseIntended('unknown', noted('x'), 1), { code: 'recording_absent' });
  t.equal((await catalogue.call('CR3'))?.recording?.state, 'erased', 'the call says so');
});

t.test('purged peaks leave nothing in any file of the catalogue', async (t) => {
  const { catalogue, path } = await opened(t);
  const marks = new Map<string, Buffer>();
  const gone: Buffer[] = [];
  const sizes = [40, 700, 1_500, 3_200, 4_061, 4_092, 6_000, 20_000];
  for (let i = 0; i < 300; i++) {
    const id = randomBytes(13).toString('hex');
    const mark = randomBytes(16);
    await catalogue.saveCall(aCall(id));
    const peaks = Buffer.alloc(sizes[i % sizes.length]!, mark);
    await catalogue.recordingSealed(aRecording(id, id), peaks, recorded);
    marks.set(id, mark);
    const victim = [...marks.keys()][(i * 7919) % marks.size]!;
    if (i % 3 === 0) continue;
    await catalogue.eraseIntended(victim, noted('x'), 1);
    await catalogue.erased(victim, 2);
    gone.push(marks.get(victim)!);
    marks.delete(victim);
  }
  t.ok(await catalogue.checkpoint());
  t.equal(statSync(`${path}-wal`).size, 0);
  const file = readFileSync(path);
  t.equal(gone.filter((mark) => file.includes(mark)).length, 0);
  t.equal([...marks.values()].filter((mark) => !file.includes(mark)).length, 0, 'the others are there');
  const inRows = [...marks.values()].filter((mark) => localParts(file).includes(mark.subarray(0, 8)));
  t.equal(inRows.length, 0, 'no peaks stand in a page whose rows may move');
});

/** All pages of the file that are b-tree leaves of tables (first byte 13). */
function localParts(file: Buffer): Buffer {
  const pages = Array.from({ length: file.length / 4096 }, (_, i) => file.subarray(i * 4096, (i + 1) * 4096));
  return Buffer.concat(pages.filter((p) => p[0] === 13 && p.readUInt16BE(3) > 0 && p.readUInt16BE(3) < 200));
}

t.test('a checkpoint that a reader prevents says so', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.saveCall(aCall('A'));
  const reader = new Database(path, { readonly: true });
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM calls').get();
  await catalogue.saveCall(aCall('B'));
  t.equal(await catalogue.checkpoint(), false);
  reader.exec('COMMIT');
  t.equal(await catalogue.checkpoint(), true);
});

t.test('policy: one version after the other, and none over that of somebody else', async (t) => {
  const { catalogue } = await opened(t);
  t.same(await catalogue.policy(), {
    version: 0,
    changedAt: null,
    changedBy: '',
    policy: defaultPolicy,
    fault: null,
  });
  const policy = { ...defaultPolicy, emergency_numbers: ['112'] };
  t.equal(await catalogue.savePolicy(policy, 'ada', 5, 0), 1);
  await t.rejects(catalogue.savePolicy(defaultPolicy, 'bob', 6, 0), { code: 'policy_conflict' });
  t.equal(await catalogue.savePolicy(defaultPolicy, 'bob', 7, 1), 2);
  t.match(await catalogue.policyVersions(), [
    { version: 2, changedBy: 'bob' },
    { version: 1, policy },
  ]);
});

t.test('users and sessions', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.addUser({ ...FOUNDER, id: '1', name: 'Zoë', passwordHash: 'h', createdAt: 1 });
  await t.rejects(catalogue.addUser({ ...FOUNDER, id: '2', name: 'ZOË', passwordHash: 'h', createdAt: 1 }), {
    code: 'user_exists',
  });
  t.match(await catalogue.userByName('zoë'), { id: '1', name: 'Zoë', passwordHash: 'h' });
  t.equal(await catalogue.userByName('zoe'), null);
  const session = {
    ...{ tokenHash: 't', id: 's', userId: '1', createdAt: 0, seenAt: 0, expiresAt: 900_000 },
    ...{ address: '::1', agent: 'curl/8' },
    ...{ proofs: ['password' as const], provedAt: 0, failed: { count: 2, lastAt: 1 } },
  };
  await catalogue.addSession(session);
  const { userId, ...kept } = session;
  t.same(await catalogue.session('t'), {
    ...kept,
    renew: false,
    owes: 'nothing',
    person: { ...FOUNDER, id: userId, name: 'Zoë' },
  });
  const before = await catalogue.changeCount();
  await catalogue.touchSession('t', 59_999);
  t.equal(await catalogue.changeCount(), before, 'a glance within the minute is no write');
  await catalogue.touchSession('t', 60_000);
  t.equal((await catalogue.session('t'))?.seenAt, 60_000);
  await catalogue.removeExpiredSessions(899_999);
  t.ok(await catalogue.session('t'));
  await catalogue.removeExpiredSessions(900_000);
  t.equal(await catalogue.session('t'), null);
  await catalogue.addSession(session);
  await catalogue.removeSession('t');
  t.equal(await catalogue.session('t'), null);
});

t.test(
  'of processes that claim the set-up at once, one wins, also on a file that none has made yet',
  async (t) => {
    const run = promisify(execFile);
    const race = async (path: string) => {
      const at = String(Date.now() + 1500);
      const runs = ['ada', 'bob', 'eve'].map((name) =>
        run(process.execPath, ['--import', 'tsx', child, path, name, at]),
      );
      return (await Promise.all(runs)).map((r) => r.stdout).sort();
    };
    const { catalogue, path } = await opened(t);
    t.equal(
      await catalogue.claimSetup('the-hash', {
        ...FOUNDER,
        id: 'x',
        name: 'x',
        passwordHash: 'x',
        createdAt: 1,
      }),
      false,
    );
    await catalogue.saveSetupCode('old', 1);
    await catalogue.saveSetupCode('the-hash', 2);
    t.same(await race(path), ['lost', 'lost', 'won']);
    t.equal((await catalogue.users()).length, 1);
    t.same(
      await race(catalogueFile(join(t.testdir(), 'new'))),
      ['lost', 'lost', 'lost'],
      'no code, no winner',
    );
  },
);

t.test('time that a file lacks is kept beside its segment, and goes with it', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.saveCall(aCall('A', { test: true }));
  await catalogue.saveSegment(segment('A', 0));
  const lost = { in: [{ fromMs: 0, toMs: 2_048, ms: 400 }], out: [] };
  await catalogue.saveLost('A', 0, lost);
  await catalogue.saveSegment(segment('A', 0, { state: 'preserved' }));
  t.match(
    await catalogue.segments('A'),
    [{ state: 'preserved', lost }],
    'who saves the segment does not touch it',
  );
  const other = new Database(path);
  t.teardown(() => other.close());
  for (const broken of ['{', '{"in":[{}],"out":[]}', 'null']) {
    other.prepare('UPDATE segment_losses SET lost = ?').run(broken);
    t.equal(
      (await catalogue.segments('A'))[0]!.lost,
      undefined,
      `${broken}: the segment is there all the same`,
    );
  }
  other.pragma('foreign_keys = ON');
  other.exec("DELETE FROM segments WHERE call_id = 'A'");
  t.same(other.prepare('SELECT * FROM segment_losses').all(), []);
});
