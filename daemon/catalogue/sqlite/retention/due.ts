import type { Recording, RecordingId } from '../../../domain/recording/recording.js';
import type {
  DuePlace,
  DueSlice,
  GuardedItem,
  KeptPlace,
  KeptSlice,
} from '../../../domain/retention/plan.js';
import type { DueItems } from '../../retention/due.js';
import type { StoredCall } from '../../stored-call.js';
import { type Reader, timeOrNull } from '../checked.js';
import type { Db } from '../db.js';
import { recording as noun, storedCall } from '../rows.js';

/** So many rows are counted in one transaction: few milliseconds, in which nothing else is done. */
const SLICE = 20_000;
/** So many due recordings are listed in one. */
const DUE_SLICE = 5_000;

const REAL = "state = 'sealed' AND call_id NOT IN (SELECT id FROM calls WHERE test = 1)";
const HELD = 'EXISTS (SELECT 1 FROM hold_items h WHERE h.recording_id = r.id)';
/** Those that something may protect: `guardOf` decides. */
const GUARDED = `(coalesce(r.min_until, 0) > $now OR ${HELD})`;
const AFTER = "r.state = 'sealed' AND (r.keep_until, r.id) > ($until, $id)";
const DUE = `${AFTER} AND r.keep_until <= $now`;
/** The same, up to where a slice ends. */
const SLICED = `${AFTER} AND (r.keep_until, r.id) <= ($lastUntil, $lastId)`;
const NO_TEST = 'r.call_id NOT IN (SELECT id FROM calls WHERE test = 1)';

type DueRow = [id: RecordingId, until: number, rule: string | null, minUntil: number | null, guarded: number];

/**
 * What retention asks of sealed recordings. Everything that is asked of all of them is answered by indexes alone and in slices, so
 * that neither process stands still however many there are. Indexes are named because SQLite would take narrower ones.
 */
