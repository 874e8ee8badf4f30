import { Type } from 'typebox';
import { QUARTER_MS } from '../../../domain/assurance/coverage-counts.js';
import { PbxId } from '../../../domain/pbx.js';
import {
  type ConsentCount,
  type CountedConsent,
  consentCountsOf,
} from '../../../domain/telling/consent-counts.js';
import { ModeSchema } from '../../../domain/telling/schema.js';
import { answerResults, consentFindings, foundResults, toldResults } from '../../../domain/telling/told.js';
import type { CoverageRange } from '../../ledger.js';
import type { ConsentCountsSlice, LedgerCall } from '../../notices.js';
import { Length, noun, orNull, type Reader, Text, Time, unreadable } from '../checked.js';
import type { Db } from '../db.js';

/** How many rows of counts, and how many changed quarters, are read at once: about 45 ms. */
const SLICE = 5_000;
/** After this many calls, `count` leaves the rest to its next run: about 20 ms. */
const COUNTED_AT_ONCE = 200;

const counted = noun({
  table: 'consent_counts',
  key: (row) => `${row.quarter} ${row.pbx}`,
  shape: Type.Object({
    pbx: PbxId,
    mode: Type.Union([Type.Literal(''), ModeSchema]),
    told: Type.Enum([...toldResults]),
    answer: Type.Enum([...answerResults]),
    found: Type.Enum([...foundResults]),
    findings: Text,
    calls: Length,
    first_answer: orNull(Time),
    last_end: orNull(Time),
  }),
  make: (row): ConsentCount => ({
    ...{ on: row.pbx, mode: row.mode === '' ? null : row.mode, told: row.told, answer: row.answer },
    ...{ found: row.found, findings: findingsIn(row.findings), calls: row.calls },
    byKey:
      row.first_answer === null || row.last_end === null
        ? null
        : { from: row.first_answer, until: row.last_end },
  }),
});

function findingsIn(text: string): ConsentCount['findings'] {
  const findings = consentFindings.filter((finding) => text.split(' ').includes(finding));
  if (findings.join(' ') !== text) unreadable('"findings" is unknown');
  return findings;
}

type Row = { quarter: number; calls?: number };

/** Counts of calls by how people were told, of each quarter of an hour. Triggers mark the quarters in which something has changed. */
export function createToldCounts(
  db: Db,
  reader: Reader,
  callsOf: (from: number, to: number) => LedgerCall[],
) {
  const AMONG = 'quarter >= $first AND quarter < $end';
  const last = ['consent_counts', 'consent_due'].map((table) =>
    db
      .prepare(
        `SELECT quarter FROM ${table} WHERE ${AMONG} ORDER BY quarter DESC LIMIT 1 OFFSET ${SLICE - 1}`,
      )
      .pluck(),
  );
  const kept = db.prepare(`
    SELECT * FROM consent_counts WHERE ${AMONG} AND ($pbx IS NULL OR pbx = $pbx)`);
  const changed = db.prepare(`SELECT quarter FROM consent_due WHERE ${AMONG}`);
  const due = db.prepare('SELECT quarter FROM consent_due ORDER BY quarter DESC LIMIT 1').pluck();
  const settled = db.prepare('DELETE FROM consent_due WHERE quarter = ?');
  const drop = db.prepare('DELETE FROM consent_counts WHERE quarter = ?');
  const put = db.prepare(`
    INSERT INTO consent_counts VALUES (
      $quarter, $on, $mode, $told, $answer, $found, $findings, $byKey, $calls, $from, $until)`);

  return {
    counts({ from, to, pbx }: CoverageRange): ConsentCountsSlice {
      const whole = { first: Math.floor(from / QUARTER_MS), end: Math.ceil(to / QUARTER_MS) };
      const begin = Math.max(
        whole.first,
        ...last.map((one) => (one.get(whole) as number | undefined) ?? whole.first),
      );
      const among = { ...whole, first: begin };
      const quarters = new Map<number, CountedConsent>();
      const counts = kept.all({ ...among, pbx: pbx ?? null }) as Row[];
      for (const row of [...counts, ...(changed.all(among) as Row[])]) {
        const its = quarters.get(row.quarter) ?? { at: row.quarter * QUARTER_MS, counts: [] };
        quarters.set(row.quarter, its);
        const one = row.calls === undefined ? null : reader.orNull(counted, row);
        // If counts cannot be read, the report counts the calls of their quarter, as of one that has changed.
        if (one) its.counts?.push(one);
        else its.counts = null;
      }
      const items = [...quarters.values()].sort((a, b) => b.at - a.at);
      return { items, next: begin > whole.first ? begin * QUARTER_MS : null };
    },

    /** Counts some of the quarters that have changed, the newest first. Returns how many. */
    count(): number {
      let quarters = 0;
      for (let calls = 0; calls < COUNTED_AT_ONCE; quarters += 1) {
        const quarter = due.get() as number | undefined;
        if (quarter === undefined) break;
        const all = callsOf(quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS);
        drop.run(quarter);
        for (const { mode, findings, byKey, ...rest } of consentCountsOf(all))
          put.run({
            ...{ ...rest, quarter, mode: mode ?? '', findings: findings.join(' ') },
            ...{ byKey: byKey ? 1 : 0, from: byKey?.from ?? null, until: byKey?.until ?? null },
          });
        settled.run(quarter);
        calls += all.length;
      }
      return quarters;
    },
  };
}
