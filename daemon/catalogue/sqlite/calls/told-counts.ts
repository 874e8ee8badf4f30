import { Type } from 'typebox';
import { PbxId } from '../../../domain/pbx.js';
import { type ConsentCount, consentCountsOf } from '../../../domain/telling/consent-counts.js';
import { ModeSchema } from '../../../domain/telling/schema.js';
import {
  answerResults,
  consentFindings,
  foundResults,
  purposeResults,
  toldResults,
} from '../../../domain/telling/told.js';
import type { CoverageRange } from '../../ledger.js';
import type { ConsentCountsSlice, LedgerCall } from '../../notices.js';
import { Length, noun, orNull, type Reader, Text, Time, unreadable } from '../checked.js';
import { AMONG, createQuarters } from '../coverage/quarters.js';
import type { Db } from '../db.js';

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
    purpose: Type.Enum([...purposeResults]),
    findings: Text,
    calls: Length,
    first_answer: orNull(Time),
    last_end: orNull(Time),
  }),
  make: (row): ConsentCount => ({
    ...{ on: row.pbx, mode: row.mode === '' ? null : row.mode, told: row.told, answer: row.answer },
    ...{ found: row.found, purpose: row.purpose, findings: findingsIn(row.findings), calls: row.calls },
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

/** Counts of calls by how people were told, of each quarter of an hour. Triggers mark the quarters in which something has changed. */
export function createToldCounts(
  db: Db,
  reader: Reader,
  callsOf: (from: number, to: number) => LedgerCall[],
) {
  const quarters = createQuarters(db, { counts: 'consent_counts', due: 'consent_due' });
  const kept = db.prepare(`
    SELECT * FROM consent_counts WHERE ${AMONG} AND ($pbx IS NULL OR pbx = $pbx)`);
  const put = db.prepare(`
    INSERT INTO consent_counts VALUES (
      $quarter, $on, $mode, $told, $answer, $found, $purpose, $findings, $byKey, $calls, $from, $until)`);

  return {
    /** A slice takes about 45 ms. */
    counts: (range: CoverageRange): ConsentCountsSlice =>
      quarters.slice(
        range,
        (among) => kept.all(among) as { quarter: number }[],
        (row) => reader.orNull(counted, row),
      ),

    countedSince: quarters.countedSince,

    /** Counts some of the quarters that have changed, the newest first. Returns how many. */
    count: (): number =>
      quarters.count(COUNTED_AT_ONCE, callsOf, (quarter, calls) => {
        for (const { mode, findings, byKey, ...rest } of consentCountsOf(calls))
          put.run({
            ...{ ...rest, quarter, mode: mode ?? '', findings: findings.join(' ') },
            ...{ byKey: byKey ? 1 : 0, from: byKey?.from ?? null, until: byKey?.until ?? null },
          });
      }),
  };
}
