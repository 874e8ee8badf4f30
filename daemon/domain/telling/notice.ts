import type { Speaker } from '../call/directive.js';
import type { Why } from '../reason/reason.js';
import type { CallId, LegId } from '../recording/recording.js';
import type { TellDecision } from './decide.js';
import type { PromptKind } from './prompt.js';
import type { Place } from './region.js';
import type { Language, Mode } from './schema.js';

/**
 * The ledger of consent: how the people of a call were to be told that it is recorded, and how they were. What they answered is in
 * the call's directives.
 */

/** How the people of a call are to be told, and by what that was decided. The newest holds: more may become known of a call. */
export type Notice = TellDecision & {
  callId: CallId;
  /** ms since 1970. */
  at: number;
  /** Of the policy; and the rule that asked for the mode, null where none did. */
  version: number;
  rule: string | null;
  /** Of the outside party, as it was known; null for a call without one. */
  number: string | null;
  /** Of further outside parties so far; '' for one that hides it. */
  others: readonly string[];
  /**
   * Since when people have to agree before anything is captured, ms since 1970: 0 unless that began when somebody joined, with whom
   * the strictest rules changed. What was captured before that was captured by the rules for those who were there.
   */
  askedSince: number;
  site: Place;
  language: Language;
};

/** What was played: a prompt, the tone of the mode `beep`, or a prompt of the PBX's dialplan before the call was connected. */
export const tellingKinds = ['prompt', 'beep', 'dialplan'] as const;
export type TellingKind = (typeof tellingKinds)[number];

/** Which prompt it was. `hash`: SHA-256 of its 16 kHz file, in hex; null for one of the dialplan, which has a name there. */
export type PlayedPrompt = {
  kind: PromptKind | null;
  /** As the dialplan tells it, which may be any. */
  language: string;
  hash: string | null;
  name: string;
  durationMs: number | null;
  /** Whether it says who records, and what for, according to the person who added it; left out where they did not say so, and of earlier versions. */
  saysPurpose?: boolean;
};

/** One playing. Times are ms since 1970; `startedAt` is null for one that was never heard to begin. */
export type Played = {
  callId: CallId;
  /** A number of the catalogue's: what was kept later has a higher one. */
  seq: number;
  what: TellingKind;
  prompt: PlayedPrompt;
  /** The leg that it was whispered into; of the dialplan, the leg that heard it. */
  leg: LegId;
  startedAt: number | null;
  endedAt: number;
  /** Whether all of it was played, as the PBX says. */
  whole: boolean;
  /** The legs that were there from its start to its end. Empty unless it is whole. */
  heardBy: readonly LegId[];
  failed: Why | null;
  /** Where the sealed audio has it. Null before that was looked for, and for what cannot be there: a beep, or the dialplan's. */
  found: Found | null;
};

/**
 * What the sealed audio has of a prompt. `in`: both sides, or the only one that has it. Places are ms since the answer; the share
 * is that of the prompt's half seconds which are there, from 0 to 1, and the correlation that of these.
 */
export type Found =
  | {
      found: true;
      in: 'both' | 'them' | 'us';
      fromMs: number;
      untilMs: number;
      share: number;
      correlation: number;
    }
  /** `excused`: it was played while the recording was masked, or where audio is missing for another reason that is told. */
  | { found: false; excused: boolean };

/** How far the people of a call have been told. */
export type Informed = {
  mode: Mode;
  /** Whether nothing may be recorded of people who were not told. */
  strict: boolean;
  /** Whether an outside party has heard a whole notice; in a call among ourselves, whether anybody has. */
  told: boolean;
  /** Why the newest prompt could not be played; null where it could. */
  failed: Why | null;
  /** See the notice. */
  askedSince: number;
};

/** Whether the law of a place that was asked wants people to be told, in whatever way. */
export const isStrict = ({ because }: Pick<TellDecision, 'because'>): boolean =>
  because.some((one) => one.code === 'jurisdiction' && one.needs !== 'silent');

/** Whether those on these legs count as told: an outside party heard it, or there is none in the call. */
export const reaches = (heardBy: readonly LegId[], legs: readonly Speaker[]): boolean =>
  legs.every(({ party }) => party.ours)
    ? heardBy.length > 0
    : legs.some(({ id, party }) => !party.ours && heardBy.includes(id));

/** Returns null for a call of which it was not decided how people are told: then Tapedeck tells nobody. */
export function informedBy(
  notice: Notice | null,
  played: readonly Played[],
  legs: readonly Speaker[],
): Informed | null {
  if (!notice) return null;
  const told = played.some((one) => one.whole && reaches(one.heardBy, legs));
  const { mode, askedSince } = notice;
  const failed = played.at(-1)?.failed ?? null;
  return { mode, strict: isStrict(notice), told, failed, askedSince };
}
