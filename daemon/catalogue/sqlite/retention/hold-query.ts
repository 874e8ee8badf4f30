import { LRUCache } from 'lru-cache';
import { Type } from 'typebox';
import type { ReachKey } from '../../../domain/people/reach.js';
import type { CallId, Direction } from '../../../domain/recording/recording.js';
import {
  type HeldBy,
  type Holdable,
  type HoldItem,
  type HoldQuery,
  type HoldTerms,
  holdsCall,
  type MatterId,
  termsOf,
} from '../../../domain/retention/hold.js';
import { soughtInSql } from '../calls/search.js';
import { Length, noun, oneOf, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

export const how = oneOf<HeldBy>({ query: true, picked: true });

export const item = noun({
  table: 'hold_items',
  key: (row) => row.seq,
  shape: Type.Object({
    ...{ seq: Length, matter: Text, recording_id: Text, call_id: Text, why: how, at: Time, by: Text },
  }),
  make: ({ recording_id: recordingId, call_id: callId, ...row }): HoldItem => ({
    ...row,
    recordingId,
    callId,
  }),
});

type Terms = { sql: string; values: unknown[] };

/**
 * The condition on `calls` for what a query asks for. It is true for the calls for which `holdsCall` is. No index is used for its
 * times: calls are read in slices, and SQLite would read from the beginning of the query to the end of a slice each time.
 */
export function termsInSql(terms: HoldTerms): Terms {
  const parts: Terms[] = [{ sql: 'calls.test = 0', values: [] }];
  const need = (sql: string, ...values: unknown[]) => parts.push({ sql, values });
  if (terms.from !== null) need('+calls.started_at >= ?', terms.from);
  if (terms.to !== null) need('+calls.started_at < ?', terms.to);
  if (terms.direction !== null) need('calls.direction = ?', terms.direction);
  if (terms.pbx !== null) need('calls.pbx = ?', terms.pbx);
  for (const { kind, names } of terms.reach)
    need(
      `EXISTS (SELECT 1 FROM call_reach r WHERE r.call_id = calls.id AND r.kind = ?
        AND r.name IN (SELECT value FROM json_each(?)))`,
      kind,
      JSON.stringify(names),
    );
  for (const asked of terms.sought) parts.push(soughtInSql(asked));
  return {
    sql: parts.map(({ sql }) => sql).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  };
}

/** What gives a matter another query, which has to be worked out from its beginning; null: none, and nothing to work out. */
export function createQueryChange(db: Db): (id: MatterId, query: HoldQuery | null) => void {
  const change = db.prepare(`
    UPDATE matters SET query = $query, applied_at = $from, applied_id = iif($from IS NULL, NULL, ''), revision = revision + 1
    WHERE id = $id`);
  return (id, query) => {
    change.run({ id, query: query && JSON.stringify(query), from: query && (query.from ?? 0) });
  };
}

/** So many queries are kept ready to be asked. */
const MOST_QUERIES = 1_000;

/** Queries as they are kept, ready to be asked of one call after another. */
export function createMatchers(db: Db) {
  const facts = db.prepare(
    'SELECT pbx, direction, started_at AS startedAt, search FROM calls WHERE id = ? AND test = 0',
  );
  const reach = db.prepare('SELECT kind, name FROM call_reach WHERE call_id = ?');
  const ready = new LRUCache<string, HoldTerms>({ max: MOST_QUERIES });

  return {
    /** What a query asks of a call; null for a test call, which nobody holds. */
    call(id: CallId): Holdable | null {
      const row = facts.get(id) as
        | { pbx: string; direction: Direction; startedAt: number; search: string }
        | undefined;
      return row ? { ...row, reach: reach.all(id) as ReachKey[] } : null;
    },
    matches(query: HoldQuery, call: Holdable): boolean {
      const key = JSON.stringify(query);
      const terms = ready.get(key) ?? termsOf(query);
      ready.set(key, terms);
      return holdsCall(terms, call);
    },
  };
}
