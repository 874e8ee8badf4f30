import { fail } from '../../domain/error.js';
import type { CallId, CallRecord, Coverage } from '../../domain/recording.js';
import type { CallFilter, StoredCall } from '../catalogue.js';
import type { Db } from './db.js';
import { type CallRow, type RecordingRow, toCall, toRecording, toStored } from './rows.js';
import { searchConditions, searchText } from './search.js';

/** A call with the recording that stands for it: the newest that still is, or the newest tombstone. */
const WITH_RECORDING = `
  SELECT calls.*, recordings.* FROM calls LEFT JOIN recordings ON recordings.id = (
    SELECT r.id FROM recordings r WHERE r.call_id = calls.id
    ORDER BY r.state = 'erased', r.sealed_at DESC, r.id DESC LIMIT 1)`;

type Joined = { calls: CallRow; recordings: RecordingRow | { id: null } };

const joined = (row: Joined) =>
  toStored(row.calls, row.recordings.id === null ? null : toRecording(row.recordings));

const UNDECIDED: Coverage = { status: 'pending', reason: '', rule: null, missingMs: 0 };
const UNANSWERED: Coverage = { status: 'none', reason: '', rule: null, missingMs: 0 };

export function createCalls(db: Db) {
  const save = db.prepare(`
    INSERT INTO calls VALUES (
      $id, $linkedids, $direction, $startedAt, $answeredAt, $endedAt, $outcome, $them, $us, $dialled, $did, $queue,
      $status, $reason, $rule, $missingMs, $legs, $marks, $search)
    ON CONFLICT (id) DO UPDATE SET
      linkedids = excluded.linkedids, direction = excluded.direction, started_at = excluded.started_at,
      answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
      them = excluded.them, us = excluded.us, dialled = excluded.dialled, did = excluded.did,
      queue = excluded.queue, legs = excluded.legs, marks = excluded.marks, search = excluded.search,
      coverage_status = CASE WHEN $decided OR (coverage_status = 'none' AND $answeredAt IS NOT NULL)
        THEN excluded.coverage_status ELSE coverage_status END,
      coverage_reason = iif($decided, excluded.coverage_reason, coverage_reason),
      coverage_rule = iif($decided, excluded.coverage_rule, coverage_rule),
      missing_ms = iif($decided, excluded.missing_ms, missing_ms)`);
  const cover = db.prepare(`
    UPDATE calls SET coverage_status = $status, coverage_reason = $reason, coverage_rule = $rule,
      missing_ms = $missingMs WHERE id = $id`);
  const one = db.prepare(`${WITH_RECORDING} WHERE calls.id = ?`).expand();
  const open = db.prepare('SELECT * FROM calls WHERE ended_at IS NULL ORDER BY id');
  const start = db.prepare('SELECT started_at FROM calls WHERE id = ?').pluck();
  const into = db.prepare('SELECT into_id FROM absorbed WHERE id = ?').pluck();
  const remember = db.prepare('INSERT INTO absorbed VALUES (?, ?)');
  const follow = db.prepare('UPDATE absorbed SET into_id = $into WHERE into_id = $from');
  const moveSegments = db.prepare('UPDATE segments SET call_id = $into WHERE call_id = $from');
  const moveRecordings = db.prepare('UPDATE recordings SET call_id = $into WHERE call_id = $from');
  const drop = db.prepare('DELETE FROM calls WHERE id = ?');
  const listing = new Map<string, ReturnType<typeof db.prepare>>();

  /** The id under which a call is kept now: its own, or that of the call that it became part of. */
  const current = (id: CallId): CallId => (into.get(id) as CallId | undefined) ?? id;

  function decideCoverage(id: CallId, coverage: Coverage): void {
    if (cover.run({ ...coverage, id: current(id) }).changes === 0) throw fail('call_unknown', id);
  }

  return {
    current,
    decideCoverage,

    /** A call that became part of another is not written any more. */
    save(call: CallRecord, coverage?: Coverage): void {
      if (current(call.id) !== call.id) return;
      save.run({
        ...call,
        ...(coverage ?? (call.answeredAt === null ? UNANSWERED : UNDECIDED)),
        decided: coverage === undefined ? 0 : 1,
        linkedids: JSON.stringify(call.linkedids),
        them: JSON.stringify(call.them),
        us: JSON.stringify(call.us),
        legs: JSON.stringify(call.legs),
        marks: JSON.stringify(call.marks),
        search: searchText(call),
      });
    },

    call(id: CallId): StoredCall | null {
      const row = one.get(current(id)) as Joined | undefined;
      return row ? joined(row) : null;
    },

    calls(filter: CallFilter): StoredCall[] {
      const search = searchConditions(filter.text ?? '');
      const where = [...search.where];
      const values: unknown[] = [...search.values];
      const need = (condition: string, ...given: unknown[]) => {
        where.push(condition);
        values.push(...given);
      };
      if (filter.from !== undefined) need('calls.started_at >= ?', filter.from);
      if (filter.to !== undefined) need('calls.started_at < ?', filter.to);
      if (filter.direction !== undefined) need('calls.direction = ?', filter.direction);
      if (filter.coverage !== undefined) need('calls.coverage_status = ?', filter.coverage);
      if (filter.before !== undefined) {
        const id = current(filter.before);
        const at = start.get(id) as number | undefined;
        if (at === undefined) return [];
        need('(calls.started_at, calls.id) < (?, ?)', at, id);
      }
      const sql = `${WITH_RECORDING} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
        ORDER BY calls.started_at DESC, calls.id DESC LIMIT ?`;
      const list = listing.get(sql) ?? db.prepare(sql).expand();
      listing.set(sql, list);
      return (list.all(...values, filter.limit) as Joined[]).map(joined);
    },

    open: (): CallRecord[] => (open.all() as CallRow[]).map(toCall),

    /** Segments keep the name that their spool files have; only whose they are changes. */
    absorb(from: CallId, target: CallId): void {
      const into = current(target);
      if (current(from) === into) return;
      if (start.get(into) === undefined) throw fail('call_unknown', target);
      const move = { from, into };
      moveSegments.run(move);
      moveRecordings.run(move);
      follow.run(move);
      drop.run(from);
      remember.run(from, into);
    },
  };
}
