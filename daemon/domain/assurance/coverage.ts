import { daysOf, endOfDay, startOfDay } from '../days.js';
import type { PbxId } from '../pbx.js';
import { because, together, type Why } from '../reason/reason.js';
import type { CallId, Coverage, CoverageStatus, Direction, Party } from '../recording/recording.js';

/**
 * What became of every answered call, checked against the PBX's own account (the witness). Times are milliseconds since
 * 1970, lengths milliseconds. The command, the page and the CSV all come from here.
 */
export type CoverageRow = {
  /** On which PBX. */
  on: PbxId;
  /** What the PBX says of the call; null when no CDR tells of it. */
  pbx: {
    id: string;
    linkedid: string;
    startedAt: number;
    answeredAt: number | null;
    endedAt: number;
    src: string;
    dst: string;
    name: string;
    /** Its length says nothing. */
    alone: boolean;
  } | null;
  /** What we know of it; null for a call of which there is no row. */
  call: {
    id: CallId;
    direction: Direction;
    startedAt: number;
    answeredAt: number | null;
    endedAt: number;
    them: Party;
    us: Party;
    coverage: Coverage;
    recordingMs: number | null;
    /** CDRs were not heard when it ended. */
    blind: boolean;
  } | null;
};

/** From when to when CDRs have come. */
export type Witness = { since: number; last: number } | null;

/**
 * Since when the calls of a PBX are accounted for: the beginning of its ledger, or its first call if that is older. And from when
 * to when its CDRs have come.
 */
export type Span = { pbx: PbxId; since: number; witness: Witness };

/** Where CDRs come from: AMI, a file or a database. */
export type CdrSource = {
  pbx: PbxId;
  name: string;
  /** When it was first and last read, or heard, without a fault. */
  since: number | null;
  readAt: number | null;
  /** When it last brought a CDR that was new, and how many it has. */
  lastAt: number | null;
  count: number;
  /** Why it could not be read the last time; empty when it could. */
  problem: string;
};

/**
 * What the comparison found, where the two accounts do not agree. `missing`: the PBX answered a call of which there is no
 * row. `unexplained`: there is a row, and neither recording nor reason. `surplus`: no CDR tells of a call. `differs`: the
 * lengths do. `unwitnessed` is no disagreement: no CDRs came at that time.
 */
export type Finding = 'missing' | 'unexplained' | 'surplus' | 'differs' | 'unwitnessed';
export type Status = Exclude<CoverageStatus, 'none'>;

/** One answered call: exactly one status. */
export type Judged = CoverageRow & {
  startedAt: number;
  status: Status;
  finding: Finding | null;
  why: Why | null;
  rule: string | null;
  /** From answer to hang-up by the PBX, and by us; the length of the recording; and what of the call is not in it. */
  pbxMs: number | null;
  talkMs: number | null;
  recordingMs: number | null;
  missingMs: number;
};

/** How long after its end a call may still be without a CDR before that is said. */
export const SURPLUS_AFTER = 120_000;
/** Lengths that are this close are the same: CDRs have whole seconds. */
const SAME_MS = 2_000;
const SAME_SHARE = 0.02;

/** When a call began, ms since 1970. */
export const startOf = ({ call, pbx }: CoverageRow): number => call?.startedAt ?? pbx!.startedAt;

/** Null for a call that nobody answered, by either account. */
export function judge(row: CoverageRow, witness: Witness, now: number): Judged | null {
  const { pbx, call } = row;
  const pbxMs = pbx && pbx.answeredAt !== null ? pbx.endedAt - pbx.answeredAt : null;
  const talkMs = call && call.answeredAt !== null ? call.endedAt - call.answeredAt : null;
  if (pbxMs === null && talkMs === null) return null;
  const startedAt = startOf(row);
  const recordingMs = call?.recordingMs ?? null;
  const base = { ...row, startedAt, rule: call?.coverage.rule ?? null, pbxMs, talkMs, recordingMs };
  const missed = (finding: Finding, why: Why): Judged => ({
    ...base,
    status: 'not_recorded',
    finding,
    why,
    missingMs: pbxMs ?? talkMs ?? 0,
  });
  if (!call) return missed('missing', because('not_seen'));
  if (talkMs === null) return missed('unexplained', because('answer_not_seen'));
  const { status, why, missingMs } = call.coverage;
  if (status === 'none' || (status === 'not_recorded' && why === null))
    return missed('unexplained', because('nothing_known'));
  const disagrees = compare(base, status, witness, now);
  return {
    ...base,
    status,
    finding: disagrees?.finding ?? null,
    why: together(why, disagrees?.why),
    missingMs,
  };
}

type Compared = Pick<Judged, 'pbx' | 'call' | 'pbxMs' | 'talkMs' | 'recordingMs'>;

function compare(
  { pbx, call, pbxMs, talkMs, recordingMs }: Compared,
  status: CoverageStatus,
  witness: Witness,
  now: number,
): { finding: Finding; why: Why | null } | null {
  const { startedAt, endedAt, blind } = call!;
  if (status === 'imported') return null;
  if (!pbx) {
    if (!witness || blind || startedAt < witness.since || endedAt > witness.last)
      return { finding: 'unwitnessed', why: null };
    if (now - endedAt < SURPLUS_AFTER) return null;
    return { finding: 'surplus', why: because('no_cdr') };
  }
  if (pbxMs === null) return { finding: 'surplus', why: because('cdr_unanswered') };
  if (pbx.alone) return null;
  const apart = (ms: number) => Math.abs(ms - pbxMs) > Math.max(SAME_MS, pbxMs * SAME_SHARE);
  if (apart(talkMs!))
    return {
      finding: 'differs',
      why: because('lengths_differ', { pbx: pbxMs, tapedeck: talkMs! }),
    };
  if (status === 'recorded' && recordingMs !== null && apart(recordingMs))
    return {
      finding: 'differs',
      why: because('recording_differs', { pbx: pbxMs, recording: recordingMs }),
    };
  return null;
}

