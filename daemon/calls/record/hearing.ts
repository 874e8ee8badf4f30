import type { CallState } from '../../domain/call/call.js';
import { extensionOf, type TrackedLeg } from '../../domain/call/call-state.js';
import { type Codes, type Keys, noKeys, OURS_ALONE, pressed } from '../../domain/call/codes.js';
import type { PbxEvent } from '../../domain/call/event.js';
import { ASK_WITHIN_MS } from '../../domain/policy/course.js';
import type { CallId, CallRecord, LegId } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import type { Said } from './directing.js';

export type HearingDeps = {
  /** What people can say by keys. */
  codes: Codes;
  /** Whether a call is masked by itself when somebody types a number as long as a card's. */
  masksCards: boolean;
  log: Log;
};

/** Turns keys, feature codes and the dialplan's answers into directives. */
export function createHearing(
  { codes, masksCards, log }: HearingDeps,
  around: {
    state: () => CallState;
    direct: (id: CallId, said: Said) => Promise<void>;
    /** The keys by which the party on a leg answers what they were asked; empty where they do not. */
    answersOf: (id: CallId, leg: LegId) => { refuse: string; agree: string };
    /** Whether an answer to the dialplan is on record of a leg. */
    hasAnswered: (id: CallId, leg: LegId) => boolean;
  },
) {
  const keys = new Map<LegId, Keys>();
  /** Calls that ended within the last minute, and the extensions that took part. */
  let lately: { id: CallId; endedAt: number; extensions: string[] }[] = [];

  function say(call: CallId | undefined, said: Said): void {
    if (call === undefined) {
      log.warn({ kind: said.kind, how: said.how }, 'Something was said of a call that is not known');
      return;
    }
    around
      .direct(call, said)
      .catch((err) => log.error({ err, call, kind: said.kind }, 'The recording of a call was not directed'));
  }

  const callOf = (legId: LegId | null, linkedid: string): CallId | undefined => {
    const { legs, calls } = around.state();
    if (legId !== null) return legs.get(legId)?.callId;
    return [...calls.values()].find(({ linkedids }) => linkedid !== '' && linkedids.includes(linkedid))?.id;
  };

  /** The last call of an extension that dials a code by itself, with nobody else on the line; undefined where there is none. */
  function lastOf(leg: TrackedLeg): CallId | undefined {
    const others = [...around.state().legs.values()].some((l) => l.callId === leg.callId && l.id !== leg.id);
    if (leg.outside || others) return undefined;
    return lately.findLast(({ extensions }) => extensions.includes(extensionOf(leg)))?.id;
  }

  /** What a feature code, the dialplan or a program says. */
  function heard({ what: kind, legId, linkedid }: Extract<PbxEvent, { kind: 'said' }>): void {
    const leg = legId === null ? undefined : around.state().legs.get(legId);
    // Feature codes may be open to both sides. What the dialplan says of a caller, it says before they are connected.
    if (OURS_ALONE.has(kind) && leg?.outside && leg.meeting !== null) {
      log.warn({ kind, call: leg.callId }, 'An outside party has pressed a code that is for our own side');
      return;
    }
    const last = kind === 'keep' && leg ? lastOf(leg) : undefined;
    say(last ?? callOf(legId, linkedid), { kind, how: 'user_event', who: '', legId: last ? null : legId });
  }

  /** A key that a prompt tells of. */
  function answer(call: CallId, legId: LegId, who: string): void {
    const { refuse, agree } = around.answersOf(call, legId);
    if (who === refuse) say(call, { kind: 'decline', how: 'digits', who, legId });
    else if (who === agree) say(call, { kind: 'allow', how: 'digits', who, legId });
  }

  return {
    /** After the event was followed. */
    hear(event: PbxEvent): void {
      if (event.kind === 'leg-gone') keys.delete(event.leg.id);
      else if (event.kind === 'digit') {
        const leg = around.state().legs.get(event.legId);
        if (!leg) return;
        const { keys: next, said, burst } = pressed(keys.get(leg.id) ?? noKeys, event, codes, !leg.outside);
        keys.set(leg.id, next);
        if (said) say(leg.callId, { kind: said, how: 'digits', who: codes[said], legId: leg.id });
        else answer(leg.callId, leg.id, event.digit);
        // What was written since the first digit is silenced when the recording is made.
        if (burst && masksCards)
          say(leg.callId, { kind: 'mask', how: 'rule', who: '', legId: leg.id, at: burst.from });
      } else if (event.kind === 'said') heard(event);
      else if (event.kind === 'consent' && event.answer !== 'told') {
        const kind = event.answer === 'yes' ? 'allow' : 'decline';
        const call = callOf(event.legId, '');
        // What was read is older than what was heard.
        if (event.unseen && call !== undefined && around.hasAnswered(call, event.legId)) return;
        say(call, { kind, how: 'dialplan', who: event.digit, legId: event.legId });
      }
    },

    /** A call has ended: for a minute its recording can still be asked for by a code that is dialled. */
    ended({ id, endedAt, legs }: CallRecord): void {
      const at = endedAt!;
      lately = lately.filter((one) => one.endedAt > at - ASK_WITHIN_MS);
      const ours = legs.filter(({ party, upAt }) => party.ours && upAt !== null);
      const extensions = ours.map(({ endpoint, party }) => extensionOf({ endpoint, number: party.number }));
      lately.push({ id, endedAt: at, extensions });
    },
  };
}
