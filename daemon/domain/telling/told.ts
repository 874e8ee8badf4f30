import { type Directive, directed, HOUSE, speakerOf } from '../call/directive.js';
import type { BlindWindow, CallRecord, CoverageStatus, LegId, MarkKind } from '../recording/recording.js';
import type { Played } from './notice.js';
import { answersByKey, type Mode } from './schema.js';

/** Who of a call was told that it is recorded, what they heard and answered, and whether the recording has it. */

export type TellingFacts = Pick<CallRecord, 'startedAt' | 'answeredAt' | 'endedAt' | 'legs' | 'marks'> & {
  /** Null where it was not decided how people are told. */
  mode: Mode | null;
  /** What our own side states for others is enough, where they are asked. */
  statedIsEnough: boolean;
  /** The law of a place that was asked wants people to hear who records, and what for. */
  purposeAndIdentity: boolean;
  coverage: CoverageStatus;
  /** For so long of the call nobody monitored the PBX, in ms: keys that were pressed then were not heard. */
  unwatchedMs: number;
  played: readonly Played[];
  directives: readonly Directive[];
};

/**
 * `pending`: the call goes on, or whether it is recorded is not known yet. `not_needed`: it was not recorded, nobody spoke with
 * anybody in it, or its mode is to tell nobody.
 */
export const toldResults = ['all', 'some', 'nobody', 'pending', 'not_needed'] as const;
export type ToldResult = (typeof toldResults)[number];

/**
 * `agreed`: everybody has whose consent counts, each on their own phone; `some`: not all of them. `stated`: our own side said so for
 * them, and nobody of them did.
 */
export const answerResults = ['refused', 'agreed', 'some', 'stated', 'none'] as const;
export type AnswerResult = (typeof answerResults)[number];

/**
 * Whether the recording has each prompt that was played whole. `no`: it lacks one, and nothing excuses that. `not_looked`: that was
 * not looked for yet. `none`: there is nothing to look for.
 */
export const foundResults = ['yes', 'no', 'excused', 'not_looked', 'none'] as const;
export type FoundResult = (typeof foundResults)[number];

/**
 * Whether every prompt that was heard whole says who records, and what for. `none`: no law asks for that, there is no recording, or no
 * prompt of ours was heard.
 */
export const purposeResults = ['said', 'unsaid', 'none'] as const;
export type PurposeResult = (typeof purposeResults)[number];

/**
 * What somebody should look at. `untold`: a call was recorded, and somebody who spoke in it was not told. `not_found`: a prompt was
 * played, and the recording does not have it. `not_agreed`: people are asked for a yes, none of them gave one, nor did our own side
 * where that is enough, and there is a recording.
 * `refused_kept`: somebody refused, and there is a recording. `keys_unheard`: people may answer by a key, nobody's answer is on record,
 * there is a recording, and for a part of the call keys were not heard.
 */
export const consentFindings = ['untold', 'not_found', 'not_agreed', 'refused_kept', 'keys_unheard'] as const;
export type ConsentFinding = (typeof consentFindings)[number];

/**
 * How consent stands with a call: exactly one of these. A refusal counts before all, and an answer before what was played. `stated`:
 * our own side said that they agree; `not_required`: it was not recorded, or nobody had to be told.
 */
export const consentStatuses = [
  'refused',
  'agreed',
  'stated',
  'told',
  'told_in_part',
  'not_told',
  'not_required',
  'pending',
] as const;
export type ConsentStatus = (typeof consentStatuses)[number];

export type Told = {
  status: ConsentStatus;
  told: ToldResult;
  /** Who spoke with somebody and has not heard a whole notice. Empty unless somebody had to be told. */
  untold: LegId[];
  answer: AnswerResult;
  found: FoundResult;
  purpose: PurposeResult;
  findings: ConsentFinding[];
};

const NOT_RECORDED: readonly CoverageStatus[] = ['excluded', 'declined', 'not_recorded', 'none'];
const KEPT: readonly CoverageStatus[] = ['recorded', 'partial'];