/** Answered calls without a CDR after which CDRs have stopped, where they used to come. */
export const SILENT_CALLS = 3;

/** How many calls of ours no CDR tells of, although there was time for one. */
export const withoutCdr = (rows: readonly CoverageRow[], now: number): number =>
  rows.filter(
    ({ call, pbx }) =>
      call &&
      call.coverage.status !== 'imported' &&
      !call.blind &&
      !pbx &&
      now - call.endedAt >= SURPLUS_AFTER,
  ).length;

/** A call that should have been recorded, was not, and for which nothing in the policy is the reason. */
export const isMissed = (j: Judged): boolean => j.status === 'not_recorded';

/** `imported` calls are counted apart, and nowhere else. */
export type Totals = Record<Status | Finding, number> & {
  answered: number;
  /** Answered, decided, and neither excluded, declined, nor destroyed at its end by a rule. */
  eligible: number;
  /** Recorded, in full or in part. */
  covered: number;
};

const none = (): Totals => ({
  ...{ answered: 0, eligible: 0, covered: 0 },
  ...{
    pending: 0,
    recorded: 0,
    partial: 0,
    excluded: 0,
    declined: 0,
    not_kept: 0,
    not_recorded: 0,
    imported: 0,
  },
  ...{ missing: 0, unexplained: 0, surplus: 0, differs: 0, unwitnessed: 0 },
});

type Fate = Pick<Judged, 'status' | 'finding'>;

function add(totals: Totals, { status, finding }: Fate, calls = 1): void {
  totals[status] += calls;
  // Another recorder recorded it: that says nothing of what Tapedeck captured.
  if (status === 'imported') return;
  totals.answered += calls;
  if (finding) totals[finding] += calls;
  if (status === 'recorded' || status === 'partial') totals.covered += calls;
  if (status === 'recorded' || status === 'partial' || status === 'not_recorded') totals.eligible += calls;
}

/** In percent, rounded down to two places, so that one call lost in a million is not 100 %. Null: nothing to record. */
export function percentOf({ covered, eligible }: Pick<Totals, 'covered' | 'eligible'>): number | null {
  return eligible === 0 ? null : Math.floor((covered * 10_000) / eligible) / 100;
}

/** What may be asked for: a status, a finding, or `exceptions`, which is all that somebody should look at. */
export const FILTERS = [
  'exceptions',
  'partial',
  'not_recorded',
  'unexplained',
  'surplus',
  'differs',
  'excluded',
  'declined',
  'not_kept',
  'recorded',
  'pending',
  'imported',
  'all',
] as const;
export type Filter = (typeof FILTERS)[number];

export function fits(j: Fate, filter: Filter): boolean {
  if (filter === 'all') return true;
  if (filter === 'unexplained') return j.finding === 'missing' || j.finding === 'unexplained';
  if (filter === 'surplus' || filter === 'differs') return j.finding === filter;
  if (filter !== 'exceptions') return j.status === filter;
  return (
    j.status === 'partial' ||
    j.status === 'not_recorded' ||
    (j.finding !== null && j.finding !== 'unwitnessed')
  );
}

export type Report = {
  totals: Totals;
  percent: number | null;
  days: ({ day: string; percent: number | null } & Totals)[];
  /** Those that were asked for, newest first. */
  listed: Judged[];
};

export type Period = { /** First and last day, both included. */ from: string; to: string; zone: string };

/** When the period begins and ends. */
export const bounds = ({ from, to, zone }: Period): { from: number; to: number } => ({
  from: startOfDay(from, zone),
  to: endOfDay(to, zone),
});

type Asked = { filter: Filter; witness: (pbx: PbxId) => Witness; now: number };

/**
 * Makes the account of a period from the rows of its calls, or from how many they are. Days without an answered call are left out.
 */
export function createReport(period: Period, { filter, witness, now }: Asked) {
  const totals = none();
  const starts = dayStarts(period);
  const days = new Map<string, Totals>();
  function count(at: number, fate: Fate, calls: number): void {
    add(totals, fate, calls);
    const day = dayOf(at, starts);
    const its = days.get(day) ?? none();
    days.set(day, its);
    add(its, fate, calls);
  }
  return {
    /** Counts these calls, and returns those that were asked for. */
    add(rows: Iterable<CoverageRow>): Judged[] {
      const listed: Judged[] = [];
      for (const row of rows) {
        const judged = judge(row, witness(row.on), now);
        if (!judged) continue;
        count(judged.startedAt, judged, 1);
        if (fits(judged, filter)) listed.push(judged);
      }
      return listed;
    },
    /** Counts so many calls that began on the day of this moment. */
    count,
    /** Whether both moments are in the same day of the period. */
    sameDay: (from: number, to: number): boolean => dayOf(from, starts) === dayOf(to, starts),
    counted: (): Omit<Report, 'listed'> => ({
      totals,
      percent: percentOf(totals),
      days: [...days]
        .map(([day, its]) => ({ day, percent: percentOf(its), ...its }))
        .sort((a, b) => (a.day < b.day ? 1 : -1)),
    }),
  };
}

function dayStarts({ from, to, zone }: Period): { day: string; at: number }[] {
  return daysOf({ from, to }).map((day) => ({ day, at: startOfDay(day, zone) }));
}

function dayOf(at: number, starts: { day: string; at: number }[]): string {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]!.at <= at) low = middle;
    else high = middle;
  }
  return starts[low]?.day ?? '';
}
