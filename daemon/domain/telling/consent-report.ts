import { harmless } from '../csv.js';
import { iso, isoOrNull } from '../days.js';
import type { CallRecord, CoverageStatus, Direction, LegId, Party } from '../recording/recording.js';
import type { Notice } from './notice.js';
import { type Language, MODES, type Mode } from './schema.js';
import {
  type AnswerResult,
  answerResults,
  type ConsentFinding,
  type ConsentStatus,
  consentFindings,
  consentStatuses,
  type FoundResult,
  foundResults,
  type PurposeResult,
  purposeResults,
  statusOf,
  type TellingFacts,
  type Told,
  type ToldResult,
  toldOf,
  toldResults,
} from './told.js';

/**
 * The report on how people were told, and what they answered: one line for each answered call. The command, the
 * page and the CSV all come from here. Times are milliseconds since 1970.
 */
export type ConsentCall = Omit<TellingFacts, 'mode' | 'statedIsEnough' | 'purposeAndIdentity'> &
  Pick<CallRecord, 'id' | 'pbx' | 'direction' | 'them' | 'us'> & { notice: Notice | null };

export type JudgedCall = ConsentCall & Told;

export const judgeCall = (call: ConsentCall): JudgedCall => ({
  ...call,
  ...toldOf({
    ...call,
    mode: call.notice?.mode ?? null,
    statedIsEnough: call.notice?.statedIsEnough ?? false,
    purposeAndIdentity: call.notice?.purposeAndIdentity ?? false,
  }),
});

/** What of a call counts. */
export type ConsentVerdict = Omit<Told, 'untold'> & { mode: Mode | null };
export const verdictOf = (facts: Omit<ConsentVerdict, 'status'>): ConsentVerdict => ({
  ...facts,
  status: statusOf(facts.told, facts.answer),
});

/** What may be asked for; `exceptions` is every call with a finding, `purpose_unsaid` those in which who records was to be said, and was not. */
export const CONSENT_FILTERS = [
  'exceptions',
  ...consentFindings,
  'purpose_unsaid',
  ...consentStatuses,
  'all',
] as const;
export type ConsentFilter = (typeof CONSENT_FILTERS)[number];

export function fitsConsent(
  call: Pick<Told, 'status' | 'purpose' | 'findings'>,
  filter: ConsentFilter,
): boolean {
  if (filter === 'all') return true;
  if (filter === 'exceptions') return call.findings.length > 0;
  if (filter === 'purpose_unsaid') return call.purpose === 'unsaid';
  return call.status === filter || call.findings.some((finding) => finding === filter);
}

type ByTold = Record<ToldResult, number>;
export type ConsentTotals = {
  calls: number;
  /** Calls with a finding, and how many have each: a call may have several. */
  exceptions: number;
  findings: Record<ConsentFinding, number>;
  /** Each of these adds up to `calls`. */
  statuses: Record<ConsentStatus, number>;
  told: ByTold;
  answers: Record<AnswerResult, number>;
  found: Record<FoundResult, number>;
  purpose: Record<PurposeResult, number>;
  /** The calls of each mode that a call has, the strictest first; null: how people are told was not decided. */
  modes: ({ mode: Mode | null; calls: number } & ByTold)[];
};

const zeros = <K extends string>(keys: readonly K[]) =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

/**
 * Counts calls, one by one or some of the same verdict at once, and keeps those of one page of the list that was asked for: nothing else
 * of them stays in memory.
 */
