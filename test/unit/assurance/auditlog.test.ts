import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { createOutbox } from '../../../daemon/catalogue/outbox.js';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import {
  type AuditEntry,
  digestOf,
  digestOfWords,
  EMPTY,
  entryOf,
  linked,
  TAPEDECK,
} from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { policyChanges } from '../../../daemon/domain/policy/policy-changes.js';
import { type Heard, inside, joined, lengthOf, written } from '../../../daemon/domain/recording/stretches.js';
import { aLog, opened, view } from '../../support/catalogue/audit-lab.js';
import { programOf } from '../../support/program-of.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';
import { runs } from '../../support/search/share-of-search.js';

const log = pino({ level: 'silent' });
const NOW = Date.UTC(2026, 10, 25, 17);
const ada = { actor: 'person', actor_id: 'P1', actor_name: 'Ada', address: '::1' } as const;

const none = { given: [], kept: [] };

t.test('entries are only ever added to the end', async (t) => {
  const c = await opened(t);
  for (let n = 0; n < 5; n++) await c.audit.append(view(n));
  const db = new Database(c.path);
  t.teardown(() => db.close());
  const whole = db.prepare('SELECT count(*) FROM audit').pluck();
  const hash = Buffer.alloc(32);
  for (const [sql, why] of [
    ["UPDATE audit SET entry = '{}' WHERE seq = 2", /never changed/],
    ['UPDATE OR REPLACE audit SET seq = 3 WHERE seq = 2', /never changed/],
    ['DELETE FROM audit WHERE seq = 6', /never removed/],
    ['DELETE FROM audit', /never removed/],
    ["INSERT OR REPLACE INTO audit (seq, entry, hash) VALUES (2, '{}', x'00')", /only added to its end/],
    ["REPLACE INTO audit (seq, entry, hash) VALUES (6, '{}', x'00')", /only added to its end/],
    ["INSERT OR IGNORE INTO audit (seq, entry, hash) VALUES (9, '{}', x'00')", /only added to its end/],
    ["INSERT INTO audit (seq, entry, hash) VALUES (0, '{}', x'00')", /only added to its end/],
    ["INSERT INTO audit (entry, hash) VALUES ('{}', x'00')", /only added to its end/],
    [
      "INSERT INTO audit (seq, entry, hash) VALUES (2, '{}', x'00') ON CONFLICT (seq) DO UPDATE SET entry = '{}'",
      /only added to its end|never changed/,
    ],
  ] as const) {
    t.throws(() => db.exec(sql), why, sql);
    t.equal(whole.get(), 6);
  }
  t.throws(() => db.prepare('UPDATE audit SET hash = ?').run(hash), /never changed/);
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 6 } });
});

t.test('an existing catalogue begins its log with an entry that says so', async (t) => {
  const c = await opened(t);
  await c.calls.save(aCall('A'));
  await c.audit.append(view(1));
  const [second, first] = (await c.audit.entries({ limit: 9 })) as unknown as [AuditEntry, AuditEntry];
  t.match(first, {
    seq: 1,
    action: 'begin',
    actor: 'tapedeck',
    detail: { of: 'an existing catalogue', calls: 1 },
  });
  t.match(second, { seq: 2, action: 'view', actor_name: 'Ada' });
  t.equal(first.detail.log, await c.audit.id());
  const plain = ({ hash: _, words: __, ...entry }: AuditEntry & { words?: unknown }) => entry;
  const head = [first, second].reduce((before, e) => linked(before, digestOf(plain(e))), EMPTY.hash);
  t.same(await c.audit.head(), { size: 2, hash: head }, 'what anybody comes to who follows the rules');
  t.equal(second.hash, head);
  t.equal(Object.hasOwn(plain(second), 'hash'), false);
  const fresh = await opened(t, join(t.testdirName, 'fresh.db'));
  await fresh.audit.append(view(1));
  t.match((await fresh.audit.entries({ limit: 1, before: 2 }))[0]?.detail, { of: 'a new catalogue' });
});

t.test('whatever text somebody gives can be written and comes back', async (t) => {
  const c = await opened(t);
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string({ unit: 'binary' })),
      async (a, list) => {
        const wild = a + String.fromCharCode(0xd800);
        await c.audit.append(
          entryOf({ ...ada, actor_name: wild }, NOW, 'view', {
            reason: a,
            detail: { wild, list, n: Number.NaN },
          }),
        );
        const [e] = await c.audit.entries({ limit: 1 });
        return e?.actor_name === wild.slice(0, 1000).toWellFormed() && e.detail.n === null;
      },
    ),
    { numRuns: 100 },
  );
  t.equal(verifyAudit(c.path, none).fault, null);
});

