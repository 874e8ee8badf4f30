import { QUARTER_MS } from '../../../domain/assurance/coverage-counts.js';
import type { CoverageRange } from '../../ledger.js';
import type { Db } from '../db.js';

/** How many rows of counts, and how many changed quarters, are read at once. */
const SLICE = 5_000;

/** SQL: that a row is of one of the quarters from $first to before $end. */
export const AMONG = 'quarter >= $first AND quarter < $end';

/** Reads the rows of counts of some quarters, of one PBX or of all. */
type Kept<Row> = (among: { first: number; end: number; pbx: string | null }) => Row[];

/**
 * Counts that are kept for each quarter of an hour in table `counts`. Triggers mark those in table `due` in which something has changed
 * since it was counted.
 */
export function createQuarters(db: Db, { counts, due }: { counts: string; due: string }) {
  const last = [counts, due].map((table) =>
    db
      .prepare(
        `SELECT quarter FROM ${table} WHERE ${AMONG} ORDER BY quarter DESC LIMIT 1 OFFSET ${SLICE - 1}`,
      )
      .pluck(),
  );
  const changed = db.prepare(`SELECT quarter FROM ${due} WHERE ${AMONG}`).pluck();
  const next = db.prepare(`SELECT quarter FROM ${due} ORDER BY quarter DESC LIMIT 1`).pluck();
  // In this order: the newest first, and no more of the calls than are asked for.
  const over = db
    .prepare(`SELECT quarter FROM ${due} d CROSS JOIN calls c INDEXED BY calls_by_start
      WHERE ${AMONG} AND c.started_at >= quarter * ${QUARTER_MS} AND c.started_at < (quarter + 1) * ${QUARTER_MS}
      ORDER BY quarter DESC LIMIT 1 OFFSET $most`)
    .pluck();
  const settled = db.prepare(`DELETE FROM ${due} WHERE quarter = ?`);
  const drop = db.prepare(`DELETE FROM ${counts} WHERE quarter = ?`);

  return {
    /**
     * The newest quarters of a time, newest first, with what `read` makes of their rows; null where calls have changed, or where a row
     * cannot be read: then the report counts the calls. `next`: the `to` of the next ones, or null.
     */
    slice<Row extends { quarter: number }, Count>(
      { from, to, pbx }: CoverageRange,
      kept: Kept<Row>,
      read: (row: Row) => Count | null,
    ): { items: { at: number; counts: Count[] | null }[]; next: number | null } {
      const whole = { first: Math.floor(from / QUARTER_MS), end: Math.ceil(to / QUARTER_MS) };
      const begin = Math.max(
        whole.first,
        ...last.map((one) => (one.get(whole) as number | undefined) ?? whole.first),
      );
      const among = { ...whole, first: begin };
      const quarters = new Map<number, { at: number; counts: Count[] | null }>();
      const of = (quarter: number) => {
        const its = quarters.get(quarter) ?? { at: quarter * QUARTER_MS, counts: [] };
        quarters.set(quarter, its);
        return its;
      };
      for (const row of kept({ ...among, pbx: pbx ?? null })) {
        const its = of(row.quarter);
        const one = read(row);
        if (one) its.counts?.push(one);
        else its.counts = null;
      }
      for (const quarter of changed.all(among) as number[]) of(quarter).counts = null;
      const items = [...quarters.values()].sort((a, b) => b.at - a.at);
      return { items, next: begin > whole.first ? begin * QUARTER_MS : null };
    },

    /** Since when no more than `most` calls are still to be counted; null where there are no more in all of that time. */
    countedSince({ from, to }: CoverageRange, most: number): number | null {
      const among = { first: Math.floor(from / QUARTER_MS), end: Math.ceil(to / QUARTER_MS), most };
      const quarter = over.get(among) as number | undefined;
      return quarter === undefined ? null : (quarter + 1) * QUARTER_MS;
    },

    /**
     * Counts the quarters that have changed, the newest first, until `most` calls were read: the rest is left to the next run. `put` keeps
     * the counts of one. Returns how many.
     */
    count<Call>(
      most: number,
      callsOf: (from: number, to: number) => readonly Call[],
      put: (quarter: number, calls: readonly Call[]) => void,
    ): number {
      let quarters = 0;
      for (let calls = 0; calls < most; quarters += 1) {
        const quarter = next.get() as number | undefined;
        if (quarter === undefined) break;
        const all = callsOf(quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS);
        drop.run(quarter);
        put(quarter, all);
        settled.run(quarter);
        calls += all.length;
      }
      return quarters;
    },
  };
}
