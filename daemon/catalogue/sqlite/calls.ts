import { searchText } from '../../domain/call/search.js';
import { fail } from '../../domain/error.js';
import type { ReachKey } from '../../domain/people/reach.js';
import type { KeptDecision } from '../../domain/policy/policy.js';
import { writeWhy } from '../../domain/reason/reason.js';
import type { CallId, CallRecord, Coverage, CoverageStatus } from '../../domain/recording/recording.js';
import type { OpenCall, StoredCall } from '../stored-call.js';
import { createListing, FROM, WITH_RECORDING } from './calls/listing.js';
import type { Reader } from './checked.js';
import type { Db } from './db.js';
import { createReach } from './people/reach.js';
import { openCall, storedCall } from './rows.js';

const AMONG = 'calls.id IN (SELECT value FROM json_each(?))';

/** Of so many of somebody's newest calls a page hears at once when they change. */
const WATCHED = 100;
const UNDECIDED: Coverage = { status: 'pending', why: null, rule: null, missingMs: 0 };
const UNANSWERED: Coverage = { status: 'none', why: null, rule: null, missingMs: 0 };

const covered = ({ why, ...coverage }: Coverage) => ({ ...coverage, reason: writeWhy(why) });

export function createCalls(db: Db, reader: Reader) {
  const stored = storedCall(reader);
  const save = db.prepare(`
    INSERT INTO calls VALUES (
      $id, $linkedids, $direction, $startedAt, $answeredAt, $endedAt, $outcome, $them, $us, $dialled, $did, $queue,
      $status, $reason, $rule, $missingMs, $legs, $marks, $search, $consultFor, $test, $decision, $pbx, $facts, NULL, NULL, $imported)
    ON CONFLICT (id) DO UPDATE SET
      linkedids = excluded.linkedids, direction = excluded.direction, started_at = excluded.started_at,
      answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
      them = excluded.them, us = excluded.us, dialled = excluded.dialled, did = excluded.did,
      queue = excluded.queue, legs = excluded.legs, marks = excluded.marks, search = excluded.search,
      consult_for = excluded.consult_for, facts = excluded.facts, imported = excluded.imported,
      coverage_status = CASE WHEN $decided OR (coverage_status = 'none' AND $answeredAt IS NOT NULL)
        THEN excluded.coverage_status ELSE coverage_status END,
      coverage_reason = iif($decided, excluded.coverage_reason, coverage_reason),
      coverage_rule = iif($decided, excluded.coverage_rule, coverage_rule),
      missing_ms = iif($decided, excluded.missing_ms, missing_ms),
      decision = coalesce(excluded.decision, decision)
    WHERE names_removed_at IS NULL`);
  const cover = db.prepare(`
    UPDATE calls SET coverage_status = $status, coverage_reason = $reason, coverage_rule = $rule,
      missing_ms = $missingMs WHERE id = $id`);
  const one = db.prepare(`${WITH_RECORDING} WHERE calls.id = ?`).expand();
  const nameless = db.prepare('SELECT 1 FROM calls WHERE id = ? AND names_removed_at IS NOT NULL').pluck();
  const startBefore = db
    .prepare('SELECT started_at FROM calls WHERE started_at < ? ORDER BY started_at DESC LIMIT 1 OFFSET ?')
    .pluck();
  const open = db.prepare('SELECT * FROM calls WHERE ended_at IS NULL ORDER BY id');
  const start = db.prepare('SELECT started_at FROM calls WHERE id = ?').pluck();
  // The plus keeps SQLite from going through the index over the status, which has every call there ever was.
  const counts = db.prepare(`
    SELECT coverage_status AS status, count(*) AS calls FROM calls
    WHERE started_at >= ? AND answered_at IS NOT NULL AND test = 0 AND +coverage_status <> 'imported'
    GROUP BY +coverage_status`);
  const into = db.prepare('SELECT into_id FROM absorbed WHERE id = ?').pluck();
  const remember = db.prepare('INSERT INTO absorbed VALUES (?, ?)');
  const follow = db.prepare('UPDATE absorbed SET into_id = $into WHERE into_id = $from');
  const moveSegments = db.prepare('UPDATE segments SET call_id = $into WHERE call_id = $from');
  const moveDirectives = db.prepare('UPDATE directives SET call_id = $into WHERE call_id = $from');
  const moveTellings = db.prepare('UPDATE tellings SET call_id = $into WHERE call_id = $from');
  const moveNotice = db.prepare('UPDATE OR IGNORE notices SET call_id = $into WHERE call_id = $from');
  const dropNotice = db.prepare('DELETE FROM notices WHERE call_id = ?');
  const moveRecordings = db.prepare('UPDATE recordings SET call_id = $into WHERE call_id = $from');
  const moveBegun = db.prepare('UPDATE recordings_begun SET call_id = $into WHERE call_id = $from');
  const moveConsultations = db.prepare(
    'UPDATE calls SET consult_for = nullif($into, id) WHERE consult_for = $from',
  );
  const drop = db.prepare('DELETE FROM calls WHERE id = ?');
  /** What of a call and its recording changes while somebody looks at it. */
  const changing = db.prepare(`
    SELECT calls.id, calls.answered_at, calls.ended_at, calls.coverage_status, calls.them, calls.us,
      length(calls.legs) AS legs, length(calls.marks) AS marks, recordings.id AS recording, recordings.state
    ${FROM} WHERE ${AMONG} ORDER BY calls.id`);
  const reach = createReach(db);

  /** The id under which a call is kept now: its own, or that of the call that it became part of. */
  const current = (id: CallId): CallId => (into.get(id) as CallId | undefined) ?? id;
  const listing = createListing(db, { reader, reach, current });

  function decideCoverage(id: CallId, coverage: Coverage): void {
    if (cover.run({ ...covered(coverage), id: current(id) }).changes === 0) throw fail('call_unknown', id);
  }

  return {
    current,
    decideCoverage,

    /** A call that became part of another is not written any more. */
    save(call: CallRecord, coverage?: Coverage, decision?: KeptDecision): void {
      if (current(call.id) !== call.id) return;
      save.run({
        ...call,
        ...covered(coverage ?? (call.answeredAt === null ? UNANSWERED : UNDECIDED)),
        decided: coverage === undefined ? 0 : 1,
        linkedids: JSON.stringify(call.linkedids),
        them: JSON.stringify(call.them),
        us: JSON.stringify(call.us),
        legs: JSON.stringify(call.legs),
        marks: JSON.stringify(call.marks),
        search: searchText(call),
        test: call.test ? 1 : 0,
        facts: call.facts && JSON.stringify(call.facts),
        imported: call.imported ? JSON.stringify(call.imported) : null,
        decision: decision ? JSON.stringify(decision) : null,
      });
      if (nameless.get(call.id) === undefined) reach.save(call);
    },

    call: (id: CallId): StoredCall | null => reader.one(stored, one.get(current(id))),
    /** The same, but null for a call whose row cannot be read. */
    readable: (id: CallId): StoredCall | null => reader.orNull(stored, one.get(current(id))),

    list: listing,

    startBefore: (at: number, skip: number): number | null =>
      (startBefore.get(at, skip) as number | undefined) ?? null,

    reachMark(keys: readonly ReachKey[]): string {
      const ids = reach.newest(keys, WATCHED).map(({ id }) => id);
      return ids.length === 0 ? '' : JSON.stringify(changing.all(JSON.stringify(ids)));
    },

    open: (): OpenCall[] => reader.all(openCall, open.all()),

    coverageSince(at: number): Partial<Record<CoverageStatus, number>> {
      const rows = counts.all(at) as { status: CoverageStatus; calls: number }[];
      return Object.fromEntries(rows.map((row) => [row.status, row.calls]));
    },

    /** Segments keep the name that their spool files have; only whose they are changes. */
    absorb(from: CallId, target: CallId): void {
      const into = current(target);
      if (current(from) === into) return;
      if (start.get(into) === undefined) throw fail('call_unknown', target);
      const move = { from, into };
      moveSegments.run(move);
      moveDirectives.run(move);
      moveTellings.run(move);
      moveNotice.run(move);
      dropNotice.run(from);
      moveRecordings.run(move);
      moveBegun.run(move);
      moveConsultations.run(move);
      follow.run(move);
      drop.run(from);
      remember.run(from, into);
    },
  };
}
