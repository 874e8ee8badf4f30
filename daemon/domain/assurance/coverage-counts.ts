import type { PbxId } from '../pbx.js';
import {
  type CoverageRow,
  type Finding,
  type Judged,
  judge,
  type Status,
  SURPLUS_AFTER,
  type Witness,
} from './coverage.js';

/**
 * The calls of a quarter of an hour, counted once and kept, so that a report of a year reads totals and not calls. What became of a
 * call never depends on who asks or when, except of a call that no CDR tells of: that one is surplus only where CDRs came at that time
 * and there was time for one. Such calls are kept as `unwitnessed`, with the times that decide it.
 *
 * Kept counts are as good as `judge`: a version that changes it has to mark every quarter as changed, in a migration.
 */
export const QUARTER_MS = 900_000;

type Span = { first: number; last: number };
/** Calls of a quarter on one PBX with the same status and finding. */
export type Counted = {
  on: PbxId;
  status: Status;
  finding: Finding | null;
  calls: number;
  /** When the first and the last of them began, and when they ended. */
  starts: Span;
  ends: Span;
};
/** So many calls have this status and this finding. */
export type Settled = Pick<Judged, 'status' | 'finding'> & { calls: number };
/** The calls of a quarter on one PBX as they were counted. */
export type KeptCounts = {
  on: PbxId;
  counted: Settled[];
  /** When those that are unwitnessed began and ended, and whether CDRs were not heard in some of that time, or in all of it. */
  unwitnessed: { starts: Span; ends: Span; blind: 'none' | 'some' | 'all' } | null;
};
/** A quarter that begins at `at`. `counts`: null where calls have changed since it was counted. */
export type CountedQuarter = { at: number; counts: KeptCounts[] | null };

/** Counts the calls of a quarter, to be kept. */
export function countsOf(rows: readonly CoverageRow[]): Counted[] {
  const counts = new Map<string, Counted>();
  for (const row of rows) {
    // Without a witness nothing is surplus, so exactly the calls whose finding depends on one are unwitnessed.
    const judged = judge(row, null, 0);
    if (!judged) continue;
    const { on, status, finding, startedAt } = judged;
    const endedAt = row.call?.endedAt ?? row.pbx!.endedAt;
    const key = `${on} ${status} ${finding}`;
    const its = counts.get(key);
    counts.set(key, {
      ...{ on, status, finding, calls: (its?.calls ?? 0) + 1 },
      ...{ starts: wider(its?.starts, startedAt), ends: wider(its?.ends, endedAt) },
    });
  }
  return [...counts.values()];
}

const wider = (span: Span | undefined, at: number): Span =>
  span ? { first: Math.min(span.first, at), last: Math.max(span.last, at) } : { first: at, last: at };

/** The same with what `judge` finds in those that are unwitnessed; null where it does not find the same in each of them. */
export function settle(
  { counted, unwitnessed }: KeptCounts,
  witness: Witness,
  now: number,
): Settled[] | null {
  if (!unwitnessed) return counted;
  const found = findingOf(unwitnessed, witness, now);
  return found === undefined
    ? null
    : counted.map((one) => (one.finding === 'unwitnessed' ? { ...one, finding: found } : one));
}

/** Undefined where it is not the same for all. */
function findingOf(
  { starts, ends, blind }: NonNullable<KeptCounts['unwitnessed']>,
  witness: Witness,
  now: number,
): Finding | null | undefined {
  if (!witness || blind === 'all') return 'unwitnessed';
  if (starts.last < witness.since || ends.first > witness.last) return 'unwitnessed';
  if (blind === 'some' || starts.first < witness.since || ends.last > witness.last) return undefined;
  if (now - ends.last >= SURPLUS_AFTER) return 'surplus';
  return now - ends.first < SURPLUS_AFTER ? null : undefined;
}
