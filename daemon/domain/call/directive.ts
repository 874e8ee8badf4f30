import type { CallId, LegId } from '../recording/recording.js';

/**
 * A request about the recording of a call in progress, or of one that ended within the last minute. It belongs to the call, is stored
 * before it is carried out, and survives transfers, restarts and the uniting of calls.
 */
export const directiveKinds = ['decline', 'allow', 'keep', 'mask', 'resume'] as const;
export type DirectiveKind = (typeof directiveKinds)[number];
/** What people may ask for: `undo` takes back the decline that they said last. */
export const askedKinds = [...directiveKinds, 'undo'] as const;
export type AskedKind = (typeof askedKinds)[number];
/** What is stored: `stop` masks the rest of a call that somebody may not have destroyed any more. Nobody ends it. */
export const storedKinds = [...askedKinds, 'stop'] as const;
export type StoredKind = (typeof storedKinds)[number];

/**
 * How a directive was given: `unwatched` because somebody who had to agree may have joined in a monitoring gap, `timer` because its
 * time was up.
 */
export const directiveWays = [
  'digits',
  'button',
  'api',
  'user_event',
  'dialplan',
  'rule',
  'timer',
  'unwatched',
] as const;
export type DirectiveWay = (typeof directiveWays)[number];

export type Directive = {
  callId: CallId;
  /** A number of the catalogue's: what was kept later has a higher one. */
  seq: number;
  /** ms since 1970. */
  at: number;
  kind: StoredKind;
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
  /** The newest refusal that holds; null where nobody has refused, or whoever did has agreed since. */
  declined: Directive | null;
  /** The newest answer of each who has answered, in the order of `seq`: refusals and consents that hold. */
  answers: readonly Directive[];
  /** The first wish to keep the recording of this call; null where nobody has asked for it. */
  kept: Directive | null;
  /** When its audio was not to be written. The last may last still. */
  masks: Stretch[];
  /** The last mask is for the rest of the call. */
  stopped: boolean;
};

/** Who is on a leg, as far as it matters for whose answer is given there. */
export type Speaker = { id: LegId; party: { ours: boolean } };

/** Our own side as one, with its buttons and programs. */
export const HOUSE = 'house';

/**
 * Returns who gives an answer: an outside party by their leg, `HOUSE` for our own side and for what was not said on a leg of the
 * call. In a call among ourselves each leg is somebody of their own.
 */
export function speakerOf({ legId }: Pick<Directive, 'legId'>, legs: readonly Speaker[]): LegId {
  const leg = legs.find(({ id }) => id === legId);
  if (!leg) return HOUSE;
  return leg.party.ours && legs.some(({ party }) => !party.ours) ? HOUSE : leg.id;
}

/**
 * Returns the state after these directives, in order, of a call with these legs. Of two answers of one party the newer one holds;
 * nobody takes back what another has said.
 */
export function directed(given: readonly Directive[], legs: readonly Speaker[]): Directed {
  const directives = withoutUndone(given);
  const answers = new Map<LegId, Directive>();
  const of: Pick<Directed, 'kept' | 'masks' | 'stopped'> = { kept: null, masks: [], stopped: false };
  for (const d of directives) {
    const last = of.masks.at(-1);
    if (d.kind === 'decline' || d.kind === 'allow') answers.set(speakerOf(d, legs), d);
    else if (d.kind === 'keep') of.kept ??= d;
    else if (masks(d)) {
      if (last?.until !== null) of.masks.push({ from: d.at, until: null });
      of.stopped ||= d.kind === 'stop';
    } else if (d.kind === 'resume' && !of.stopped && last?.until === null)
      last.until = Math.max(last.from, d.at);
  }
  const held = [...answers.values()].sort((a, b) => a.seq - b.seq);
  return { ...of, declined: held.findLast(({ kind }) => kind === 'decline') ?? null, answers: held };
}

/**
 * Returns these directives, in order, without each decline that was taken back and without its `undo`. What our own side said before
 * holds again.
 */
export function withoutUndone(directives: readonly Directive[]): Directive[] {
  const left: Directive[] = [];
  for (const d of directives) {
    if (d.kind !== 'undo') left.push(d);
    else {
      const last = left.findLastIndex(({ kind, legId }) => kind === 'decline' && legId === null);
      if (last >= 0) left.splice(last, 1);
    }
  }
  return left;
}

/** Whether nothing is written of a call from a directive on. */
export const masks = ({ kind }: Pick<Directive, 'kind'>): boolean => kind === 'mask' || kind === 'stop';

/** Whether the audio of a call is not to be written at the moment. */
export const isMasked = ({ masks }: Directed): boolean => masks.at(-1)?.until === null;

/** What was said of a call, and who is on it. */
export type SaidOf = { said: readonly Directive[]; legs: readonly Speaker[] };

/**
 * Returns what people have said of a call. `main`: what was said of the call of which it is a consultation; null for any other. A
 * refusal there holds in it, too.
 */
export function saidIn({ said, legs }: SaidOf, main: SaidOf | null): Directed {
  const own = directed(said, legs);
  return own.declined || !main ? own : { ...own, declined: directed(main.said, main.legs).declined };
}
