import { FIRST } from '../../../domain/pbx.js';
import type { ReachKey } from '../../../domain/people/reach.js';
import type { CallId } from '../../../domain/recording/recording.js';
import type { CallFilter } from '../../calls.js';
import type { StoredCall } from '../../stored-call.js';
import type { Reader } from '../checked.js';
import type { Db } from '../db.js';
import { type createReach, olderThan, type Place, REACHED, type When, wanted } from '../people/reach.js';
import { createReady } from '../ready.js';
import { hasFlag } from '../recordings/ears.js';
import { storedCall } from '../rows.js';
import { searchConditions } from './search.js';

/**
 * A call with the recording that stands for it: the newest version of the newest that still is, or the newest tombstone. A version
 * that was redacted never does, also when it was kept and the redacted one is erased.
 */
export const FROM = `FROM calls LEFT JOIN recordings ON recordings.id = (
    SELECT r.id FROM recordings r WHERE r.call_id = calls.id AND r.superseded_by IS NULL AND NOT EXISTS (
      SELECT 1 FROM recordings n WHERE n.of_id = r.of_id AND n.version > r.version AND n.state <> 'erased')
    ORDER BY r.state = 'erased', r.sealed_at DESC, r.version DESC, r.id DESC LIMIT 1)`;
export const WITH_RECORDING = `SELECT calls.*, recordings.* ${FROM}`;
const AMONG = 'calls.id IN (SELECT value FROM json_each(?))';

/** Among so many calls at once is looked for what fits: a few ms. Text is in the index itself. */
const LOOKED_AT = { text: 25_000, rows: 5_000 };
/** Where somebody reaches few places, so many of their calls are looked at together at most. */
const MOST_AT_ONCE = 5_000;
/** Lists of so many places are short, and are gone through rather than all calls for a search. */
const FEW_PLACES = 10;
/** Statements that are kept ready: one for each way of narrowing the list. */
const MOST_LISTINGS = 200;

/** What was found in one go, newest first, and where the next goes on; null where nothing older is left. */
export type CallSlice = { items: StoredCall[]; next: Place | null };

type Narrowed = {
  sql: string[];
  values: unknown[];
  /**
   * What finds those that fit among all calls: an index, that of one phone alone (`ear`), or to look at the text or the rows of each;
   * null where all fit.
   */
  by: 'index' | 'ear' | 'text' | 'rows' | null;
};