export function createConsentReport({
  filter,
  skip,
  limit,
}: {
  filter: ConsentFilter;
  skip: number;
  limit: number;
}) {
  const modes = new Map<Mode | null, { calls: number } & ByTold>();
  const totals: Omit<ConsentTotals, 'modes'> = {
    ...{ calls: 0, exceptions: 0 },
    findings: zeros(consentFindings),
    ...{ statuses: zeros(consentStatuses), told: zeros(toldResults) },
    ...{ answers: zeros(answerResults), found: zeros(foundResults), purpose: zeros(purposeResults) },
  };
  const listed: JudgedCall[] = [];
  let fitting = 0;
  function count(verdict: ConsentVerdict, calls: number): void {
    totals.calls += calls;
    totals.statuses[verdict.status] += calls;
    totals.told[verdict.told] += calls;
    totals.answers[verdict.answer] += calls;
    totals.found[verdict.found] += calls;
    totals.purpose[verdict.purpose] += calls;
    if (verdict.findings.length > 0) totals.exceptions += calls;
    for (const finding of verdict.findings) totals.findings[finding] += calls;
    const its = modes.get(verdict.mode) ?? { calls: 0, ...zeros(toldResults) };
    modes.set(verdict.mode, its);
    its.calls += calls;
    its[verdict.told] += calls;
    if (fitsConsent(verdict, filter)) fitting += calls;
  }
  return {
    add(call: JudgedCall): void {
      count({ ...call, mode: call.notice?.mode ?? null }, 1);
      if (fitting > skip && listed.length < limit && fitsConsent(call, filter)) listed.push(call);
    },
    /** Counts so many calls that are older than those counted before. None of them is listed. */
    count,
    /** Whether one of so many calls, the next ones that are counted, belongs on the page. */
    lists(next: readonly (ConsentVerdict & { calls: number })[]): boolean {
      const more = next.reduce((sum, one) => sum + (fitsConsent(one, filter) ? one.calls : 0), 0);
      return more > 0 && fitting < skip + limit && fitting + more > skip;
    },
    /** What was counted so far. `fitting`: how many calls fit the filter; `listed`: those of the page, in the order of `add`. */
    result: (): { totals: ConsentTotals; listed: JudgedCall[]; fitting: number } => ({
      totals: {
        ...totals,
        modes: [...MODES.toReversed(), null].flatMap((mode) => {
          const its = modes.get(mode);
          return its ? [{ mode, ...its }] : [];
        }),
      },
      listed,
      fitting,
    }),
  };
}

/** Who is on a leg, of all that were in the call. */
const partyOf = ({ legs }: Pick<ConsentCall, 'legs'>, id: LegId): Party =>
  legs.find((leg) => leg.id === id)?.party ?? { number: '', name: '', ours: false };

export type ConsentCallView = {
  call_id: string;
  pbx: string;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
  direction: Direction;
  them: Party;
  us: Party;
  /** Null, like the next three, where it was not decided how people are told. */
  mode: Mode | null;
  language: Language | null;
  rule: string | null;
  policy_version: number | null;
  status: ConsentStatus;
  told: ToldResult;
  untold: Party[];
  answer: AnswerResult;
  found: FoundResult;
  purpose: PurposeResult;
  findings: ConsentFinding[];
  keys_unheard_ms: number;
  coverage: CoverageStatus;
};

/** One call as the API and `tapedeck consent-report --json` give it. Times are ISO 8601 in UTC. */
export const consentCallView = (call: JudgedCall): ConsentCallView => ({
  ...{ call_id: call.id, pbx: call.pbx, started_at: iso(call.startedAt) },
  ...{ answered_at: isoOrNull(call.answeredAt), ended_at: isoOrNull(call.endedAt) },
  ...{ direction: call.direction, them: call.them, us: call.us },
  ...{ mode: call.notice?.mode ?? null, language: call.notice?.language ?? null },
  ...{ rule: call.notice?.rule ?? null, policy_version: call.notice?.version ?? null },
  ...{ status: call.status, told: call.told, untold: call.untold.map((id) => partyOf(call, id)) },
  ...{ answer: call.answer, found: call.found, purpose: call.purpose },
  ...{ findings: call.findings, coverage: call.coverage },
  keys_unheard_ms: call.unwatchedMs,
});

export const CONSENT_CSV_COLUMNS = [
  ...['findings', 'call_id', 'started_at', 'answered_at', 'ended_at', 'direction'],
  ...['them_number', 'them_name', 'us_number', 'us_name', 'mode', 'told', 'untold', 'answer', 'found'],
  ...['coverage', 'language', 'rule', 'policy_version', 'pbx', 'status', 'keys_unheard_ms', 'purpose'],
];

/** The cells of a call, in the order of `CONSENT_CSV_COLUMNS`. None of them is a formula to a spreadsheet. */
export function consentCells(call: JudgedCall): string[] {
  const c = consentCallView(call);
  const untold = c.untold.map(({ number, name }) => [name, number].filter(Boolean).join(' ') || 'unknown');
  const cells = [
    ...[c.findings.join(' '), c.call_id, c.started_at, c.answered_at, c.ended_at, c.direction],
    ...[c.them.number, c.them.name, c.us.number, c.us.name],
    ...[c.mode, c.told, untold.join(', '), c.answer, c.found, c.coverage],
    ...[c.language, c.rule, c.policy_version, c.pbx, c.status, c.keys_unheard_ms, c.purpose],
  ];
  return cells.map((cell) => harmless(String(cell ?? '')));
}
