import { type Static, type TSchema, Type } from 'typebox';
import { directiveWays } from '../call/directive.js';
import type { TapedeckError } from '../error.js';
import { type Coded, Count, codedView, codesOf, Ms, NOTHING, orNull, shape, Text, Time } from './coded.js';

/**
 * Why something is as it is: a code, and what was special about this time. Rows, signed manifests and the API carry it;
 * `words` has the sentence for each code. Codes are never renamed or removed, because rows and manifests have them for as long
 * as their recordings are kept.
 */

const PLAIN = {
  /** A sentence of a version that had no codes. It is only ever read. */
  text: shape({ text: Text }),

  // What was decided by the policy. `reason`: what an admin wrote beside the rule.
  rule: shape({ reason: Text }),
  test_call: NOTHING,
  emergency_number: shape({ number: Text }),
  // `day`: when it was given, by the clock of the site.
  objection: shape({ day: Text }),
  standing_consent: shape({ day: Text }),
  recorded_by_default: NOTHING,
  kept_by_default: NOTHING,
  policy_unreadable: NOTHING,
  // Limits of the policy that apply to how long a recording is kept, by their names.
  kept_at_least: shape({ limit: Text, days: Count, reason: Text }),
  kept_at_most: shape({ limit: Text, days: Count, reason: Text }),
  limits_conflict: shape({ min: Text, max: Text }),
  not_kept_short: shape({ seconds: Count, reason: Text }),
  not_kept_unasked: shape({ reason: Text }),

  // Of a call in progress.
  taken_up: NOTHING,
  not_answered: NOTHING,
  capture_coming: NOTHING,

  // Why nobody watched the PBX, or heard its CDRs. `error`: an error of Tapedeck's, by its own code.
  not_running: NOTHING,
  stood_still: NOTHING,
  not_reached: NOTHING,
  error: shape({ error: Text, detail: Text }),
  cdrs_overflowed: NOTHING,

  // Why a capture began late.
  busy: shape({ ms: Ms }),
  not_watching: shape({ until: Time }),
  answer_told_late: shape({ ms: Ms }),
  pbx_slow: shape({ ms: Ms }),
  answered_between: shape({ from: Time, until: Time }),

  // Why a capture was not begun, was ended, or was begun anew.
  answer_unknown: NOTHING,
  capture_ended_unwatched: NOTHING,
  excluded_until_then: NOTHING,
  declined_until_then: NOTHING,
  not_asked_for_until_then: NOTHING,
  consent_awaited: NOTHING,
  nobody_to_tell: NOTHING,
  not_told: NOTHING,
  rule_open: NOTHING,
  masked: NOTHING,
  source_changed: NOTHING,
  source_changed_unwatched: NOTHING,
  side_silent: NOTHING,
  taken_over: NOTHING,
  recording_stopped: NOTHING,
  ended_for_room: NOTHING,
  ended_before_capture: NOTHING,
  party_hung_up: NOTHING,
  pbx_refused: NOTHING,
  disk_full: shape({
    of: Text,
    fault: orNull(Text),
    files: orNull(Count),
    free: Count,
    reserve: Count,
  }),

  // Why what was captured is not kept.
  declined: shape({ at: Time, how: Type.Enum([...directiveWays]) }),
  not_asked_for: NOTHING,
  no_consent: NOTHING,
  ended_before_told: NOTHING,
  prompt_interrupted: NOTHING,

  // What is missing in a recording. `starved`: the PBX was short of processor time. `unwritten`: its disk was full, or failed.
  starved: shape({ ms: Ms, between: orNull(shape({ from: Ms, until: Ms })) }),
  starved_in_all: shape({ ms: Ms, places: Count, from: Ms, until: Ms }),
  unwritten: shape({ ms: Ms, between: orNull(shape({ from: Ms, until: Ms })) }),
  unwritten_in_all: shape({ ms: Ms, places: Count, from: Ms, until: Ms }),
  side_ended_early: NOTHING,
  began_late: NOTHING,
  nothing_captured: NOTHING,
  party_left: NOTHING,
  ended_early: NOTHING,
  ended_and_begun_anew: NOTHING,
  place_unknown: NOTHING,
  muted: NOTHING,
  redacted: NOTHING,
  cut_off: NOTHING,
  no_audio: NOTHING,
  file_missing: shape({ side: Type.Union([Type.Literal('them'), Type.Literal('us')]), detail: Text }),
  files_kept: NOTHING,
  retried_every: shape({ minutes: Count }),
  read_when_possible: NOTHING,

  // What the comparison with the PBX's own account found.
  not_seen: NOTHING,
  answer_not_seen: NOTHING,
  nothing_known: NOTHING,
  no_cdr: NOTHING,
  cdr_unanswered: NOTHING,
  lengths_differ: shape({ pbx: Ms, tapedeck: Ms }),
  recording_differs: shape({ pbx: Ms, recording: Ms }),

  // Why nothing is erased before somebody has looked: more than so many percent are due, or the clock may be wrong.
  many_due: shape({ due: Count, total: Count, percent: Count }),
  clock_behind: shape({ ms: Ms }),
  clock_past: shape({ ms: Ms }),
  clock_behind_run: shape({ ms: Ms }),
  clock_past_run: shape({ ms: Ms }),
  over_count: shape({ due: Count, count: Count }),
  policy_empty: shape({ version: Count }),
  // `rules`: the names of some of them; versions of the policy.
  retention_shortened: shape({ rules: Text, from: Count, to: Count }),
  // Why somebody had a recording erased, and who they were.
  erased_by_hand: shape({ by: Text, approvedBy: orNull(Text), reason: Text }),

  // Why a recording may not be erased. `matters`: their names. `rule`: the retention rule with that minimum.
  legal_hold: shape({ matters: Type.Array(Text) }),
  legal_hold_applying: shape({ matters: Type.Array(Text) }),
  before_minimum: shape({ until: Time, rule: orNull(Text) }),
};

