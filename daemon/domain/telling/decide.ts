import { GDPR_COUNTRIES, JURISDICTIONS, UNKNOWN } from './jurisdictions.js';
import { BY_STATE, type Place, regionOf } from './region.js';
import {
  answersByKey,
  type Jurisdiction,
  LONGEST_BEEP_S,
  leastOf,
  type Mode,
  type Override,
  stricter,
  strictness,
  type Telling,
} from './schema.js';

/** What a policy without an own choice does. */
export const DEFAULT_MODE: Mode = 'announce';
/** The customary distance of two tones, in seconds; what Connecticut asks for. */
export const DEFAULT_BEEP_SECONDS = 15;

/**
 * A jurisdiction as the policy has it: what Tapedeck comes with, or what an admin put in its place. `least`: the least strict mode
 * that is enough there.
 */
export type Ruling = Jurisdiction & { least: Mode; overridden: boolean; statedIsEnough: boolean };

export type TellReason =
  /** What a jurisdiction needs at the least, and whose place it is. */
  | { code: 'jurisdiction'; id: string; from: 'number' | 'site'; needs: Mode }
  /** What the rule, or else the policy, asked for. */
  | { code: 'rule'; mode: Mode }
  | { code: 'default'; mode: Mode }
  /** `silent` was asked for, and nobody has confirmed that it may be. */
  | { code: 'silent_not_confirmed' }
  /** They would be asked, and have agreed once for all calls: they are told and not asked. */
  | { code: 'standing_consent' };

export type TellDecision = {
  mode: Mode;
  because: TellReason[];
  /** The prompt has to be heard in the recording: capture must not begin after it. */
  promptInRecording: boolean;
  /** The prompt has to say who records, and what for. */
  purposeAndIdentity: boolean;
  /** Seconds from tone to tone; null unless the mode is `beep`. */
  beepSeconds: number | null;
  /** Where they are asked: whether it is enough that our own side states that they agree. */
  statedIsEnough: boolean;
  /** Those that were asked, and as of when they are; an admin's own are as of the policy's version. */
  jurisdictions: { id: string; asOf: string; overridden: boolean; from: 'number' | 'site' }[];
};

const known = new Map(JURISDICTIONS.map((j) => [j.id, j]));

/** Returns the name of a jurisdiction, such as "California"; its id where only an admin has named it. */
export const jurisdictionName = (id: string): string => known.get(id)?.name ?? id;

function overridden(base: Jurisdiction, override: Override): Ruling {
  const { least, prompt_in_recording, purpose_and_identity, stated_is_enough = false, note } = override;
  // What is not known is never taken for a place where nobody has to be told.
  const floor = base.id === UNKNOWN.id ? stricter(least, DEFAULT_MODE) : least;
  return {
    ...base,
    notice: floor !== 'silent',
    prior_consent: floor === 'ask',
    objection: answersByKey(floor),
    beep_seconds: tonesAt(floor, base),
    purpose_and_identity: purpose_and_identity ?? base.purpose_and_identity,
    prompt_in_recording: prompt_in_recording ?? base.prompt_in_recording,
    nuance: note,
    least: floor,
    overridden: true,
    statedIsEnough: stated_is_enough,
  };
}

/** Seconds between two tones where an admin accepts a tone: those of the law of the place, else the most that can be set. */
function tonesAt(least: Mode, { beep_seconds }: Jurisdiction): number | null {
  if (least === 'silent') return beep_seconds;
  return least === 'beep' ? (beep_seconds ?? LONGEST_BEEP_S) : null;
}

/** Returns every jurisdiction as a policy has it, those that only an admin named last. */
export function rulingsOf(telling: Telling): Ruling[] {
  const overrides = new Map((telling.overrides ?? []).map((o) => [o.id, o]));
  const shipped = JURISDICTIONS.map((j): Ruling => {
    const override = overrides.get(j.id);
    return override
      ? overridden(j, override)
      : { ...j, least: leastOf(j), overridden: false, statedIsEnough: false };
  });
  const added = [...overrides.values()]
    .filter(({ id }) => !known.has(id))
    .map((o) => overridden({ ...UNKNOWN, id: o.id, name: o.id, prompt_in_recording: false }, o));
  return [...shipped, ...added];
}

