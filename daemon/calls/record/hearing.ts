import type { CallState } from '../../domain/call/call.js';
import { type Codes, type Keys, noKeys, pressed } from '../../domain/call/codes.js';
import type { PbxEvent } from '../../domain/call/event.js';
import type { CallId, LegId } from '../../domain/recording/recording.js';
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
    /** The keys by which people of a call answer what they were just asked; empty where they do not. */
    answersOf: (id: CallId) => { refuse: string; agree: string };
  },
) {
  const keys = new Map<LegId, Keys>();

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

  /** A key that a prompt tells of. */
  function answer(call: CallId, legId: LegId, who: string): void {
    const { refuse, agree } = around.answersOf(call);
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
      } else if (event.kind === 'said') {
        const { what: kind, legId, linkedid } = event;
        say(callOf(legId, linkedid), { kind, how: 'user_event', who: '', legId });
      } else if (event.kind === 'consent' && event.answer !== 'told') {
        const kind = event.answer === 'yes' ? 'allow' : 'decline';
        say(callOf(event.legId, ''), { kind, how: 'dialplan', who: event.digit, legId: event.legId });
      }
    },
  };
}