t.test('an entry is there with what it is about, or neither is', async (t) => {
  const c = await opened(t);
  await c.audited(view(1), (c) => c.calls.save(aCall('A')));
  t.equal((await c.audit.head()).size, 2);
  await t.rejects(
    c.audited(view(2), (c) => c.recordings.erased('nobody', 1)),
    { code: 'recording_absent' },
  );
  t.equal((await c.audit.head()).size, 2, 'what failed left no entry');
  const { policy } = await c.policy.newest();
  const version = await c.audited<number>(
    (made) => entryOf(ada, NOW, 'policy_change', { object_id: String(made) }),
    (c) => c.policy.save(policy, 'Ada', NOW, 0),
  );
  t.match(await c.audit.entries({ limit: 1 }), [{ action: 'policy_change', object_id: `${version}` }]);
  t.equal(
    await c.audited<boolean>(
      (gone) => (gone ? view(3) : null),
      (c) => c.tokens.remove('P1', 'none'),
    ),
    false,
  );
  t.equal((await c.audit.head()).size, 3, 'nothing was done, nothing is said');

  const asked = [
    c.audit.append(view(10)),
    c.audited(view(11), (c) => c.calls.save(aCall('B'))),
    c.audited(view(12), (c) => c.recordings.erased('nobody', 1)),
    c.audit.append(view(13)),
  ];
  const came = await Promise.allSettled(asked);
  t.same(
    came.map((r) => r.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    'of one commit the one that could not be done is left out',
  );
  const said = (await c.audit.entries({ limit: 3 })).map((e) => e.detail.n).reverse();
  t.same(said, [10, 11, 13], 'in the order in which they were asked for');
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 6 } });
});

