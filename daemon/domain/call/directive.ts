import type { CallId, LegId } from '../recording/recording.js';

/**
 * A request about the recording of a call in progress, or of one that ended within the last minute. It belongs to the call, is stored
 * before it is carried out, and survives transfers, restarts and the uniting of calls.
 */
export const directiveKinds = ['decline', 'allow', 'keep', 'mask', 'resume'] as const;
export type DirectiveKind = (typeof directiveKinds)[number];

/** How a directive was given. */
export const directiveWays = ['digits', 'button', 'api', 'user_event', 'dialplan', 'rule', 'timer'] as const;
export type DirectiveWay = (typeof directiveWays)[number];

export type Directive = {
  callId: CallId;
  /** A number of the catalogue's: what was kept later has a higher one. */
  seq: number;
  /** ms since 1970. */
  at: number;
  kind: DirectiveKind;
  how: DirectiveWay;
  /** A person's name, or the code that was pressed; empty otherwise. Never digits that are not a configured code. */
  who: string;
  /** On which leg; null where it was not said on one. */
  legId: LegId | null;
};

/** A stretch of time, ms since 1970; `until` is null while it lasts. */
export type Stretch = { from: number; until: number | null };

/** The state that a call's directives add up to. */
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

/** Returns the state after these directives, in order. Of two that contradict each other the newer one holds. */
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

/** Returns the state of a consultation: a refusal of its main call applies to it too. */
export const withMain = (own: Directed, main: Directed): Directed =>
  own.declined ? own : { ...own, declined: main.declined };
