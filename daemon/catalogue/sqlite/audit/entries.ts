import { iso } from '../../../domain/days.js';
import type { AuditFilter, ReadEntry } from '../../audit.js';
import type { Noun, Reader } from '../checked.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';

/** Among so many entries at once is looked for those that fit: some 20 ms. */
const LOOKED_AT = 10_000;
/** Statements that are kept ready: one for each way of narrowing the log. */
const MOST_READY = 100;

/** Those that fit among the entries looked at, newest first. `next`: the older ones are before this number; null when there are none. */
export type EntriesSlice = { items: ReadEntry[]; next: number | null };

type Condition = { sql: string; value: unknown };

/** Entries of the log that fit, a slice at a time: however few of them fit, no slice takes long. */
export function createEntries(db: Db, reader: Reader, entry: Noun<ReadEntry>) {
  const ready = createReady(MOST_READY, (sql) => db.prepare(sql));
  const inTime = db
    .prepare(`SELECT count(*) FROM (SELECT 1 FROM audit WHERE at >= ? AND at < ? LIMIT ${LOOKED_AT + 1})`)
    .pluck();

  function read(from: string, where: Condition[], limit: number): ReadEntry[] {
    const sql = `SELECT audit.seq, audit.entry, audit.hash, audit_words.words
      FROM ${from} LEFT JOIN audit_words ON audit_words.seq = audit.seq
      WHERE ${where.map((one) => one.sql).join(' AND ')} ORDER BY audit.seq DESC LIMIT ?`;
    const values = where.map(({ value }) => value);
    return reader.fill(entry, limit, (rows) => ready(sql).all(...values, rows));
  }

  return (filter: AuditFilter, before: number | null, limit: number): EntriesSlice => {
    const { ordered, others } = conditionsOf(filter);
    const older = { sql: 'audit.seq < ?', value: before ?? filter.before ?? Number.MAX_SAFE_INTEGER };
    const time = timeOf(filter);
    const named = filter.objectId !== undefined || filter.recording !== undefined;
    if (time && !named && (inTime.get(...time.map(({ value }) => value)) as number) <= LOOKED_AT) {
      const where = [...time, ...[...ordered, ...others].map(unordered), older];
      return { items: read('audit INDEXED BY audit_by_time', where, limit), next: null };
    }
    // An index has those of the first condition in the order of their numbers; without one all entries are looked at.
    const among = [...ordered.slice(0, 1), older];
    const last = ready(
      `SELECT audit.seq FROM audit WHERE ${among.map(({ sql }) => sql).join(' AND ')}
        ORDER BY audit.seq DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    ).get(...among.map(({ value }) => value)) as { seq: number } | undefined;
    const rest = [...ordered.slice(1), ...others, ...(time ?? [])].map(unordered);
    const newer = { sql: 'audit.seq >= ?', value: last?.seq ?? 0 };
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
