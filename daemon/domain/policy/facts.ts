import type { siteOfPbx } from '../days.js';
import type { PbxId } from '../place.js';
import type { Direction } from '../recording/recording.js';
import type { HoldingStanding } from './standing/standing.js';

/** What may become known only after a call has been answered. */
export const LATE_FACTS = ['number', 'extension', 'queue', 'account', 'variable'] as const;
export type LateFact = (typeof LATE_FACTS)[number];

/** What is known of a call when a decision is made. */
export type CallFacts = {
  /** Extensions, queue, DID and trunks are names on this PBX. */
  pbx: PbxId;
  /** The first id that the PBX gave it: a percentage is decided by it, so that it is decided the same whenever it is. */
  firstId: string;
  direction: Direction;
  /** Extensions of ours that have taken part so far. */
  extensions: string[];
  queue: string;
  did: string;
  /** The other party's number as the PBX shows it (or what was dialled, going out). */
  number: string;
  dialled: string;
  /** Numbers of further outside parties that have taken part so far. */
  added: string[];
  /** Whether one of those hides theirs. */
  addedHidden: boolean;
  /** Those of them that were called from here, as against having called. */
  called: string[];
  /** Who is being rung: what will be known once they answer. */
  ringing: { extensions: string[]; numbers: string[] };
  /** Endpoints of the legs to the outside. Null: not stored with this call. */
  trunks: string[] | null;
  /** Account code of the leg that began the call. Null: not stored with this call. */
  account: string | null;
  /** Channel variables of that leg, as far as the PBX tells of them. Null: not stored with this call. */
  variables: Readonly<Record<string, string>> | null;
  /** Names of the lists of numbers that the number of an outside party is on who takes part so far. */
  lists: string[];
  /**
   * Standing consents and objections that hold for it, of outside parties who take part or are being rung; and whether there are
   * objections of others.
   */
  standing: { holding: readonly HoldingStanding[]; anyObjection: boolean };
  /** When it began, in ms since 1970; its day and its hour are those of the site. */
  startedAt: number;
  /** Where its PBX stands. */
  site: ReturnType<typeof siteOfPbx>;
  /** Which of these stay as they are, unless somebody is added to the call (see `ringing`). */
  known: Readonly<Record<LateFact, boolean>>;
  /** A test call of Tapedeck's own: no rule is about it. */
  test?: boolean;
};

/** Of a call of which nothing more becomes known. */
export const ALL_KNOWN: CallFacts['known'] = {
  ...{ number: true, extension: true, queue: true, account: true, variable: true },
};

/** The facts as they will be if everybody who is being rung answers; null when nobody is. */
export function onceAnswered(facts: CallFacts): CallFacts | null {
  const { extensions, numbers } = facts.ringing;
  if (extensions.length === 0 && numbers.length === 0) return null;
  return {
    ...facts,
    extensions: [...facts.extensions, ...extensions],
    added: [...facts.added, ...numbers],
    called: [...facts.called, ...numbers],
    ringing: { extensions: [], numbers: [] },
  };
}
