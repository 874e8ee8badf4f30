import { type ReachKey, reachKeys } from '../../../domain/people/reach.js';
import type { CallId, CallRecord } from '../../../domain/recording/recording.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';

/**
 * Up to so many keys the lists of each, which are in order, are merged. With more it is likely that the next call is one of
 * theirs: then every call is looked at, newest first.
 */
const MERGED = 40;
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

const same = (a: ReachKey, b: ReachKey) => a.kind === b.kind && a.name === b.name;

export function createReach(db: Db) {
  const known = db.prepare('SELECT kind, name, started_at AS startedAt FROM call_reach WHERE call_id = ?');
  const add = db.prepare('INSERT INTO call_reach VALUES ($kind, $name, $startedAt, $callId)');
  const drop = db.prepare(
    'DELETE FROM call_reach WHERE kind = $kind AND name = $name AND started_at = $startedAt AND call_id = $callId',
  );
  const prepared = createReady(MOST_READY, (sql) => db.prepare(sql));
  const of = (callId: CallId) => known.all(callId) as Row[];

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

    /** The newest calls that these keys reach, each once, of those that began then. */
    newest(keys: readonly ReachKey[], when: When[], limit: number): Place[] {
      if (keys.length === 0) return [];
      const narrowed = (time: string, id: string) => when.map(({ sql }) => ` AND ${sql(time, id)}`).join('');
      const given = when.flatMap(({ values }) => values);
      if (keys.length > MERGED) {
        const walk = prepared(`
          SELECT started_at AS startedAt, id FROM calls WHERE EXISTS (
            SELECT 1 FROM call_reach r WHERE r.call_id = calls.id
              AND (r.kind, r.name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)))
            ${narrowed('started_at', 'id')} ORDER BY started_at DESC, id DESC LIMIT ?`);
        const list = JSON.stringify(keys.map(({ kind, name }) => [kind, name]));
        return walk.all(list, ...given, limit) as Place[];
      }
      const one = `SELECT started_at AS startedAt, call_id AS id FROM call_reach WHERE kind = ? AND name = ?
        ${narrowed('started_at', 'call_id')}`;
      const lists = Array(keys.length).fill(one).join(' UNION ');
      const merge = prepared(`${lists} ORDER BY startedAt DESC, id DESC LIMIT ?`);
      return merge.all(...keys.flatMap(({ kind, name }) => [kind, name, ...given]), limit) as Place[];
    },
  };
}