/** The newest calls that fit, a slice at a time: however rare they are, and however many calls there are, no slice takes long. */
export function createListing(
  db: Db,
  deps: { reader: Reader; reach: ReturnType<typeof createReach>; current: (id: CallId) => CallId },
) {
  const { reader, reach, current } = deps;
  const stored = storedCall(reader);
  const start = db.prepare('SELECT started_at FROM calls WHERE id = ?').pluck();
  const prepared = createReady(MOST_LISTINGS, (sql) => db.prepare(sql).expand());
  const plain = createReady(MOST_LISTINGS, (sql) => db.prepare(sql));

  function list(limit: number, { sql, values }: Narrowed, among: string, ...given: unknown[]): StoredCall[] {
    const text = `${WITH_RECORDING} WHERE ${[...sql, among].join(' AND ')}
      ORDER BY calls.started_at DESC, calls.id DESC LIMIT ?`;
    return reader.fill(stored, limit, (rows) => prepared(text).all(...values, ...given, rows));
  }

  /** Goes through the calls that these reach, so many at once that a rare one is found soon. */
  function ofPlaces(
    filter: CallFilter,
    keys: readonly ReachKey[],
    when: readonly When[],
    narrowed: Narrowed,
  ): CallSlice {
    const most = narrowed.by === null ? filter.limit : MOST_AT_ONCE;
    const places = reach.merged(keys, when, most);
    const items = list(filter.limit, narrowed, AMONG, JSON.stringify(places.map(({ id }) => id)));
    return { items, next: places.length === most ? (places.at(-1) ?? null) : null };
  }

  /** Goes through the calls that a phone or line was heard in, so many at once that one with a rare fault is found soon. */
  function ofEar({ limit, ear, quality }: CallFilter, when: readonly When[], narrowed: Narrowed): CallSlice {
    const [flagged, ...flag] = qualityCondition('ears.flags', quality);
    const conditions = when.map(({ sql }) => sql('ears.started_at', 'recordings.call_id'));
    const most = narrowed.by === 'ear' ? limit : MOST_AT_ONCE;
    const places = plain(
      `SELECT DISTINCT ears.started_at AS startedAt, recordings.call_id AS id
        FROM ears INDEXED BY ears_by_name JOIN recordings ON recordings.id = ears.recording_id
        WHERE ${['ears.kind = ?', 'ears.name = ?', flagged, ...conditions].join(' AND ')}
        ORDER BY ears.started_at DESC, recordings.call_id DESC LIMIT ?`,
    ).all(ear!.kind, ear!.name, ...flag, ...when.flatMap(({ values }) => values), most) as Place[];
    const items = list(limit, narrowed, AMONG, JSON.stringify(places.map(({ id }) => id)));
    return { items, next: places.length === most ? (places.at(-1) ?? null) : null };
  }

  /** Goes through all calls of a time. */
  function ofTime(filter: CallFilter, when: readonly When[], narrowed: Narrowed): CallSlice {
    const begins = when.map(({ sql }) => sql('calls.started_at', 'calls.id'));
    const values = when.flatMap((part) => part.values);
    const { by } = narrowed;
    const end =
      by === 'text' || by === 'rows'
        ? (plain(`SELECT started_at AS startedAt, id FROM calls INDEXED BY calls_by_start WHERE ${['1', ...begins].join(' AND ')}
          ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ${LOOKED_AT[by] - 1}`).get(...values) as
            | Place
            | undefined)
        : undefined;
    if (end) {
      begins.push('(calls.started_at, calls.id) >= (?, ?)');
      values.push(end.startedAt, end.id);
    }
    const items = list(filter.limit, narrowed, begins.join(' AND ') || '1', ...values);
    return { items, next: end ?? null };
  }

  type Mine = { present: readonly ReachKey[] | null; text: () => string };
  /** What may be shown is the same in each slice of a list, and may be thousands of places. */
  const mineOf = new WeakMap<readonly ReachKey[], Mine>();
  function mine(keys: readonly ReachKey[]): Mine {
    const known = mineOf.get(keys);
    if (known) return known;
    const present = reach.present(keys);
    let text: string | undefined;
    const made: Mine = { present, text: () => (text ??= wanted(present ?? keys)) };
    mineOf.set(keys, made);
    return made;
  }

  /** From the newest, or from where another slice ended. */
  return (filter: CallFilter, from: Place | null): CallSlice => {
    const nothing: CallSlice = { items: [], next: null };
    const keys = filter.reach === 'all' ? undefined : filter.reach;
    if (keys?.length === 0) return nothing;
    const when: When[] = [];
    if (filter.from !== undefined) when.push({ sql: (time) => `${time} >= ?`, values: [filter.from] });
    if (filter.to !== undefined) when.push({ sql: (time) => `${time} < ?`, values: [filter.to] });
    if (from) when.push(olderThan(from));
    else if (filter.before !== undefined) {
      const id = current(filter.before);
      const at = keys ? reach.startOf(id, keys) : (start.get(id) as number | undefined);
      if (at === undefined) return nothing;
      when.push(olderThan({ startedAt: at, id }));
    }
    const narrowed = narrowedBy(filter, current);
    const through = filter.ear ? ofEar : ofTime;
    if (!keys) return through(filter, when, narrowed);
    const { present, text } = mine(keys);
    const byPlace = !filter.ear && (narrowed.by !== 'text' || (present ?? []).length <= FEW_PLACES);
    if (present && byPlace) return ofPlaces(filter, present, when, narrowed);
    const { sql, values } = narrowed;
    const reached: Narrowed = {
      sql: [...sql, REACHED],
      values: [...values, text()],
      by: 'rows',
    };
    return through(filter, when, reached);
  };
}

function narrowedBy(filter: CallFilter, current: (id: CallId) => CallId): Narrowed {
  const search = searchConditions(filter.text ?? '', filter.region, filter.inside);
  const sql = ['calls.test = 0', ...search.where];
  const values: unknown[] = [...search.values];
  const need = (condition: string, ...given: unknown[]) => {
    sql.push(condition);
    values.push(...given);
  };
  if (filter.direction !== undefined) need('calls.direction = ?', filter.direction);
  if (filter.pbx !== undefined) {
    need('calls.pbx = ?', filter.pbx);
    // So the index of the calls of other PBXs than the first is used.
    if (filter.pbx !== FIRST) sql.push("calls.pbx <> ''");
  }
  if (filter.coverage !== undefined) need('calls.coverage_status = ?', filter.coverage);
  if (filter.consultFor !== undefined) need('calls.consult_for = ?', current(filter.consultFor));
  const others = sql.length > 1;
  if (filter.ear !== undefined) {
    const { kind, name } = filter.ear;
    const [condition, ...flag] = qualityCondition('ears.flags', filter.quality);
    // By the recording, not by the name, which has thousands.
    const of = 'SELECT 1 FROM ears WHERE ears.recording_id = recordings.id AND +kind = ? AND +name = ?';
    need(`EXISTS (${of} AND ${condition})`, kind, name, ...flag);
  } else if (filter.quality !== undefined)
    need(...qualityCondition('recordings.quality_flags', filter.quality));
  const { quality, ear, direction } = filter;
  const rows = quality !== undefined || direction !== undefined || filter.pbx === FIRST;
  const by = ear
    ? others
      ? 'rows'
      : 'ear'
    : rows
      ? 'rows'
      : search.where.length > 0
        ? 'text'
        : sql.length > 1
          ? 'index'
          : null;
  return { sql, values, by };
}

function qualityCondition(column: string, quality: CallFilter['quality']): [string, ...string[]] {
  if (quality === undefined) return ['1'];
  return quality === 'any' ? [`${column} <> ''`] : [hasFlag(column), quality];
}
