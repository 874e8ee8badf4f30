import type { CallId, LegId } from '../recording/recording.js';

/**
 * What somebody says about the recording of a call while it goes on, or in the minute after it. It belongs to the call: it is kept
 * before anything follows from it, and outlives transfers, restarts, and the uniting of calls.
 */
export const directiveKinds = ['decline', 'allow', 'keep', 'mask', 'resume'] as const;
export type DirectiveKind = (typeof directiveKinds)[number];

/** How it was said. */
export const directiveWays = ['digits', 'button', 'api', 'user_event', 'dialplan', 'rule', 'timer'] as const;
export type DirectiveWay = (typeof directiveWays)[number];

export type Directive = {
  callId: CallId;
  /** In the order in which they were kept, from 0. */
  seq: number;
  /** ms since 1970. */
  at: number;
  kind: DirectiveKind;
  how: DirectiveWay;
  /** Whose: a person's name, a rule's, the keys that were pressed. Never digits that are not a configured code. */
  who: string;
  /** On which leg; null where it was not said on one. */
  legId: LegId | null;
};

/** A stretch of time, ms since 1970; `until` is null while it lasts. */
export type Stretch = { from: number; until: number | null };

/** What follows from everything that was said, in order. */
export type Directed = {
  /** The refusal that holds; null where nobody has refused, or it was taken back. */
  declined: Directive | null;
  /** The newest consent of a party; null where there is none, or it was taken back. */
  allowed: Directive | null;
  /** The first wish to keep the recording of this call; null where nobody has asked for it. */
  kept: Directive | null;
  /** When its audio was not to be written. The last may last still. */
  masks: Stretch[];
};

/** What was said of a call comes to this. The newest of contrary ones holds. */
export function directed(directives: readonly Directive[]): Directed {
  const of: Directed = { declined: null, allowed: null, kept: null, masks: [] };
  for (const d of directives) {
    const last = of.masks.at(-1);
    if (d.kind === 'decline') Object.assign(of, { declined: d, allowed: null });
    else if (d.kind === 'allow') Object.assign(of, { declined: null, allowed: d });
    else if (d.kind === 'keep') of.kept ??= d;
    else if (d.kind === 'mask' && last?.until !== null) of.masks.push({ from: d.at, until: null });
    else if (d.kind === 'resume' && last?.until === null) last.until = Math.max(last.from, d.at);
  }
  return of;
}

/** Whether the audio of a call is not to be written at the moment. */
export const isMasked = ({ masks }: Directed): boolean => masks.at(-1)?.until === null;