export function toldOf(call: TellingFacts): Told {
  const { told, untold } = whoWasTold(call);
  const answer = answerOf(call);
  const found = foundIn(call);
  const kept = KEPT.includes(call.coverage);
  const holds: Record<ConsentFinding, boolean> = {
    untold: told === 'some' || told === 'nobody',
    not_found: found === 'no',
    not_agreed:
      kept && call.mode === 'ask' && (answer === 'none' || (answer === 'stated' && !call.statedIsEnough)),
    refused_kept: kept && answer === 'refused',
    keys_unheard:
      kept && answersByKey(call.mode) && call.unwatchedMs > 0 && (answer === 'none' || answer === 'stated'),
  };
  const findings = consentFindings.filter((finding) => holds[finding]);
  const purpose = purposeHeard(call);
  return { status: statusOf(told, answer), told, untold, answer, found, purpose, findings };
}

const BY_TOLD: Record<ToldResult, ConsentStatus> = {
  all: 'told',
  some: 'told_in_part',
  nobody: 'not_told',
  pending: 'pending',
  not_needed: 'not_required',
};
export function statusOf(told: ToldResult, answer: AnswerResult): ConsentStatus {
  if (answer === 'refused') return 'refused';
  if (told !== 'pending' && (answer === 'agreed' || answer === 'stated')) return answer;
  return BY_TOLD[told];
}

/** For how long of a call these windows last, in ms, in which nobody monitored its PBX. */
export function unwatchedIn(
  { answeredAt, endedAt }: Pick<CallRecord, 'answeredAt' | 'endedAt'>,
  windows: readonly BlindWindow[],
): number {
  if (answeredAt === null) return 0;
  const end = endedAt ?? Number.MAX_SAFE_INTEGER;
  const lasts = ({ from, to }: BlindWindow) => Math.min(to ?? end, end) - Math.max(from, answeredAt);
  return windows.reduce((sum, window) => sum + Math.max(0, lasts(window)), 0);
}

/** Of outside parties, or, among ourselves, of everybody who spoke. */
function answerOf(call: TellingFacts): AnswerResult {
  const { declined, answers } = directed(call.directives, call.legs);
  if (declined) return 'refused';
  const yes = new Set(answers.map((one) => speakerOf(one, call.legs)));
  if (yes.size === 0) return 'none';
  const ours = new Set(call.legs.filter(({ party }) => party.ours).map(({ id }) => id));
  const amongOurselves = ours.size === new Set(call.legs.map(({ id }) => id)).size;
  const counts = spokeIn(call).filter((leg) => amongOurselves || !ours.has(leg));
  const agreed = counts.filter((leg) => yes.has(leg));
  if (agreed.length > 0) return agreed.length === counts.length ? 'agreed' : 'some';
  return yes.has(HOUSE) ? 'stated' : 'none';
}

function whoWasTold(call: TellingFacts): Pick<Told, 'told' | 'untold'> {
  if (call.mode === 'silent' || NOT_RECORDED.includes(call.coverage))
    return { told: 'not_needed', untold: [] };
  const spoke = spokeIn(call);
  const heard = heardIn(call);
  const untold = spoke.filter((leg) => !heard.has(leg));
  if (call.endedAt === null || (untold.length > 0 && call.coverage === 'pending'))
    return { told: 'pending', untold };
  if (spoke.length === 0) return { told: 'not_needed', untold };
  if (untold.length === 0) return { told: 'all', untold };
  return { told: untold.length < spoke.length ? 'some' : 'nobody', untold };
}

/** Returns the legs that have heard a whole notice: a prompt, or in the mode `beep` a tone. */
export const heardIn = ({ mode, played }: Pick<TellingFacts, 'mode' | 'played'>): Set<LegId> =>
  new Set(
    played.flatMap(({ what, whole, heardBy }) =>
      whole && (what !== 'beep' || mode === 'beep') ? heardBy : [],
    ),
  );