t.test('two processes that write at once, killed at any moment, leave a log that is whole', async (t) => {
  const path = catalogueFile(t.testdir({}));
  await aLog(path, 1);
  const program = join(import.meta.dirname, '../../support/catalogue/audit-writer.ts');
  const durable = new Map<number, string>();
  const more = (count: number) => {
    const then = durable.size;
    return until(`${count} more entries`, () => durable.size >= then + count);
  };
  let size = 2;
  for (let round = 0; round < 3; round++) {
    const writers = ['X', 'Y'].map((name) => {
      const child = spawn(process.execPath, [...programOf(program), path, `${name}${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.teardown(() => child.kill('SIGKILL'));
      let rest = '';
      child.stdout.on('data', (said) => {
        const lines = (rest + said).split('\n');
        rest = lines.pop()!;
        for (const line of lines) durable.set(Number(line.split(' ')[1]), line.split(' ')[0]!);
      });
      const gone = new Promise((resolve) => child.once('close', resolve));
      return { child, gone, said: () => [...durable.values()].includes(`${name}${round}`) };
    });
    await until('both have written', () => writers.every((w) => w.said()));
    const [first, second] = writers;
    await more(randomInt(300));
    first!.child.kill('SIGKILL');
    await more(randomInt(40));
    second!.child.kill('SIGKILL');
    await Promise.all(writers.map((w) => w.gone));
    const verdict = verifyAudit(path, none);
    t.equal(verdict.fault, null, `round ${round}`);
    t.ok(verdict.head.size > size, `${verdict.head.size - size} more entries`);
    size = verdict.head.size;
  }
  const c = await opened(t, path);
  const byWhom = new Map((await c.audit.entries({ limit: 100_000 })).map((e) => [e.seq, e]));
  t.ok(
    [...durable].every(([seq, name]) => byWhom.get(seq)?.actor_name === name),
    'what was acknowledged is there',
  );
  const turns = [...byWhom.values()].map((e) => e.actor_name);
  t.ok(
    turns.some((name, i) => i > 0 && name[0] !== turns[i - 1]![0]),
    'they took turns',
  );
  t.equal([...byWhom.values()].filter((e) => e.detail.what === 'never').length, 0);
  const stored = await c.calls.list({ limit: 100_000 });
  t.equal(
    [...byWhom.values()].filter((e) => e.detail.what === 'with a call').length,
    stored.length,
    'as many calls as entries with a call',
  );
  for (const name of ['X0', 'Y0']) {
    const mine = [...byWhom.values()].filter((e) => e.actor_name === name && e.detail.what === 'alone');
    const order = mine.sort((a, b) => a.seq - b.seq).map((e) => Number(e.detail.n));
    t.same(order, [...order.keys()], 'each in its own order, without a gap');
  }
});

t.test('words that were looked for are proven while they are kept, and then forgotten', async (t) => {
  const c = await opened(t);
  await c.audit.append({
    ...entryOf(ada, NOW, 'search', { words: 'Ines +4930123444' }),
    detail: { digits: 10 },
  });
  await c.audit.append(entryOf(ada, NOW + 1000, 'search', { words: 'new' }));
  const db = new Database(c.path, { readonly: true });
  const { entry } = db.prepare('SELECT entry FROM audit WHERE seq = 2').get() as { entry: string };
  t.notMatch(entry, /Ines|4930123444/);
  const kept = db.prepare('SELECT salt, words FROM audit_words WHERE seq = 2').get() as Record<
    string,
    string
  >;
  t.equal(JSON.parse(entry).detail.words, digestOfWords(kept.salt!, kept.words!));
  t.match(await c.audit.entries({ limit: 2 }), [{ words: 'new' }, { words: 'Ines +4930123444' }]);
  t.equal(await c.audit.forgetWords(NOW + 1), 1);
  t.match(await c.audit.entries({ limit: 2 }), [{ words: 'new' }, { words: null, detail: { digits: 10 } }]);
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 3 } }, 'and the log is whole');
  db.close();
  await c.checkpoint();
  await c.stop();
  t.notOk(readFileSync(c.path).includes('4930123444'), 'nothing of them is left in the file');
});

t.test('the log is found by person, call, action, outcome and time, by its indexes', async (t) => {
  const c = await opened(t);
  for (let n = 0; n < 50; n++) await c.audit.append(view(n));
  await c.audit.append(
    entryOf({ ...ada, actor_id: 'P2', actor_name: 'Bo' }, NOW, 'play', { outcome: 'refused' }),
  );
  const seqs = async (filter: object) => (await c.audit.entries({ limit: 100, ...filter })).map((e) => e.seq);
  t.same(await seqs({ actor: 'P2' }), [52]);
  t.same(await seqs({ objectId: 'C3', before: 30 }), [26, 19, 12, 5]);
  t.same(await seqs({ actions: ['play', 'begin'] }), [52, 1]);
  t.same(await seqs({ outcome: 'refused' }), [52]);
  t.same(await seqs({ from: NOW + 10_000, to: NOW + 12_000 }), [13, 12]);
  t.same((await seqs({ limit: 2, before: 10 })).length, 2);
  t.match(await c.audit.actors(), [
    { id: 'P1', name: 'Ada' },
    { id: 'P2', name: 'Bo' },
  ]);
  const db = new Database(c.path, { readonly: true });
  t.teardown(() => db.close());
  const plan = (where: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN SELECT * FROM audit WHERE ${where} ORDER BY seq DESC LIMIT 50`)
      .all()
      .map((r) => (r as { detail: string }).detail)
      .join();
  t.match(plan("actor_key = 'P1'"), /audit_by_actor/);
  t.match(plan("object_id = 'C1' AND object_id <> ''"), /audit_by_object/);
  t.match(plan("action = 'play'"), /audit_by_action/);
  t.match(plan("outcome = 'refused' AND outcome <> 'ok'"), /audit_by_outcome/);
  t.match(plan("at >= '2026-11-25' AND at < '2026-11-26'"), /audit_by_time|audit/);
});

t.test(
  'while another program holds the catalogue, those who follow calls go on, and all is written later',
  async (t) => {
    const c = await opened(t);
    const outbox = createOutbox(c, { log, onWritten: () => {} });
    t.teardown(() => outbox.stop());
    await outbox.catalogue.note(entryOf(TAPEDECK, NOW, 'start'));
    const other = new Database(c.path);
    other.exec('BEGIN EXCLUSIVE');
    await outbox.catalogue.calls.save(aCall('A'));
    await outbox.catalogue.note(entryOf(TAPEDECK, NOW, 'blind_window'));
    await t.rejects(c.calls.save(aCall('B')), { code: 'catalogue_locked' }, 'it is still held');
    other.exec('COMMIT');
    other.close();
    await outbox.flush();
    t.ok(await c.calls.get('A'));
    t.match(
      (await c.audit.entries({ limit: 2 })).map((e) => e.action),
      ['blind_window', 'start'],
    );
  },
);

t.test('stretches are joined, and only what was sent counts', async (t) => {
  const stretch = fc
    .tuple(fc.nat(1000), fc.nat(1000))
    .map(([a, b]): Heard => [Math.min(a, b), Math.max(a, b) + 1]);
  const covered = (list: readonly Heard[]) =>
    new Set(list.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i)));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 9 }), fc.array(stretch, { maxLength: 9 }), (a, b) => {
      const [x, y] = [joined(a, 0), joined(b, 0)];
      const [all, theirs] = [covered(a), covered(b)];
      const both = covered(inside(x, y));
      return (
        covered(x).size === all.size &&
        [...covered(x)].every((ms) => all.has(ms)) &&
        x.every(([from], i) => i === 0 || from > x[i - 1]![1]) &&
        [...both].every((ms) => all.has(ms) && theirs.has(ms)) &&
        both.size === [...all].filter((ms) => theirs.has(ms)).length &&
        lengthOf(inside(x, y)) === both.size
      );
    }),
    { numRuns: runs(200) },
  );
  t.same(
    written([
      [12_000.4, 100_000],
      [0, 5],
    ]),
    ['0-5', '12000-100000'],
  );
});

t.test('a change of the rules is told in words, and outside numbers are counted', async (t) => {
  const rule = { name: 'Sales', reason: 'law', when: { number_prefix: ['+4930123444'] }, keep_days: 30 };
  const before = { record: [], retention: [rule], emergency_numbers: ['112'] };
  const after = {
    ...before,
    retention: [
      { ...rule, keep_days: 90, when: { number_prefix: ['+4930123444', '+4940'], queue: ['sales'] } },
    ],
  };
  const lines = policyChanges(before, after);
  t.same(lines, [
    'retention: "Sales" is changed: keep_days 30 -> 90, number_prefix 1 -> 2 numbers, queue any -> sales',
  ]);
  t.same(policyChanges(before, before), []);
});
