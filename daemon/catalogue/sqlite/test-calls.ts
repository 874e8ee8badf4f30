import { Type } from 'typebox';
import type { Measures, TestCall } from '../../domain/call/test-call.js';
import { type TestFault, testFaults } from '../../domain/call/test-fault.js';
import { PbxId } from '../../domain/pbx.js';
import type { CallId } from '../../domain/recording/recording.js';
import type { StoredCall } from '../stored-call.js';
import { Figure, Length, noun, oneOf, orNull, type Reader, Text, Time } from './checked.js';
import type { Db } from './db.js';

const KEEP_MS = 30 * 86_400_000;

/** Infinity, of a side without any sound, was written as null. */
const Decibels = Type.Unsafe<number>(orNull(Figure));
const side = orNull(
  Type.Object({ levelDb: Decibels, separationDb: Decibels, offsetMs: Figure, dropouts: Figure }),
);

const testCall = noun({
  table: 'test_calls',
  key: (row) => `${row.pbx} ${row.at}`,
  json: ['measures'],
  shape: Type.Object({
    pbx: PbxId,
    at: Time,
    outcome: oneOf<TestCall['outcome']>({ ok: true, failed: true, skipped: true, not_set_up: true }),
    fault: orNull(Type.Unsafe<TestFault>(Type.Enum(Object.keys(testFaults) as [TestFault, ...TestFault[]]))),
    detail: Text,
    measures: orNull(Type.Unsafe<Measures>(Type.Object({ durationMs: Figure, left: side, right: side }))),
    took_ms: Length,
  }),
  make: (row): TestCall => ({
    pbx: row.pbx,
    at: row.at,
    outcome: row.outcome,
    fault: row.fault,
    detail: row.detail,
    measures: row.measures,
    tookMs: row.took_ms,
  }),
});

export function createTestCalls(db: Db, reader: Reader, stored: (id: CallId) => StoredCall | null) {
  const left = db.prepare('SELECT id FROM calls WHERE test = 1 ORDER BY id').pluck();
  const isTest = db.prepare('SELECT test FROM calls WHERE id = ?').pluck();
  const ofRecording = ['peaks', 'manifest_texts', 'manifests', 'seal_checks'].map(
    (table) => `DELETE FROM ${table} WHERE recording_id IN (SELECT id FROM recordings WHERE call_id = ?)`,
  );
  const remove = [
    ...ofRecording,
    'DELETE FROM recordings WHERE call_id = ?',
    'DELETE FROM recordings_begun WHERE call_id = ?',
    'DELETE FROM segments WHERE call_id = ?',
    'DELETE FROM absorbed WHERE into_id = ?',
    'DELETE FROM calls WHERE id = ?',
  ].map((sql) => db.prepare(sql));
  const add = db.prepare(`
    INSERT OR REPLACE INTO test_calls VALUES ($pbx, $at, $outcome, $fault, $detail, $measures, $tookMs)`);
  const forget = db.prepare(`
    DELETE FROM test_calls WHERE pbx = $pbx AND at < $before
      AND at <> (SELECT coalesce(max(at), 0) FROM test_calls WHERE pbx = $pbx AND outcome = 'ok')`);
  const newest = db.prepare('SELECT * FROM test_calls ORDER BY at DESC, pbx LIMIT ?');
  const newestOf = db.prepare('SELECT * FROM test_calls WHERE pbx = ? ORDER BY at DESC LIMIT ?');
  const lastGood = db.prepare("SELECT max(at) FROM test_calls WHERE pbx = ? AND outcome = 'ok'").pluck();

  return {
    left: (): StoredCall[] => (left.all() as CallId[]).flatMap((id) => stored(id) ?? []),
    remove(id: CallId): void {
      if (isTest.get(id) !== 1) return;
      for (const statement of remove) statement.run(id);
    },
    remember(call: TestCall): void {
      add.run({ ...call, measures: call.measures && JSON.stringify(call.measures) });
      forget.run({ pbx: call.pbx, before: call.at - KEEP_MS });
    },
    newest: (limit: number, pbx?: PbxId): TestCall[] =>
      reader.fill(testCall, limit, (rows) =>
        pbx === undefined ? newest.all(rows) : newestOf.all(pbx, rows),
      ),
    lastGood: (pbx: PbxId) => lastGood.get(pbx) as number | null,
  };
}
