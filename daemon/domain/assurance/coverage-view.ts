import { harmless } from '../csv.js';
import { dates, dayAfter, iso, isoOrNull, times } from '../days.js';
import { fail } from '../error.js';
import type { PbxId } from '../pbx.js';
import { reasonView, type Say } from '../reason/words.js';
import type { BlindWindow, Party } from '../recording/recording.js';
import type { Cdr } from './cdr.js';
import {
  bounds,
  type CdrSource,
  type Filter,
  type Judged,
  type Period,
  type Report,
  type Span,
} from './coverage.js';
import { caveatsOf } from './coverage-caveats.js';

/**
 * The coverage report as the API and `tapedeck coverage --json` give it, and as the rows of its CSV. Times are ISO 8601 in
 * UTC, lengths milliseconds.
 */
export type Asked = {
  from?: string | undefined;
  to?: string | undefined;
  filter: Filter;
  /** Only calls on this PBX; all of them when left out. */
  pbx?: PbxId | undefined;
};

/** The report on what was asked for, and what it rests on. */
export type Made = Report & {
  /** How many were asked for, of which the newest are listed. */
  total: number;
  now: number;
  period: Period;
  filter: Filter;
  pbx: PbxId | null;
  /** Of the PBXs that are reported on. */
  spans: readonly Span[];
  sources: readonly CdrSource[];
  blind: readonly BlindWindow[];
  /** When Asterisk's CDRs were not heard over AMI. */
  witnessGaps: readonly BlindWindow[];
};

const DAYS = 30;
/** The longest period that is reported at once, in days: two years and the days around them. */
const MOST_DAYS = 750;
/** At most so many calls are shown; the CSV has all. */
export const SHOWN = 200;

/**
 * The days asked for, both included; by default the last thirty until today. Throws `request_invalid` for a period that
 * ends before it begins or is too long: what is answered is always what was asked.
 */
export function periodOf({ from, to }: Pick<Asked, 'from' | 'to'>, zone: string, now: number): Period {
  const last = to ?? dates(zone)(now);
  const first = from ?? dayAfter(last, 1 - DAYS);
  if (first > last) throw fail('request_invalid', `The first day, ${first}, is after the last day, ${last}.`);
  if (first < dayAfter(last, 1 - MOST_DAYS))
    throw fail('request_invalid', `${first} to ${last} is longer than the ${MOST_DAYS} days of one report.`);
  return { from: first, to: last, zone };
}

/** The accounts of those shown of which nothing else is known. */
export const strangers = ({ listed }: Made): string[] =>
  listed.flatMap(({ pbx, call }) => (pbx && !call ? [pbx.id] : []));

/** `cdrs` are those of the calls of which nothing else is known, by the id of their account. */
export function coverageView(made: Made, cdrs: ReadonlyMap<string, Cdr[]>, targetPercent: number) {
  const say = times(made.period.zone);
  const { period, percent, totals, days, listed, spans } = made;
  const since = earliest(spans.map((span) => span.since));
  const witnesses = spans.flatMap(({ witness }) => witness ?? []);
  const witness =
    witnesses.length === 0
      ? null
      : {
          since: iso(Math.min(...witnesses.map((w) => w.since))),
          last: iso(Math.max(...witnesses.map((w) => w.last))),
        };
  const unfilled = made.witnessGaps.filter((gap) => filledFrom(gap, made.sources).length === 0);
  return {
    now: iso(made.now),
    from: period.from,
    to: period.to,
    time_zone: period.zone,
    since: isoOrNull(since),
    caveats: caveatsOf({ ...made, ...bounds(period), unfilled }),
    filter: made.filter,
    pbx: made.pbx,
    percent,
    target_percent: targetPercent,
    totals,
    days,
    calls: listed.map((j) => callView(j, cdrs.get(j.pbx?.id ?? '') ?? [], say)),
    calls_total: made.total,
    witness,
    sources: made.sources.map((s) => ({
      pbx: s.pbx,
      name: s.name,
      since: isoOrNull(s.since),
      read_at: isoOrNull(s.readAt),
      last_at: isoOrNull(s.lastAt),
      count: s.count,
      problem: s.problem,
    })),
    blind: made.blind.map((w) => ({
      pbx: w.pbx,
      from: iso(w.from),
      to: isoOrNull(w.to),
      ...reasonView(w.why, say),
    })),
    witness_gaps: made.witnessGaps.map((w) => ({
      pbx: w.pbx,
      from: iso(w.from),
      to: isoOrNull(w.to),
      ...reasonView(w.why, say),
      filled_from: filledFrom(w, made.sources),
    })),
  };
}

/** Where the CDRs of a gap were read afterwards; empty where they were not. */
export const filledFrom = ({ pbx, to }: BlindWindow, sources: readonly CdrSource[]): string[] =>
  sources
    .filter((s) => s.pbx === pbx && s.name !== 'AMI' && to !== null && s.readAt !== null && s.readAt >= to)
    .map((s) => s.name);

const earliest = (times: number[]): number | null => (times.length > 0 ? Math.min(...times) : null);

export type CoverageReport = ReturnType<typeof coverageView>;

const stranger = (number: string, name: string, ours: boolean): Party => ({ number, name, ours });

function callView(j: Judged, cdrs: readonly Cdr[], say: Say) {
  const { call, pbx } = j;
  return {
    pbx: j.on,
    call_id: call?.id ?? null,
    linkedid: pbx?.linkedid ?? null,
    started_at: iso(j.startedAt),
    answered_at: isoOrNull(call?.answeredAt ?? pbx?.answeredAt ?? null),
    ended_at: iso(call?.endedAt ?? pbx!.endedAt),
    direction: call?.direction ?? null,
    them: call?.them ?? stranger(pbx!.src, pbx!.name, false),
    us: call?.us ?? stranger(pbx!.dst, '', true),
    status: j.status,
    finding: j.finding,
    ...reasonView(j.why, say),
    rule: j.rule,
    pbx_ms: j.pbxMs,
    talk_ms: rounded(j.talkMs),
    recording_ms: rounded(j.recordingMs),
    missing_ms: Math.round(j.missingMs),
    cdrs: cdrs.map((c) => ({
      channel: c.channel,
      peer: c.peer,
      from: c.src,
      to: c.dst,
      app: c.app,
      started_at: iso(c.startAt),
      answered_at: isoOrNull(c.answerAt),
      ended_at: iso(c.endAt),
      disposition: c.disposition,
      uniqueid: c.uniqueid,
    })),
  };
}

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

export const CSV_COLUMNS = [
  ...['status', 'finding', 'call_id', 'linkedid', 'started_at', 'answered_at', 'ended_at', 'direction'],
  ...['them_number', 'them_name', 'us_number', 'us_name', 'pbx_ms', 'talk_ms', 'recording_ms', 'missing_ms'],
  ...['rule', 'reason', 'pbx'],
];

/** One row a call, in the order of `CSV_COLUMNS`. A cell that a spreadsheet would take for a formula is made harmless. */
export function* csvRows(listed: readonly Judged[], zone: string): Generator<string[]> {
  const say = times(zone);
  for (const j of listed) {
    const c = callView(j, [], say);
    const cells = [
      ...[c.status, c.finding, c.call_id, c.linkedid, c.started_at, c.answered_at, c.ended_at, c.direction],
      ...[c.them.number, c.them.name, c.us.number, c.us.name],
      ...[c.pbx_ms, c.talk_ms, c.recording_ms, c.missing_ms],
      ...[c.rule, c.reason, c.pbx],
    ];
    yield cells.map((cell) => harmless(String(cell ?? '')));
  }
}
