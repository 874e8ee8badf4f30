import type { Telling } from '../../domain/policy/course.js';
import type { Why } from '../../domain/reason/reason.js';
import type { LegId } from '../../domain/recording/recording.js';
import {
  type Informed,
  isStrict,
  type Notice,
  type Played,
  type PlayedPrompt,
} from '../../domain/telling/notice.js';
import type { Language, Mode } from '../../domain/telling/schema.js';
import type { Prompt } from './announce.js';

/** A prompt that the PBX can play. */
export type ReadyPrompt = { played: PlayedPrompt; prompt: Prompt };
/** What is to be played: by which mode, in which language, and the key that it tells of. */
export type WantedPrompt = { mode: Exclude<Mode, 'silent'>; language: Language; key: string };

/** What is known of how the people of a call are told. */
export type Informing = {
  /** Null while it is not decided, and where Tapedeck tells nobody. */
  notice: Notice | null;
  /** The keys by which they can answer. */
  keys: { refuse: string; agree: string };
  prompt: (ReadyPrompt & { of: WantedPrompt }) | null;
  told: ReadonlySet<LegId>;
  /** When the last whole prompt was over that each leg heard, ms since 1970. */
  heardAt: Map<LegId, number>;
  /** An outside party has heard a whole prompt; in a call among ourselves, somebody has. */
  reached: boolean;
  /** The dialplan has told the outside party: our own side is not told over it. */
  byDialplan: boolean;
  /** Why nobody can be told, and of whom that was found out. */
  failed: { why: Why; among: string } | null;
  /** The newest tone, where it has no row yet: those of a run but its first and its last have none. */
  lastTone: Omit<Played, 'seq' | 'found'> | null;
  /** Until then a key is an answer, ms since 1970. */
  answersUntil: number;
  /** What is being written of it. */
  writing: Promise<unknown>;
};

export const uninformed = (): Informing => ({
  ...{ notice: null, prompt: null, told: new Set(), heardAt: new Map(), reached: false, byDialplan: false },
  ...{
    failed: null,
    lastTone: null,
    answersUntil: 0,
    writing: Promise.resolve(),
    keys: { refuse: '', agree: '' },
  },
});

/** So long after a prompt a key is still an answer to it, in ms. */
export const ANSWER_MS = 15_000;

/** Some legs as one word. */
export const amongOf = (legs: readonly LegId[]): string => [...legs].sort().join(' ');

/** How far those have been told who hear the captured party now (`others`). */
export function tellingOf(
  { notice, reached: told, failed }: Informing,
  others: readonly LegId[],
): Telling | null {
  if (!notice) return null;
  return {
    ...{ mode: notice.mode, strict: isStrict(notice), there: others.length > 0, told },
    askedSince: notice.askedSince,
    failed: failed && failed.among === amongOf(others) ? failed.why : null,
  };
}

/** The same for a call that has ended and was not captured: nothing of it is kept from who was not told. */
export function uncaptured({ notice, failed }: Informing): Informed | null {
  if (!notice) return null;
  const { mode, askedSince } = notice;
  const told = failed === null;
  return { mode, strict: isStrict(notice), told, failed: failed?.why ?? null, askedSince };
}