export function createDue(db: Db, reader: Reader) {
  const stored = storedCall(reader);
  const BY_RULE = `FROM recordings INDEXED BY recordings_by_rule WHERE ${REAL} AND keep_rule IS $rule`;
  const DATED = `${BY_RULE} AND (keep_until, id) > ($until, $id)`;
  const UNDATED = `${BY_RULE} AND keep_until IS NULL AND id > $id`;
  const nextRule = db
    .prepare(`SELECT keep_rule FROM recordings INDEXED BY recordings_by_rule
      WHERE state = 'sealed' AND keep_rule > ? ORDER BY keep_rule LIMIT 1`)
    .pluck();
  const end = (of: string) =>
    db.prepare(`SELECT keep_until AS until, id ${of} ORDER BY keep_until, id LIMIT 1 OFFSET ${SLICE - 1}`);
  const endDated = end(DATED);
  const endUndated = end(UNDATED);
  const countDated = db.prepare(`SELECT count(*) AS kept, count(iif(keep_until <= $now, 1, NULL)) AS due
    ${DATED} AND (keep_until, id) <= ($lastUntil, $lastId)`);
  const countUndated = db.prepare(`SELECT count(*) AS kept ${UNDATED} AND id <= $lastId`);

  const due = db
    .prepare(`SELECT r.id, r.keep_until, r.keep_rule, r.min_until, ${GUARDED}
      FROM recordings r INDEXED BY recordings_due WHERE ${DUE} AND ${NO_TEST}
      ORDER BY r.keep_until, r.id LIMIT ${DUE_SLICE}`)
    .raw();
  const matters = db.prepare('SELECT DISTINCT matter FROM hold_items WHERE recording_id = ?').pluck();
  const sliceEnd = db.prepare(`SELECT r.keep_until AS until, r.id FROM recordings r INDEXED BY recordings_due
    WHERE ${DUE} ORDER BY r.keep_until, r.id LIMIT 1 OFFSET ${DUE_SLICE - 1}`);
  const erasable = db.prepare(`SELECT r.* FROM recordings r INDEXED BY recordings_due
    WHERE ${SLICED} AND NOT ${GUARDED} AND ${NO_TEST} ORDER BY r.keep_until, r.id LIMIT $rows`);
  const WITH_CALL =
    'SELECT calls.*, r.* FROM recordings r INDEXED BY recordings_due JOIN calls ON calls.id = r.call_id';
  const page = (where: string) =>
    db
      .prepare(`${WITH_CALL} WHERE ${where} AND calls.test = 0 ORDER BY r.keep_until, r.id LIMIT $rows`)
      .expand();
  const pages = {
    erasable: page(`${SLICED} AND NOT ${GUARDED}`),
    protected: page(`${SLICED} AND ${GUARDED}`),
    later: page(AFTER),
  };
  const undated = db
    .prepare(`SELECT calls.*, r.* FROM recordings r JOIN calls ON calls.id = r.call_id
      WHERE r.state = 'sealed' AND r.keep_until IS NULL AND r.id > $id AND calls.test = 0 ORDER BY r.id LIMIT $rows`)
    .expand();
  const newest = db
    .prepare(`SELECT sealed_at FROM recordings INDEXED BY recordings_by_seal
      WHERE sealed_at <= 253402300799999 AND ${REAL} ORDER BY sealed_at DESC LIMIT 1`)
    .pluck();
  const tombstones = db
    .prepare(`SELECT calls.*, r.* FROM recordings r INDEXED BY recordings_erased JOIN calls ON calls.id = r.call_id
      WHERE r.state = 'erased' AND (r.erased_at, r.id) < ($until, $id) AND calls.test = 0
      ORDER BY r.erased_at DESC, r.id DESC LIMIT $rows`)
    .expand();

  /** What is found among the next due recordings, and where the search goes on. */
  function inSlice<T>(
    { after, now, limit }: { after: DuePlace; now: number; limit: number },
    find: (slice: object) => T[],
    recordingOf: (item: T) => Recording | null,
  ): DueItems<T> {
    const end = sliceEnd.get({ ...after, now }) as DuePlace | undefined;
    const last = end ?? { until: now, id: LAST_ID };
    const items = find({ ...after, now, lastUntil: last.until, lastId: last.id });
    const full = items.length === limit ? items.at(-1) : undefined;
    return { items, next: full ? placeOf(recordingOf(full)) : (end ?? null) };
  }

  /** Returns where counting goes on once all of one kind were counted: first come those without a date. */
  function afterAll({ rule, until }: KeptPlace): KeptPlace | null {
    if (until === null) return { rule, until: -1, id: '' };
    const next = nextRule.get(rule ?? '') as string | undefined;
    return next === undefined ? null : { rule: next, until: null, id: '' };
  }

  return {
    keptSlice(place: KeptPlace | null, now: number): KeptSlice {
      const at = place ?? { rule: null, until: null, id: '' };
      const dated = at.until !== null;
      const last = (dated ? endDated : endUndated).get(dated ? at : { rule: at.rule, id: at.id }) as
        | { until: number | null; id: RecordingId }
        | undefined;
      const lastId = last?.id ?? LAST_ID;
      const counted = (
        dated
          ? countDated.get({ ...at, now, lastUntil: last?.until ?? Number.MAX_SAFE_INTEGER, lastId })
          : countUndated.get({ rule: at.rule, id: at.id, lastId })
      ) as { kept: number; due?: number };
      return {
        rule: at.rule,
        kept: counted.kept,
        forEver: dated ? 0 : counted.kept,
        due: counted.due ?? 0,
        next: last ? { rule: at.rule, ...last } : afterAll(at),
      };
    },
    dueSlice(place: DuePlace, now: number): DueSlice {
      const rows = due.all({ ...place, now }) as DueRow[];
      const guarded = rows.flatMap(([id, , rule, minUntil, may]): GuardedItem[] =>
        may === 1 ? [{ id, rule, minUntil, matters: matters.all(id) as string[] }] : [],
      );
      const last = rows.at(-1);
      const next = rows.length === DUE_SLICE && last ? { id: last[0], until: last[1] } : null;
      return { ids: rows.map(([id]) => id), guarded, next };
    },

    erasable: (after: DuePlace, now: number, limit: number): DueItems<Recording> =>
      inSlice(
        { after, now, limit },
        (slice) => reader.fill(noun, limit, (rows) => erasable.all({ ...slice, rows })),
        (one) => one,
      ),
    /** A page of those that are due and would be erased, due and protected, or due later. */
    page(which: keyof typeof pages, after: DuePlace, now: number, limit: number): DueItems<StoredCall> {
      if (which !== 'later')
        return inSlice(
          { after, now, limit },
          (slice) => reader.fill(stored, limit, (rows) => pages[which].all({ ...slice, rows })),
          (call) => call.recording,
        );
      const from = after.until < now ? { until: now, id: LAST_ID } : after;
      const items = reader.fill(stored, limit, (rows) => pages.later.all({ ...from, rows }));
      return { items, next: items.length === limit ? placeOf(items.at(-1)?.recording) : null };
    },
    undated: (after: RecordingId, limit: number): StoredCall[] =>
      reader.fill(stored, limit, (rows) => undated.all({ id: after, rows })),
    tombstones: (
      limit: number,
      before: DuePlace = { until: Number.MAX_SAFE_INTEGER, id: '' },
    ): StoredCall[] => reader.fill(stored, limit, (rows) => tombstones.all({ ...before, rows })),
    newestSealedAt: (): number | null => timeOrNull(newest.get()),
  };
}

const placeOf = (recording: Recording | null | undefined): DuePlace | null =>
  recording ? { until: recording.keepUntil ?? 0, id: recording.id } : null;

/** After every id. */
const LAST_ID = '\u{10ffff}';
