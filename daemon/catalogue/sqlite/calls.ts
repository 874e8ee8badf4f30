import { searchText } from '../../domain/call/search.js';
import { fail } from '../../domain/error.js';
import { FIRST } from '../../domain/pbx.js';
import type { ReachKey } from '../../domain/people/reach.js';
import type { KeptDecision } from '../../domain/policy/policy.js';
import { writeWhy } from '../../domain/reason/reason.js';
import type { CallId, CallRecord, Coverage, CoverageStatus } from '../../domain/recording/recording.js';
import type { CallFilter } from '../calls.js';
import type { OpenCall, StoredCall } from '../stored-call.js';
import { searchConditions } from './calls/search.js';
import type { Reader } from './checked.js';
import type { Db } from './db.js';
import { createReach, olderThan, type When } from './people/reach.js';
import { createReady } from './ready.js';
import { hasFlag } from './recordings/ears.js';
import { openCall, storedCall } from './rows.js';

/**
 * A call with the recording that stands for it: the newest version of the newest that still is, or the newest tombstone. A version
 * that was redacted never does, also when it was kept and the redacted one is erased.
 */
const FROM = `FROM calls LEFT JOIN recordings ON recordings.id = (
    SELECT r.id FROM recordings r WHERE r.call_id = calls.id AND r.superseded_by IS NULL AND NOT EXISTS (
      SELECT 1 FROM recordings n WHERE n.of_id = r.of_id AND n.version > r.version AND n.state <> 'erased')
    ORDER BY r.state = 'erased', r.sealed_at DESC, r.version DESC, r.id DESC LIMIT 1)`;
const WITH_RECORDING = `SELECT calls.*, recordings.* ${FROM}`;
const AMONG = 'calls.id IN (SELECT value FROM json_each(?))';

/** Of so many of somebody's newest calls a page hears at once when they change. */
const WATCHED = 100;
/** Where few of somebody's calls fit, so many of them are looked at together at most. */
const MOST_AT_ONCE = 5000;
/** Statements that are kept ready: one for each way of narrowing the list. */
const MOST_LISTINGS = 200;

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
  const prepared = createReady(MOST_LISTINGS, (sql) => db.prepare(sql).expand());

  /** The id under which a call is kept now: its own, or that of the call that it became part of. */
  const current = (id: CallId): CallId => (into.get(id) as CallId | undefined) ?? id;

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

    calls(filter: CallFilter): StoredCall[] {
      const keys = filter.reach === 'all' ? undefined : filter.reach;
      if (keys?.length === 0) return [];
      const search = searchConditions(filter.text ?? '', filter.region);
      const where = ['calls.test = 0', ...search.where];
      const values: unknown[] = [...search.values];
      const need = (condition: string, ...given: unknown[]) => {
        where.push(condition);
        values.push(...given);
      };
      const when: When[] = [];
      if (filter.from !== undefined) when.push({ sql: (time) => `${time} >= ?`, values: [filter.from] });
      if (filter.to !== undefined) when.push({ sql: (time) => `${time} < ?`, values: [filter.to] });
      if (filter.before !== undefined) {
        const id = current(filter.before);
        const at = keys ? reach.startOf(id, keys) : (start.get(id) as number | undefined);
        if (at === undefined) return [];
        when.push(olderThan({ startedAt: at, id }));
      }
      if (filter.direction !== undefined) need('calls.direction = ?', filter.direction);
      if (filter.pbx !== undefined) {
        need('calls.pbx = ?', filter.pbx);
        // So the index of the calls of other PBXs than the first is used.
        if (filter.pbx !== FIRST) where.push("calls.pbx <> ''");
      }
      if (filter.coverage !== undefined) need('calls.coverage_status = ?', filter.coverage);
      if (filter.ear !== undefined) {
        const { kind, name } = filter.ear;
        const [condition, ...flag] = qualityCondition('ears.flags', filter.quality);
        const of = `SELECT 1 FROM ears WHERE ears.recording_id = recordings.id AND kind = ? AND name = ?`;
        need(`EXISTS (${of} AND ${condition})`, kind, name, ...flag);
      } else if (filter.quality !== undefined)
        need(...qualityCondition('recordings.quality_flags', filter.quality));
      if (filter.consultFor !== undefined) need('calls.consult_for = ?', current(filter.consultFor));
      const list = (limit: number, among: string, ...given: unknown[]) => {
        const sql = `${WITH_RECORDING} WHERE ${[...where, among].join(' AND ')}
          ORDER BY calls.started_at DESC, calls.id DESC LIMIT ?`;
        return reader.fill(stored, limit, (rows) => prepared(sql).all(...values, ...given, rows));
      };
      if (!keys) {
        const then = when.map(({ sql }) => sql('calls.started_at', 'calls.id')).join(' AND ') || '1';
        return list(filter.limit, then, ...when.flatMap((part) => part.values));
      }
      const found: StoredCall[] = [];
      let older: When[] = [];
      for (let most = filter.limit; ; most = Math.min(MOST_AT_ONCE, most * 4)) {
        const places = reach.newest(keys, [...when, ...older], most);
        const ids = JSON.stringify(places.map(({ id }) => id));
        found.push(...list(filter.limit - found.length, AMONG, ids));
        const last = places.at(-1);
        if (found.length === filter.limit || !last || places.length < most) return found;
        older = [olderThan(last)];
      }
    },

    startBefore: (at: number, skip: number): number | null =>
      (startBefore.get(at, skip) as number | undefined) ?? null,

    reachMark(keys: readonly ReachKey[]): string {
      const ids = reach.newest(keys, [], WATCHED).map(({ id }) => id);
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

function qualityCondition(column: string, quality: CallFilter['quality']): [string, ...string[]] {
  if (quality === undefined) return ['1'];
  return quality === 'any' ? [`${column} <> ''`] : [hasFlag(column), quality];
}
