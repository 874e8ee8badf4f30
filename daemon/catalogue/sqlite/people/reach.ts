import { type ReachKey, reachKeys } from '../../../domain/people/reach.js';
import type { CallId, CallRecord } from '../../../domain/recording/recording.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';

/** The lists of up to so many keys, each in order, are merged. SQLite takes 500 parts of a statement at most. */
const MERGED = 200;
/** So many of the newest calls are looked at where somebody has more keys. */
const AMONG_NEWEST = 5_000;
/** Statements that are kept ready: one for each number of keys and way of narrowing. */
const MOST_READY = 100;

type Row = ReachKey & { startedAt: number };
/** A condition on when a call began, for whatever its time and its id are called, with the values of its parameters. */
export type When = { sql: (time: string, id: string) => string; values: unknown[] };
export type Place = { startedAt: number; id: CallId };

export const olderThan = ({ startedAt, id }: Place): When => ({
  sql: (time, call) => `(${time}, ${call}) < (?, ?)`,
  values: [startedAt, id],
});

/**
 * SQL: whether any of the keys in a parameter, see `wanted`, reaches a call. As one text each, so that SQLite looks each of the call's
 * own up among them, and not each of them up in the table.
 */
export const REACHED = `EXISTS (SELECT 1 FROM call_reach r WHERE r.call_id = calls.id
  AND r.kind || ' ' || r.name IN (SELECT value FROM json_each(?)))`;
export const wanted = (keys: readonly ReachKey[]): string =>
  JSON.stringify(keys.map(({ kind, name }) => `${kind} ${name}`));

const same = (a: ReachKey, b: ReachKey) => a.kind === b.kind && a.name === b.name;

export function createReach(db: Db) {
  const known = db.prepare('SELECT kind, name, started_at AS startedAt FROM call_reach WHERE call_id = ?');
  const add = db.prepare('INSERT INTO call_reach VALUES ($kind, $name, $startedAt, $callId)');
  const drop = db.prepare(
    'DELETE FROM call_reach WHERE kind = $kind AND name = $name AND started_at = $startedAt AND call_id = $callId',
  );
  const prepared = createReady(MOST_READY, (sql) => db.prepare(sql));
  const of = (callId: CallId) => known.all(callId) as Row[];
  const used = db.prepare(`
    SELECT value ->> 0 AS kind, value ->> 1 AS name FROM json_each(?) WHERE EXISTS (
      SELECT 1 FROM call_reach WHERE kind = value ->> 0 AND name = value ->> 1)`);
  const among = db.prepare(`
    SELECT started_at AS startedAt, id FROM (SELECT started_at, id FROM calls ORDER BY started_at DESC, id DESC LIMIT ?) AS calls
    WHERE ${REACHED} LIMIT ?`);

  function present(keys: readonly ReachKey[]): readonly ReachKey[] | null {
    if (keys.length <= MERGED) return keys;
    const some = used.all(JSON.stringify(keys.map(({ kind, name }) => [kind, name]))) as ReachKey[];
    return some.length <= MERGED ? some : null;
  }

  function merged(keys: readonly ReachKey[], when: readonly When[], limit: number): Place[] {
    if (keys.length === 0) return [];
    const narrowed = when.map(({ sql }) => ` AND ${sql('started_at', 'call_id')}`).join('');
    const given = when.flatMap(({ values }) => values);
    const one = `SELECT started_at AS startedAt, call_id AS id FROM call_reach WHERE kind = ? AND name = ?${narrowed}`;
    const merge = prepared(
      `${Array(keys.length).fill(one).join(' UNION ')} ORDER BY startedAt DESC, id DESC LIMIT ?`,
    );
    return merge.all(...keys.flatMap(({ kind, name }) => [kind, name, ...given]), limit) as Place[];
  }

  return {
    /** Writes by what a call is reached now. Nobody reaches a test call. */
    save(call: CallRecord): void {
      const { id: callId, startedAt } = call;
      const wanted = call.test ? [] : reachKeys(call);
      const had = of(callId);
      const stays = (row: Row) => row.startedAt === startedAt && wanted.some((key) => same(key, row));
      for (const row of had) if (!stays(row)) drop.run({ ...row, callId });
      for (const key of wanted)
        if (!had.some((row) => stays(row) && same(row, key))) add.run({ ...key, startedAt, callId });
    },

    /** When a call began that one of these reaches; undefined where none does. */
    startOf: (callId: CallId, keys: readonly ReachKey[]): number | undefined =>
      of(callId).find((row) => keys.some((key) => same(key, row)))?.startedAt,

    /** Those of these keys that reach any call; null where they are too many to be merged. */
    present,

    /** The newest calls that any of these reaches, each once. Of keys that are too many only the newest calls there are are looked at. */
    newest(keys: readonly ReachKey[], limit: number): Place[] {
      const some = present(keys);
      return some ? merged(some, [], limit) : (among.all(AMONG_NEWEST, wanted(keys), limit) as Place[]);
    },

    /** The newest calls, each once, that any of these `present` keys reaches, of those that began then. */
    merged,
  };
}