function foundIn({ coverage, played }: TellingFacts): FoundResult {
  const prompts = played.filter(({ what, whole }) => what === 'prompt' && whole);
  if (prompts.length === 0 || NOT_RECORDED.includes(coverage) || coverage === 'not_kept') return 'none';
  const results = prompts.map(({ found }): FoundResult => {
    if (found === null) return 'not_looked';
    return found.found ? 'yes' : found.excused ? 'excused' : 'no';
  });
  return (['no', 'not_looked', 'excused'] as const).find((result) => results.includes(result)) ?? 'yes';
}

export function purposeHeard({
  purposeAndIdentity,
  coverage,
  played,
}: Pick<TellingFacts, 'purposeAndIdentity' | 'coverage' | 'played'>): PurposeResult {
  const heard = played.filter(({ what, whole, heardBy }) => what === 'prompt' && whole && heardBy.length > 0);
  if (!purposeAndIdentity || heard.length === 0 || NOT_RECORDED.includes(coverage)) return 'none';
  return heard.every(({ prompt }) => prompt.saysPurpose === true) ? 'said' : 'unsaid';
}

/** While these last, who has them hears nobody of the call. */
const AWAY: readonly MarkKind[] = ['hold', 'park', 'queue', 'ring'];
type Stay = { leg: LegId; from: number; until: number };

/**
 * Returns the legs that were on the call at the same time as another, in the order in which they came. Legs that were never
 * answered do not count, nor does the time for which a leg has others on hold, waits in a queue or is parked.
 */
export function spokeIn(
  call: Pick<CallRecord, 'startedAt' | 'answeredAt' | 'endedAt' | 'legs' | 'marks'>,
): LegId[] {
  const edges = staysIn(call)
    .flatMap(({ leg, from, until }) => [
      { at: from, leg, by: 1 },
      { at: until, leg, by: -1 },
    ])
    .sort((a, b) => a.at - b.at);
  const here = new Map<LegId, number>();
  /** Who is here and has not met anybody yet. */
  const alone = new Set<LegId>();
  const spoke = new Set<LegId>();
  for (const [i, { at, leg, by }] of edges.entries()) {
    const left = (here.get(leg) ?? 0) + by;
    if (left === 0) here.delete(leg);
    else here.set(leg, left);
    if (left === 0) alone.delete(leg);
    else if (!spoke.has(leg)) alone.add(leg);
    // Who comes as another leaves has not met them.
    if (here.size < 2 || edges[i + 1]?.at === at) continue;
    for (const met of alone) spoke.add(met);
    alone.clear();
  }
  const order = [...new Set(call.legs.map(({ id }) => id))];
  return order.filter((id) => spoke.has(id));
}

function staysIn(call: Parameters<typeof spokeIn>[0]): Stay[] {
  const zero = call.answeredAt ?? call.startedAt;
  const end = call.endedAt ?? Number.MAX_SAFE_INTEGER;
  const away = new Map<LegId, Stay[]>();
  for (const { kind, legId, atMs, untilMs } of call.marks) {
    if (legId === null || !AWAY.includes(kind)) continue;
    const stretch = { leg: legId, from: zero + atMs, until: untilMs === null ? end : zero + untilMs };
    away.set(legId, [...(away.get(legId) ?? []), stretch]);
  }
  return call.legs.flatMap(({ id, upAt, goneAt }) =>
    upAt === null ? [] : without({ leg: id, from: upAt, until: goneAt ?? end }, away.get(id) ?? []),
  );
}

/** What is left of a stay without these stretches. */
function without(stay: Stay, stretches: readonly Stay[]): Stay[] {
  const left: Stay[] = [];
  let from = stay.from;
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from)) {
    if (stretch.from > from) left.push({ ...stay, from, until: Math.min(stretch.from, stay.until) });
    from = Math.max(from, stretch.until);
  }
  left.push({ ...stay, from });
  return left.filter(({ from, until }) => from < until);
}