const byTelling = new WeakMap<Telling, Map<string, Ruling>>();
/** The same, by id. A policy is asked for each call, and does not change. */
function rulingsById(telling: Telling): Map<string, Ruling> {
  const made = byTelling.get(telling) ?? new Map(rulingsOf(telling).map((r) => [r.id, r]));
  byTelling.set(telling, made);
  return made;
}

/** Returns the ids of the jurisdictions of a place, as far as `has` knows them; `unknown` where none is. */
export function jurisdictionsOf({ region, subdivision }: Place, has: (id: string) => boolean): string[] {
  if (region === '') return [UNKNOWN.id];
  const state = `${region}-${subdivision}`;
  // A country whose law differs by state is not known by its federal law alone.
  if (BY_STATE.includes(region))
    return subdivision !== '' && has(state) ? [region, state] : [region, UNKNOWN.id];
  const ids = [
    region,
    ...(subdivision === '' ? [] : [state]),
    ...(GDPR_COUNTRIES.includes(region) ? ['EU'] : []),
  ];
  const found = ids.filter(has);
  return found.length > 0 ? found : [UNKNOWN.id];
}

/**
 * Decides how people are told of a recording. It is never less strict than what each jurisdiction needs, those of the numbers and
 * that of the site; beyond that the rule, or else the policy, decides. `numbers`: of every outside party, '' for one that hides it.
 * `agreed`: they have agreed once for all calls. `statedIsEnough`: the rule says so.
 */
export function decideTelling({
  telling,
  wanted,
  numbers,
  site,
  agreed = false,
  statedIsEnough = false,
}: {
  telling: Telling;
  wanted?: Mode | undefined;
  numbers: readonly string[];
  site: Place;
  statedIsEnough?: boolean | undefined;
  agreed?: boolean | undefined;
}): TellDecision {
  const rulings = rulingsById(telling);
  const at = (place: Place) => jurisdictionsOf(place, (id) => rulings.has(id));
  const ofNumbers = new Set(numbers.flatMap((number) => at(regionOf(number, site.region))));
  const asked = [
    ...[...ofNumbers].map((id) => ({ from: 'number' as const, ruling: rulings.get(id)! })),
    ...at(site).map((id) => ({ from: 'site' as const, ruling: rulings.get(id)! })),
  ];

  const choice: TellReason = wanted
    ? { code: 'rule', mode: wanted }
    : { code: 'default', mode: telling.mode ?? DEFAULT_MODE };
  const because: TellReason[] = [choice];
  let floor = choice.mode;
  if (floor === 'silent' && telling.silent_confirmed !== true) {
    because.push({ code: 'silent_not_confirmed' });
    // What stands in for it is the policy's own choice, and telling at the least.
    floor = stricter(telling.mode ?? DEFAULT_MODE, DEFAULT_MODE);
  }
  const needed = asked.reduce((so, { ruling }) => stricter(so, ruling.least), floor);
  for (const { from, ruling } of asked)
    because.push({ code: 'jurisdiction', id: ruling.id, from, needs: ruling.least });
  const told = needed === 'ask' && agreed;
  const mode = told ? 'announce' : needed;
  if (told) because.push({ code: 'standing_consent' });
  const spoken = strictness(mode) >= strictness('announce');
  const intervals = asked.map(({ ruling }) => ruling.beep_seconds).filter((s) => s !== null);
  return {
    mode,
    because,
    promptInRecording: spoken && asked.some(({ ruling }) => ruling.prompt_in_recording),
    purposeAndIdentity: spoken && asked.some(({ ruling }) => ruling.purpose_and_identity),
    beepSeconds:
      mode === 'beep' ? Math.min(telling.beep_seconds ?? DEFAULT_BEEP_SECONDS, ...intervals) : null,
    statedIsEnough:
      mode === 'ask' &&
      (floor !== 'ask' || (wanted ? statedIsEnough : telling.stated_is_enough === true)) &&
      asked.every(({ ruling }) => ruling.least !== 'ask' || ruling.statedIsEnough),
    jurisdictions: asked.map(({ from, ruling }) => ({
      id: ruling.id,
      asOf: ruling.as_of,
      overridden: ruling.overridden,
      from,
    })),
  };
}