/** Reasons that have others in them. */
type Nesting = {
  /** One after the other. */
  several: { whys: Why[] };
  /** The PBX was not watched, for this reason. `from` is null where nobody knows since when. */
  unwatched: { from: number | null; until: number; why: Why | null };
  /** A side was not captured for a time. Places on the timeline, ms. */
  gap: { from: number; until: number; side: 'both' | 'them' | 'us'; why: Why | null };
  /** The time for which a rule (null: none) has it kept is over. */
  due: { rule: string | null; why: Why | null };
};
/** One reason inside another is checked by itself, see `isWhy`. */
export const Inner = Type.Unsafe<Why>(Type.Object({ code: Text, params: Type.Object({}) }));
const NESTING: { [C in keyof Nesting]: TSchema } = {
  several: shape({ whys: Type.Array(Inner) }),
  unwatched: shape({ from: orNull(Time), until: Time, why: orNull(Inner) }),
  gap: shape({
    from: Ms,
    until: Ms,
    side: Type.Union([Type.Literal('both'), Type.Literal('them'), Type.Literal('us')]),
    why: orNull(Inner),
  }),
  due: shape({ rule: orNull(Text), why: orNull(Inner) }),
};

/** What the params of each code look like. */
export const SHAPES = { ...PLAIN, ...NESTING };
export type Params = { [C in keyof typeof PLAIN]: Static<(typeof PLAIN)[C]> } & Nesting;
export type Code = keyof Params;
/** A reason: a code with its params. No reason is null. */
export type Why = Coded<Params>;

/** How the API has a reason: as a sentence in English, and as its code. */
export const reasonShape = {
  reason: Type.String(),
  why: Type.Unsafe<Why | null>(
    codedView(
      Object.keys(SHAPES),
      '`reason` as a code with what was special about this time; null for none. Times are ms since 1970, other lengths and places ms.',
    ),
  ),
};

/** Those that are written. */
type NewCode = Exclude<Code, 'text'>;
type Given<C extends Code> =
  Record<string, never> extends Params[C] ? [params?: Params[C]] : [params: Params[C]];

/** Returns a reason. */
export const because = <C extends NewCode>(code: C, ...[params]: Given<C>): Extract<Why, { code: C }> =>
  ({ code, params: params ?? {} }) as Extract<Why, { code: C }>;

/** Returns an error as a reason. */
export const becauseOf = ({ code, detail }: TapedeckError): Why => because('error', { error: code, detail });

/** Returns several reasons as one, in this order; null when there is none. */
export function together(...whys: (Why | null | undefined)[]): Why | null {
  const all = whys.flatMap((why) => (why?.code === 'several' ? why.params.whys : (why ?? [])));
  return all.length > 1 ? because('several', { whys: all }) : (all[0] ?? null);
}

/** No reason that is written comes near this. */
const MAX_DEPTH = 8;
const codes = codesOf(SHAPES);

/** Whether a value is a reason of a known code with the params of that code. */
export function isWhy(value: unknown, depth = 0): value is Why {
  if (depth > MAX_DEPTH || !codes.fits(value)) return false;
  if (!Object.hasOwn(NESTING, value.code)) return true;
  const { whys = [], why = null } = value.params as { whys?: unknown[]; why?: unknown };
  return [...whys, ...(why === null ? [] : [why])].every((inner) => isWhy(inner, depth + 1));
}

/** Returns a value that was read as the reason that it is. Throws `UnknownReason`. */
export function toWhy(value: unknown): Why {
  if (isWhy(value)) return value;
  throw codes.unknown(value);
}

/**
 * Returns a reason as it is kept in a column of text. What is no JSON of a reason was written by a version that had sentences.
 * Throws `UnknownReason`.
 */
export function readWhy(stored: string): Why | null {
  if (stored === '') return null;
  const coded = codedIn(stored);
  return coded === null ? { code: 'text', params: { text: stored } } : toWhy(coded);
}

function codedIn(stored: string): object | null {
  if (!stored.startsWith('{')) return null;
  try {
    const found = JSON.parse(stored) as object;
    return 'code' in found ? found : null;
  } catch {
    return null;
  }
}

/** Returns what is kept of a reason; a sentence stays one. */
export function writeWhy(why: Why | null): string {
  if (why === null) return '';
  return why.code === 'text' ? why.params.text : JSON.stringify(why);
}
