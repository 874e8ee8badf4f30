import { Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import type { CallId, RecordingId } from '../../../domain/recording/recording.js';
import {
  type HoldItem,
  HoldQuery,
  type HoldRelease,
  type Letting,
  type MatterId,
  termsOf,
} from '../../../domain/retention/hold.js';
import type { LeavingPage, NewRelease } from '../../retention/holds.js';
import { Length, noun, oneOf, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';
import { createReady } from '../ready.js';
import { createQueryChange, item, termsInSql } from './hold-query.js';

const release = noun({
  table: 'hold_releases',
  key: (row) => row.id,
  json: ['query', 'was', 'recordings'],
  shape: Type.Object({
    ...{ id: Text, matter: Text, upto: Length, query: orNull(HoldQuery), was: orNull(HoldQuery) },
    what: oneOf<Letting['what']>({ all: true, query: true, recordings: true }),
    ...{ recordings: Type.Array(Text), approval: Text, reason: Text, asked_by: Text, approved_by: Text },
    ...{ at: Time, done_seq: Length, done_at: orNull(Time), released: Length },
  }),
  make: ({ what, query, recordings, ...row }): HoldRelease & { doneSeq: number } => ({
    ...{ id: row.id, matter: row.matter, upto: row.upto, was: row.was, approval: row.approval },
    letting: what === 'all' ? { what } : what === 'query' ? { what, query } : { what, recordings },
    ...{ reason: row.reason, askedBy: row.asked_by, approvedBy: row.approved_by, at: row.at },
    ...{ doneAt: row.done_at, released: row.released, doneSeq: row.done_seq },
  }),
});

/** So many held recordings are looked at in one transaction, however few of them are let go. */
const SLICE = 2_000;
/** Statements that are kept ready, one for each shape of a query. */
const MOST_READY = 20;

/** How recordings leave a matter. `caught` holds those of a call again that another way still asks for. */
export function createHoldReleases(db: Db, reader: Reader, caught: (callId: CallId, at: number) => void) {
  const ready = createReady(MOST_READY, (sql) => db.prepare(sql));
  const newest = db
    .prepare("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'hold_items'), 0)")
    .pluck();
  const matter = db.prepare('SELECT query, revision, released_at FROM matters WHERE id = ?');
  const pending = db.prepare('SELECT 1 FROM hold_releases WHERE matter = ? AND done_at IS NULL').pluck();
  const add = db.prepare(`
    INSERT INTO hold_releases (id, matter, upto, what, query, recordings, was, approval, reason, asked_by, approved_by, at)
    VALUES ($id, $matter, $upto, $what, $query, $recordings, $was, $approval, $reason, $askedBy, $approvedBy, $at)`);
  const setQuery = createQueryChange(db);
  const one = db.prepare('SELECT * FROM hold_releases WHERE id = ?');
  const ofMatter = db.prepare('SELECT * FROM hold_releases WHERE matter = ? ORDER BY at DESC, id DESC');
  const open = db.prepare('SELECT * FROM hold_releases WHERE done_at IS NULL ORDER BY at, id');
  const keep = db.prepare(`
    INSERT INTO hold_released SELECT $release, seq, recording_id, why, at, by FROM hold_items WHERE seq = $seq`);
  const drop = db.prepare('DELETE FROM hold_items WHERE seq = ?');
  const counted = db.prepare(`
    UPDATE matters SET held_query = held_query - $query, held_picked = held_picked - $picked, revision = revision + 1
    WHERE id = $matter`);
  const move = db.prepare(
    'UPDATE hold_releases SET done_seq = $seq, released = released + $count, done_at = $doneAt WHERE id = $id',
  );
  const over = db.prepare(`
    UPDATE matters SET released_at = $at WHERE id = $id AND query IS NULL AND held_query = 0 AND held_picked = 0`);
  const sliceEnd = db
    .prepare(
      `SELECT seq FROM hold_items WHERE matter = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${SLICE - 1}`,
    )
    .pluck();
  const gone = db.prepare(`
    SELECT seq, r.matter, recording_id, rec.call_id, why, g.at, g.by FROM hold_released g
    JOIN hold_releases r ON r.id = g.release_id JOIN recordings rec ON rec.id = g.recording_id
    WHERE release_id = ? AND seq > ? ORDER BY seq LIMIT ?`);

  function leaving(
    id: MatterId,
    letting: Letting,
    { after, upto }: { after: number; upto: number },
    limit: number,
  ): LeavingPage {
    const { sql, values } = condition(letting);
    const end = sliceEnd.get(id, after, upto) as number | undefined;
    const page =
      ready(`SELECT i.*, rec.call_id FROM hold_items i JOIN recordings rec ON rec.id = i.recording_id
      WHERE i.matter = ? AND i.seq > ? AND i.seq <= ? AND ${sql}
      ORDER BY i.seq LIMIT ?`);
    const items = reader.all(item, page.all(id, after, end ?? upto, ...values, limit));
    return { items, next: items.length === limit ? items.at(-1)!.seq : (end ?? null) };
  }

  return {
    leaving,
    newestPlace: (): number => newest.get() as number,

    release(given: NewRelease, revision: number): HoldRelease {
      const found = matter.get(given.matter) as {
        query: string | null;
        revision: number;
        released_at: number | null;
      };
      if (!found) throw fail('matter_unknown', given.matter);
      if (found.released_at !== null) throw fail('matter_released');
      if (found.revision !== revision || pending.get(given.matter) !== undefined)
        throw fail('matter_changed');
      const { letting, ...row } = given;
      const query = letting.what === 'query' && letting.query ? letting.query : null;
      add.run({
        ...row,
        what: letting.what,
        query: query && JSON.stringify(query),
        recordings: JSON.stringify(letting.what === 'recordings' ? letting.recordings : []),
        was: found.query,
      });
      if (letting.what !== 'recordings') setQuery(given.matter, query);
      return reader.one(release, one.get(given.id))!;
    },

    carryOut(id: string, limit: number, at: number): boolean {
      const found = reader.one(release, one.get(id));
      if (!found || found.doneAt !== null) return true;
      const { matter, letting, upto, doneSeq } = found;
      const { items: page, next } = leaving(matter, letting, { after: doneSeq, upto }, limit);
      const calls = new Set<CallId>();
      for (const { seq, callId } of page) {
        keep.run({ release: id, seq });
        drop.run(seq);
        calls.add(callId);
      }
      const query = page.filter(({ why }) => why === 'query').length;
      if (page.length > 0) counted.run({ matter, query, picked: page.length - query });
      // What was picked may be what the query of this matter asks for too.
      if (letting.what === 'recordings') for (const call of calls) caught(call, at);
      const done = next === null;
      move.run({
        id,
        seq: next ?? page.at(-1)?.seq ?? doneSeq,
        count: page.length,
        doneAt: done ? at : null,
      });
      if (done && letting.what === 'all') over.run({ id: matter, at });
      return done;
    },

    releases: (id?: MatterId): HoldRelease[] =>
      reader.all(release, id === undefined ? open.all() : ofMatter.all(id)),
    released: (id: string, after: number, limit: number): HoldItem[] =>
      reader.fill(item, limit, (rows) => gone.all(id, after, rows)),
  };
}

/** What of a matter is let go, for rows `i` of hold_items. */
function condition(letting: Letting): { sql: string; values: unknown[] } {
  if (letting.what === 'all') return { sql: '1', values: [] };
  if (letting.what === 'recordings')
    return {
      sql: "i.why = 'picked' AND i.recording_id IN (SELECT value FROM json_each(?))",
      values: [JSON.stringify(letting.recordings satisfies RecordingId[])],
    };
  if (letting.query === null) return { sql: "i.why = 'query'", values: [] };
  const { sql, values } = termsInSql(termsOf(letting.query));
  return {
    sql: `i.why = 'query' AND NOT EXISTS (
      SELECT 1 FROM recordings r JOIN calls ON calls.id = r.call_id WHERE r.id = i.recording_id AND ${sql})`,
    values,
  };
}
