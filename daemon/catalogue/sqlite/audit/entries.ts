import { LRUCache } from 'lru-cache';
import { iso } from '../../../domain/days.js';
import type { AuditFilter, ReadEntry } from '../../audit.js';
import type { Noun, Reader } from '../checked.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';

/** Among so many entries at once is looked for those that fit: some 20 ms. */
const LOOKED_AT = 10_000;
/** Of a time with so many entries it is known which numbers they have: some 20 ms. Of a longer one all entries are looked at. */
const MOST_IN_TIME = 250_000;
/** Statements that are kept ready: one for each way of narrowing the log. */
const MOST_READY = 100;
/** Times whose first entry is remembered from one slice to the next. */
const MOST_TIMES = 100;

/** Those that fit among the entries looked at, newest first. `next`: the older ones are before this number; null when there are none. */
export type EntriesSlice = { items: ReadEntry[]; next: number | null };

type Condition = { sql: string; value: unknown };
/** The entries of a time, up to `MOST_IN_TIME` and one, and the lowest and highest of their numbers; null where there are none. */
type InTime = { entries: number; first: number | null; last: number | null };

/** Entries of the log that fit, a slice at a time: however few of them fit, no slice takes long. */
export function createEntries(db: Db, reader: Reader, entry: Noun<ReadEntry>) {
  const ready = createReady(MOST_READY, (sql) => db.prepare(sql));
  const inTime = db.prepare<unknown[], InTime>(`
    SELECT count(*) AS entries, min(seq) AS first, max(seq) AS last FROM (
      SELECT seq FROM audit INDEXED BY audit_by_time WHERE at >= ? AND at < ? LIMIT ${MOST_IN_TIME + 1})`);
  /** What is added later has a higher number, so the first of a time stays the first. */
  const times = new LRUCache<string, InTime>({ max: MOST_TIMES });

  /** Null where there are too many. Entries are told late now and then, so a time may have numbers of long after it. */
  function numbersIn(time: Condition[], isFirst: boolean): InTime | null {
    const values = time.map(({ value }) => value);
    const key = values.join(' ');
    const known = isFirst ? undefined : times.get(key);
    const found = known ?? inTime.get(...values)!;
    times.set(key, found);
    return found.entries > MOST_IN_TIME ? null : found;
  }

  function read(from: string, where: Condition[], limit: number): ReadEntry[] {
    const sql = `SELECT audit.seq, audit.entry, audit.hash, audit_words.words
      FROM ${from} LEFT JOIN audit_words ON audit_words.seq = audit.seq
      WHERE ${where.map((one) => one.sql).join(' AND ')} ORDER BY audit.seq DESC LIMIT ?`;
    const values = where.map(({ value }) => value);
    return reader.fill(entry, limit, (rows) => ready(sql).all(...values, rows));
  }

  return (filter: AuditFilter, before: number | null, limit: number): EntriesSlice => {
    const { ordered, others } = conditionsOf(filter);
    const time = timeOf(filter);
    const named = filter.objectId !== undefined || filter.recording !== undefined;
    const numbers = time && !named ? numbersIn(time, before === null) : null;
    if (numbers?.entries === 0) return { items: [], next: null };
    const older = { sql: 'audit.seq < ?', value: before ?? filter.before ?? Number.MAX_SAFE_INTEGER };
    if (before === null && numbers) older.value = Math.min(older.value, numbers.last! + 1);
    if (time && numbers && numbers.entries <= LOOKED_AT) {
      const where = [...time, ...[...ordered, ...others].map(unordered), older];
      return { items: read('audit INDEXED BY audit_by_time', where, limit), next: null };
    }
    // An index has those of the first condition in the order of their numbers; without one all entries are looked at.
    const among = [...ordered.slice(0, 1), older];
    const least = { sql: 'audit.seq >= ?', value: numbers?.first ?? 0 };
    const last = ready(
      `SELECT audit.seq FROM audit WHERE ${[...among, least].map(({ sql }) => sql).join(' AND ')}
        ORDER BY audit.seq DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    ).get(...[...among, least].map(({ value }) => value)) as { seq: number } | undefined;
    const rest = [...ordered.slice(1), ...others, ...(time ?? [])].map(unordered);
    const newer = { sql: 'audit.seq >= ?', value: last?.seq ?? least.value };
    return { items: read('audit', [...among, newer, ...rest], limit), next: last?.seq ?? null };
  };
}

/** The same condition, for which SQLite does not go through an index. */
const unordered = ({ sql, value }: Condition): Condition => ({ sql: `+${sql}`, value });

/** `ordered`: conditions whose entries an index has in the order of their numbers, those first that few entries fit. */
function conditionsOf(filter: AuditFilter): Record<'ordered' | 'others', Condition[]> {
  const { objectId, recording, actor, actions, outcome } = filter;
  const ordered: Condition[] = [];
  const others: Condition[] = [];
  if (recording !== undefined)
    ordered.push({ sql: "audit.entry ->> '$.detail.recording' = ?", value: recording });
  if (objectId !== undefined)
    ordered.push({ sql: "audit.object_id = ? AND audit.object_id <> ''", value: objectId });
  if (actions?.length === 1) ordered.push({ sql: 'audit.action = ?', value: actions[0] });
  else if (actions)
    others.push({
      sql: 'audit.action IN (SELECT value FROM json_each(?))',
      value: JSON.stringify(actions),
    });
  if (actor !== undefined) ordered.push({ sql: 'audit.actor_key = ?', value: actor });
  if (outcome === 'ok') others.push({ sql: 'audit.outcome = ?', value: outcome });
  else if (outcome !== undefined)
    ordered.push({ sql: "audit.outcome = ? AND audit.outcome <> 'ok'", value: outcome });
  return { ordered, others };
}

/** Null where any time will do. */
function timeOf({ from, to }: AuditFilter): Condition[] | null {
  if (from === undefined && to === undefined) return null;
  return [
    { sql: 'audit.at >= ?', value: from === undefined ? '' : iso(from) },
    { sql: 'audit.at < ?', value: to === undefined ? '~' : iso(to) },
  ];
}
