import { Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import type { Why } from '../../../domain/reason/reason.js';
import { inWords } from '../../../domain/reason/words.js';
import type { CallId, RecordingId } from '../../../domain/recording/recording.js';
import { guardOf } from '../../../domain/retention/guard.js';
import {
  type HeldBy,
  type HoldItem,
  HoldQuery,
  isWider,
  type Matter,
  type MatterId,
  MOST_MATTERS,
  termsOf,
} from '../../../domain/retention/hold.js';
import { minimumOf } from '../../../domain/retention/plan.js';
import type { CallCursor, HeldIn, NewMatter } from '../../retention/holds.js';
import { Length, noun, orNull, type Reader, Text, Time, timeOrNull, whyIn } from '../checked.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';
import { createMatchers, createQueryChange, how, item, termsInSql } from './hold-query.js';

const matter = noun({
  table: 'matters',
  key: (row) => row.id,
  json: ['query'],
  shape: Type.Object({
    ...{ id: Text, name: Text, reason: Text, opened_by: Text, opened_at: Time },
    query: orNull(HoldQuery),
    ...{ applied_at: orNull(Time), revision: Length, held_query: Length, held_picked: Length },
    ...{ released_at: orNull(Time), releasing: Length },
  }),
  make: (row): Matter => ({
    ...{ id: row.id, name: row.name, reason: row.reason, query: row.query },
    ...{ openedBy: row.opened_by, openedAt: row.opened_at },
    state: stateOf(row),
    revision: row.revision,
    releasedAt: row.released_at,
    held: { query: row.held_query, picked: row.held_picked },
  }),
});

function stateOf(row: {
  released_at: number | null;
  releasing: number;
  applied_at: number | null;
}): Matter['state'] {
  if (row.releasing > 0) return 'releasing';
  if (row.released_at !== null) return 'released';
  return row.applied_at === null ? 'open' : 'applying';
}

const heldIn = noun({
  table: 'hold_items',
  key: (row) => row.recording_id,
  shape: Type.Object({ recording_id: Text, matter: Text, name: Text, why: how, at: Time }),
  make: ({ recording_id: recordingId, ...row }): HeldIn => ({ ...row, recordingId }),
});

const WITH_STATE = `SELECT matters.*, (
  SELECT count(*) FROM hold_releases r WHERE r.matter = matters.id AND r.done_at IS NULL) AS releasing FROM matters`;
/** So many calls are looked at in one transaction: few milliseconds, in which nothing else is done. */
const SLICE = 5_000;
/** Before all calls, and after all. */
const FIRST_CALL: CallCursor = { startedAt: -1, id: '' };
const LAST_CALL: CallCursor = { startedAt: Number.MAX_SAFE_INTEGER, id: '' };
/** Calls of one slice, by the index that has them in their order. Without its name SQLite reads all recordings first. */
const SLICED = 'FROM calls INDEXED BY calls_by_start WHERE (calls.started_at, calls.id)';
/** Values of a query that calls are compared with in one transaction, and calls whose recordings are held: about 10 ms each. */
const MOST_COMPARED = 200_000;
const MOST_HELD = 500;
/** Who a recording is held by that a query asks for. */
const BY_QUERY = 'tapedeck';
const placesOf = (...places: CallCursor[]) => places.flatMap(({ startedAt, id }) => [startedAt, id]);
/** Statements that are kept ready: two for each shape of a query. */
const MOST_READY = 60;

export function createHolds(db: Db, reader: Reader) {
  const matchers = createMatchers(db);
  const ready = createReady(MOST_READY, (sql) => db.prepare(sql));
  const open = db.prepare(`
    INSERT INTO matters (id, name, reason, query, opened_by, opened_at, applied_at, applied_id, revision)
    VALUES ($id, $name, $reason, $query, $openedBy, $openedAt, $from, iif($from IS NULL, NULL, ''), 1)`);
  const named = db.prepare('SELECT 1 FROM matters WHERE name = ?').pluck();
  const openOnes = db.prepare('SELECT count(*) FROM matters WHERE released_at IS NULL').pluck();
  const one = db.prepare(`${WITH_STATE} WHERE id = ?`);
  const all = db.prepare(`${WITH_STATE} ORDER BY released_at IS NOT NULL, opened_at DESC, id DESC`);
  const asking = db.prepare(`${WITH_STATE} WHERE released_at IS NULL AND query IS NOT NULL`);
  const setQuery = createQueryChange(db);
  const cursor = db.prepare('SELECT applied_at AS startedAt, applied_id AS id FROM matters WHERE id = ?');
  const moveCursor = db.prepare(
    'UPDATE matters SET applied_at = $startedAt, applied_id = $id WHERE id = $matter',
  );
  const applying = db.prepare('SELECT id, name FROM matters WHERE applied_at IS NOT NULL ORDER BY id');
  const bound = db.prepare(`
    SELECT started_at AS startedAt, id FROM calls WHERE (started_at, id) > ($startedAt, $id)
    ORDER BY started_at, id LIMIT 1 OFFSET $calls`);
  const sliceEnd = db.prepare(`
    SELECT started_at AS startedAt, id FROM calls WHERE (started_at, id) < ($startedAt, $id)
    ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ${SLICE - 1}`);
  const sealedOf = db.prepare("SELECT id FROM recordings WHERE call_id = ? AND state = 'sealed'").pluck();
  const add = db.prepare(`
    INSERT INTO hold_items (matter, recording_id, why, at, by)
    SELECT $matter, id, $why, $at, $by FROM recordings WHERE id = $recording AND state = 'sealed'
    ON CONFLICT (recording_id, matter) DO NOTHING`);
  const counted = db.prepare(`
    UPDATE matters SET held_query = held_query + $query, held_picked = held_picked + $picked, revision = revision + 1
    WHERE id = $matter`);
  const items = db.prepare(`
    SELECT i.*, r.call_id FROM hold_items i JOIN recordings r ON r.id = i.recording_id
    WHERE matter = ? AND seq > ? ORDER BY seq LIMIT ?`);
  const holding = db.prepare(`
    SELECT i.recording_id, i.matter, m.name, i.why, i.at FROM hold_items i JOIN matters m ON m.id = i.matter
    WHERE i.recording_id IN (SELECT value FROM json_each(?)) ORDER BY i.recording_id, i.seq`);
  const subject = db.prepare(`
    SELECT r.call_id AS callId, r.state, r.of_id AS ofId, r.min_until AS minUntil, r.keep_reason AS keepWhy, c.test FROM recordings r JOIN calls c ON c.id = r.call_id WHERE r.id = ?`);
  const now = db.prepare("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").pluck();
  // Earlier versions that were kept are held with the one that stands in their place.
  const versions = db
    .prepare(
      `SELECT v.id FROM recordings r JOIN recordings v ON v.of_id = r.of_id AND v.state = 'sealed' WHERE r.id = ?`,
    )
    .pluck();
  const others = db.prepare(`
    SELECT i.*, r.call_id FROM hold_items i JOIN recordings r ON r.id = i.recording_id
    WHERE recording_id = ? ORDER BY seq`);

  const matterOf = (id: MatterId): Matter => {
    const found = reader.one(matter, one.get(id));
    if (!found) throw fail('matter_unknown', id);
    return found;
  };
  const openMatter = (id: MatterId): Matter => {
    const found = matterOf(id);
    if (found.releasedAt !== null) throw fail('matter_released', found.name);
    return found;
  };

  /** Holds these for a matter; returns those that it had not held. */
  function hold(
    id: MatterId,
    recordings: readonly RecordingId[],
    why: HeldBy,
    at: number,
    by: string,
  ): RecordingId[] {
    const held = recordings.filter(
      (recording) => add.run({ matter: id, recording, why, at, by }).changes > 0,
    );
    if (held.length > 0)
      counted.run({
        matter: id,
        query: why === 'query' ? held.length : 0,
        picked: why === 'picked' ? held.length : 0,
      });
    return held;
  }

  return {
    open({ query, ...given }: NewMatter): void {
      if (named.get(given.name) !== undefined) throw fail('matter_exists', given.name);
      if ((openOnes.get() as number) >= MOST_MATTERS) throw fail('holds_full');
      open.run({ ...given, query: query && JSON.stringify(query), from: query && (query.from ?? 0) });
    },

    widen(id: MatterId, query: HoldQuery): Matter {
      const { query: before } = openMatter(id);
      if (before && !isWider(before, query)) throw fail('hold_narrower');
      setQuery(id, query);
      return matterOf(id);
    },

    pick(id: MatterId, recordings: readonly RecordingId[], by: string, at: number): RecordingId[] {
      openMatter(id);
      for (const recording of recordings) {
        const found = subject.get(recording) as { state: string; test: number } | undefined;
        if (found?.state !== 'sealed' || found.test === 1) throw fail('recording_absent', recording);
      }
      const all = recordings.flatMap((recording) => versions.all(recording) as RecordingId[]);
      return hold(id, all, 'picked', at, by);
    },

    apply(id: MatterId, calls: number, at: number): boolean {
      const { query } = matterOf(id);
      const from = cursor.get(id) as CallCursor | { startedAt: null };
      if (from.startedAt === null || !query) return true;
      const { sql, values } = termsInSql(termsOf(query));
      const most = Math.max(1, Math.min(calls, Math.floor(MOST_COMPARED / Math.max(1, values.length))));
      const end = bound.get({ ...from, calls: most - 1 }) as CallCursor | undefined;
      const page = ready(`SELECT calls.started_at AS startedAt, calls.id ${SLICED} > (?, ?)
        AND (calls.started_at, calls.id) <= (?, ?) AND ${sql}
        ORDER BY calls.started_at, calls.id LIMIT ${MOST_HELD}`);
      const found = page.all(...placesOf(from, end ?? LAST_CALL), ...values) as CallCursor[];
      const recordings = found.flatMap((call) => sealedOf.all(call.id) as RecordingId[]);
      hold(id, recordings, 'query', at, BY_QUERY);
      const until = found.length === MOST_HELD ? found.at(-1) : end;
      const over = !until || (query.to !== null && until.startedAt >= query.to);
      moveCursor.run({ matter: id, ...(over ? { startedAt: null, id: null } : until) });
      return over;
    },
    applying: (): MatterId[] => (applying.all() as { id: MatterId }[]).map(({ id }) => id),

    /**
     * Holds the recordings of a call for every matter that asks for it: one was sealed, or what is known of the call has changed.
     * A matter that cannot be read does not keep a call from being sealed; `guard` has nothing erased then.
     */
    caught(callId: CallId, at = now.get() as number): void {
      const sealed = sealedOf.all(callId) as RecordingId[];
      if (sealed.length === 0) return;
      const matters = reader.all(matter, asking.all());
      const call = matters.length > 0 ? matchers.call(callId) : null;
      if (!call) return;
      for (const { id, query } of matters)
        if (query && matchers.matches(query, call)) hold(id, sealed, 'query', at, BY_QUERY);
    },
    /** A version that was made of another is held by what holds that one. */
    inherited(older: RecordingId, id: RecordingId, at: number): void {
      for (const { matter, why, by } of reader.all(item, others.all(older))) hold(matter, [id], why, at, by);
    },

    /** Whether an open matter asks for a call, whatever was recorded of it. Throws where a matter cannot be read. */
    asks(callId: CallId): boolean {
      const rows = asking.all();
      const call = rows.length > 0 ? matchers.call(callId) : null;
      return (
        call !== null &&
        rows.some((row) => {
          const query = reader.one(matter, row)?.query;
          return query != null && matchers.matches(query, call);
        })
      );
    },

    guard(id: RecordingId, now: number): Why | null {
      const found = subject.get(id) as
        | { callId: CallId; state: string; minUntil: unknown; keepWhy: string }
        | undefined;
      if (found?.state !== 'sealed') return null;
      const held = new Map(
        (holding.all(JSON.stringify([id])) as { matter: MatterId; name: string }[]).map((row) => [
          row.matter,
          row.name,
        ]),
      );
      const call = matchers.call(found.callId);
      for (const row of asking.all()) {
        const asked = reader.one(matter, row);
        if (asked?.query && call && matchers.matches(asked.query, call)) held.set(asked.id, asked.name);
      }
      return guardOf(
        {
          minUntil: timeOrNull(found.minUntil),
          rule: minimumOf(whyIn('keep_reason', found.keepWhy)),
          matters: [...held.values()],
          applying: (applying.all() as { name: string }[]).map(({ name }) => name),
        },
        now,
      );
    },
    /** Throws `kept_by_hold` or `kept_by_minimum` where a recording may not be erased. */
    refuseGuarded(id: RecordingId, now: number): void {
      const why = this.guard(id, now);
      if (why) throw fail(why.code === 'before_minimum' ? 'kept_by_minimum' : 'kept_by_hold', inWords(why));
    },

    get: (id: MatterId): Matter | null => reader.one(matter, one.get(id)),
    list: (): Matter[] => reader.all(matter, all.all()),
    items: (id: MatterId, after: number, limit: number): HoldItem[] =>
      reader.fill(item, limit, (rows) => items.all(id, after, rows)),
    of: (recordings: readonly RecordingId[]): HeldIn[] =>
      reader.all(heldIn, holding.all(JSON.stringify(recordings))),

    /** Ids of calls that a query asks for and of which there is no recording, or none without gaps and masks. */
    unrecorded(
      id: MatterId,
      before: CallCursor | null,
      limit: number,
    ): { ids: CallId[]; next: CallCursor | null } {
      const { query } = matterOf(id);
      if (!query) return { ids: [], next: null };
      const from = before ?? LAST_CALL;
      const until = sliceEnd.get(from) as CallCursor | undefined;
      const { sql, values } = termsInSql(termsOf(query));
      const page = ready(`SELECT calls.started_at AS startedAt, calls.id ${SLICED} >= (?, ?)
        AND (calls.started_at, calls.id) < (?, ?) AND ${sql}
        AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = calls.id AND r.state = 'sealed'
          AND r.superseded_by IS NULL AND r.gaps = '[]' AND r.masks = '[]')
        ORDER BY calls.started_at DESC, calls.id DESC LIMIT ?`);
      const found = page.all(...placesOf(until ?? FIRST_CALL, from), ...values, limit) as CallCursor[];
      const over = !until || (query.from !== null && until.startedAt < query.from);
      const next = found.length === limit ? found.at(-1)! : over ? null : until;
      return { ids: found.map((call) => call.id), next };
    },
  };
}
