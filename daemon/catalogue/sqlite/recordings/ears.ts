import {
  type Ear,
  type EarTrend,
  flagsOf,
  type Quality,
  type QualityFlag,
  qualityFlags,
} from '../../../domain/recording/quality.js';
import type { Recording } from '../../../domain/recording/recording.js';
import type { Db } from '../db.js';

/** SQL: whether the words in this column have that flag (a parameter). */
export const hasFlag = (column: string) => `instr(' ' || ${column} || ' ', ' ' || ? || ' ') > 0`;

const DAY_MS = 86_400_000;
/** So many rows of days are counted at once: some 15 ms. */
const SLICE = 15_000;

type Counted = Ear & { flags: string; calls: number };
/** Where the next slice begins: at the two ends of a time that are no whole days (UTC), or among its days, after this row. */
export type TrendPlace = 'begin' | 'end' | { day: number; kind: string; name: string; flags: string };
export type TrendSlice = { items: Counted[]; next: TrendPlace | null };

export const FIRST_TREND: TrendPlace = 'begin';
const FIRST_DAY = { kind: '', name: '', flags: '' };

/** Adds up what slices have counted. */
export function trendsOf(counted: Iterable<Counted>): EarTrend[] {
  const trends = new Map<string, EarTrend>();
  for (const { kind, name, flags, calls } of counted) {
    const key = `${kind} ${name}`;
    const its = trends.get(key) ?? { kind, name, calls: 0, flagged: 0, flags: { ...NO_FLAGS } };
    trends.set(key, its);
    its.calls += calls;
    if (flags !== '') its.flagged += calls;
    for (const flag of new Set(flags.split(' ')))
      if (flag in NO_FLAGS) its.flags[flag as QualityFlag] += calls;
  }
  return [...trends.values()];
}
const NO_FLAGS = Object.fromEntries(qualityFlags.map((flag) => [flag, 0])) as Record<QualityFlag, number>;

export function createEars(db: Db) {
  const add = db.prepare(`
    INSERT INTO ears SELECT $recordingId, $side, $kind, $name, started_at, $flags FROM calls
    WHERE id = $callId AND test = 0`);
  const replace = db.prepare(
    'DELETE FROM ears WHERE recording_id IN (SELECT id FROM recordings WHERE of_id = ?)',
  );
  const heard = db.prepare(`
    SELECT kind, name, flags, count(*) AS calls FROM ears
    WHERE started_at >= ? AND started_at < ? AND name <> '' GROUP BY kind, name, flags`);
  const AMONG = '(day, kind, name, flags) > ($day, $kind, $name, $flags) AND day < $end';
  const last = db.prepare(`
    SELECT day, kind, name, flags FROM ear_days WHERE ${AMONG} ORDER BY day, kind, name, flags LIMIT 1 OFFSET ${SLICE - 1}`);
  const days = db.prepare(`
    SELECT kind, name, flags, total(calls) AS calls FROM (
      SELECT * FROM ear_days WHERE ${AMONG} ORDER BY day, kind, name, flags LIMIT ${SLICE})
    GROUP BY kind, name, flags`);

  return {
    /** A new version takes the place of those before it, so that a call counts once. */
    add({ id: recordingId, of, callId }: Recording, quality: Quality): void {
      replace.run(of);
      for (const side of ['them', 'us'] as const) {
        const flags = flagsOf(quality, side).join(' ');
        add.run({ recordingId, callId, side, flags, ...quality.ears[side] });
      }
    },
    /** Counts those heard in calls that began in this time, a slice at a time. */
    trends(from: number, to: number, at: TrendPlace): TrendSlice {
      const [first, end] = [Math.ceil(from / DAY_MS), Math.floor(to / DAY_MS)];
      const between = (a: number, b: number) => heard.all(a, b) as Counted[];
      if (first >= end) return { items: between(from, to), next: null };
      if (at === 'begin') return { items: between(from, first * DAY_MS), next: 'end' };
      if (at === 'end') return { items: between(end * DAY_MS, to), next: { day: first, ...FIRST_DAY } };
      const among = { ...at, end };
      return {
        items: days.all(among) as Counted[],
        next: (last.get(among) as TrendPlace | undefined) ?? null,
      };
    },
  };
}
