import { Type } from 'typebox';
import type { CoverageRow, Finding, Status } from '../../../domain/assurance/coverage.js';
import { countsOf, type KeptCounts } from '../../../domain/assurance/coverage-counts.js';
import { PbxId } from '../../../domain/pbx.js';
import type { CountsSlice, CoverageRange } from '../../ledger.js';
import { Flag, Length, noun, orNull, type Reader, Text, Time, unreadable } from '../checked.js';
import type { Db } from '../db.js';
import { AMONG, createQuarters } from './quarters.js';

/** After this many calls, `count` leaves the rest to its next run: about 5 ms. */
const COUNTED_AT_ONCE = 300;

const STATUSES: ReadonlySet<string> = new Set<Status>([
  ...(['pending', 'recorded', 'partial', 'excluded', 'declined', 'not_kept'] as const),
  ...(['not_recorded', 'imported'] as const),
]);
const FINDINGS: ReadonlySet<string> = new Set<Finding | ''>([
  ...(['', 'missing', 'unexplained', 'surplus', 'differs', 'unwitnessed'] as const),
]);

const counts = noun({
  table: 'coverage_counts',
  key: (row) => `${row.quarter} ${row.pbx}`,
  json: ['counts'],
  shape: Type.Object({
    pbx: PbxId,
    counts: Type.Record(Text, Length),
    ...{
      first_start: orNull(Time),
      last_start: orNull(Time),
      first_end: orNull(Time),
      last_end: orNull(Time),
    },
    ...{ some_blind: Flag, all_blind: Flag },
  }),
  make: (row): KeptCounts => ({
    on: row.pbx,
    counted: Object.entries(row.counts).map(([key, calls]) => {
      const [status = '', finding = ''] = key.split(' ');
      if (!STATUSES.has(status) || !FINDINGS.has(finding)) unreadable('"status" or "finding" is unknown');
      return { status: status as Status, finding: finding === '' ? null : (finding as Finding), calls };
    }),
    unwitnessed:
      row.first_start === null
        ? null
        : {
            starts: { first: row.first_start, last: row.last_start! },
            ends: { first: row.first_end!, last: row.last_end! },
            blind: row.all_blind ? 'all' : row.some_blind ? 'some' : 'none',
          },
  }),
});

/** SQL: whether there was a gap like this in "blind_windows" or "witness_gaps" when the unwitnessed calls of a quarter ended. */
const gap = (fits: string): string =>
  `first_end IS NOT NULL AND (${['blind_windows', 'witness_gaps']
    .map((table) => `EXISTS (SELECT 1 FROM ${table} g WHERE g.pbx = k.pbx AND ${fits})`)
    .join(' OR ')})`;

/** Counts of calls by quarter of an hour. Triggers mark the quarters in which calls have changed since they were counted. */
export function createCoverageCounts(
  db: Db,
  reader: Reader,
  rowsOf: (from: number, to: number) => CoverageRow[],
) {
  const quarters = createQuarters(db, { counts: 'coverage_counts', due: 'coverage_due' });
  const unwitnessed = (value: string, name: string) =>
    `${value} FILTER (WHERE finding = 'unwitnessed') AS ${name}`;
  // As far from a gap as rows.ts wants it of a call.
  const kept = db.prepare(`
    SELECT k.*,
      ${gap('g.from_at <= last_end + 2000 AND coalesce(g.to_at, first_end) >= first_end - 2000')} AS some_blind,
      ${gap('g.from_at <= first_end + 2000 AND coalesce(g.to_at, last_end) >= last_end - 2000')} AS all_blind
    FROM (SELECT quarter, pbx, json_group_object(status || ' ' || finding, calls) AS counts,
        ${unwitnessed('min(first_start)', 'first_start')}, ${unwitnessed('max(last_start)', 'last_start')},
        ${unwitnessed('min(first_end)', 'first_end')}, ${unwitnessed('max(last_end)', 'last_end')}
      FROM coverage_counts WHERE ${AMONG} AND ($pbx IS NULL OR pbx = $pbx) GROUP BY quarter, pbx) k`);
  const put = db.prepare(`
    INSERT INTO coverage_counts VALUES ($quarter, $on, $status, $finding, $calls, $firstStart, $lastStart, $firstEnd, $lastEnd)`);

  return {
    /** A slice takes about 10 ms. */
    counts: (range: CoverageRange): CountsSlice =>
      quarters.slice(
        range,
        (among) => kept.all(among) as { quarter: number }[],
        (row) => reader.orNull(counts, row),
      ),

    countedSince: quarters.countedSince,

    /** Counts some of the quarters that have changed, the newest first. Returns how many. */
    count: (): number =>
      quarters.count(COUNTED_AT_ONCE, rowsOf, (quarter, rows) => {
        for (const { starts, ends, finding, ...rest } of countsOf(rows))
          put.run({
            ...{ ...rest, quarter, finding: finding ?? '' },
            ...{ firstStart: starts.first, lastStart: starts.last, firstEnd: ends.first, lastEnd: ends.last },
          });
      }),
  };
}
