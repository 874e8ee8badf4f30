import { setTimeout as wait } from 'node:timers/promises';
import type { CallState } from '../../domain/call/call.js';
import { isCaller } from '../../domain/call/call-state.js';
import type { LegFacts, PbxEvent, Snapshot } from '../../domain/call/event.js';
import type { CallId, Leg, LegId } from '../../domain/recording/recording.js';
import { type Notice, type Played, reaches } from '../../domain/telling/notice.js';
import { answersByKey } from '../../domain/telling/schema.js';
import { parseWhisper } from '../../domain/telling/whisper.js';
import { eachOf } from '../../ops/turns.js';
import type { InformDeps } from './inform.js';
import { ANSWER_MS, uninformed } from './informing.js';
import type { Live } from './live.js';

/** Legs that the PBX is asked about at once: each question takes one of http.conf's sessions. */
const AT_ONCE = 8;
/** So long that is waited for, in ms. */
const PATIENCE_MS = 2_000;

/** What telling people needs after a time in which nobody listened. */
export function createAway(
  { consentOf, hearKeys, log }: Pick<InformDeps, 'consentOf' | 'hearKeys' | 'log'>,
  around: {
    state: () => CallState;
    find: (id: CallId) => Live | undefined;
    /** Follows what was learned late as what is heard. */
    hear: (event: PbxEvent) => void;
  },
  prompts: {
    /** Takes away what a process that died was playing. Returns the ids. */
    takenAway: (snapshot: Snapshot) => Promise<string[]>;
    interrupted: (id: CallId, l: Live, notice: Notice) => void;
    /** What people of a call have heard is forgotten. */
    again: (id: CallId) => void;
  },
) {
  /** What the dialplan has told somebody meanwhile, and what they answered. */
  async function asked(leg: LegFacts): Promise<void> {
    const { id } = leg;
    try {
      const caller = around.state().legs.get(id)?.caller ?? isCaller(leg);
      const found = await consentOf({ id, caller });
      if (found) around.hear(found);
    } catch (err) {
      log.warn({ err, leg: id }, 'The PBX does not say what its dialplan has told a caller');
    }
  }

  /** Whether a key of theirs may have been an answer that nobody heard. */
  function mayHaveAnswered({ said, informing }: Live, leg: LegId, watchedUntil: number): boolean {
    const heardAt = informing.heardAt.get(leg);
    const answered = said.some(
      ({ kind, legId }) => legId === leg && (kind === 'decline' || kind === 'allow'),
    );
    return heardAt !== undefined && watchedUntil < heardAt + ANSWER_MS && !answered;
  }

  return {
    /** What was known of a call before a restart. */
    takeUp(l: Live, legs: readonly Leg[], notice: Notice | null, played: readonly Played[]): void {
      const whole = played.filter((one) => one.whole);
      const prompts = whole.filter(({ what }) => what === 'prompt');
      Object.assign(l.informing, {
        ...{ notice, reached: whole.some((one) => reaches(one.heardBy, legs)) },
        told: new Set(whole.flatMap((one) => one.heardBy)),
        heardAt: new Map(prompts.flatMap((one) => one.heardBy.map((leg) => [leg, one.endedAt]))),
        byDialplan: whole.some((one) => one.what === 'dialplan'),
      });
      if (notice && answersByKey(notice.mode)) hearKeys();
    },

    /**
     * What a process that died was playing is taken away, and told as cut off. What the dialplan told meanwhile, and what was
     * answered to it, is asked for. Who may have answered a prompt of ours by a key that nobody heard is asked again.
     * `watchedUntil`: ms since 1970; null for never.
     */
    async resume(snapshot: Snapshot, watchedUntil: number | null): Promise<void> {
      for (const id of await prompts.takenAway(snapshot)) {
        const callId = parseWhisper(id)!.callId.toUpperCase();
        const l = around.find(callId);
        const { notice } = l?.informing ?? uninformed();
        if (l && notice) prompts.interrupted(callId, l, notice);
      }
      for (const { id } of around.state().calls.values()) {
        const l = around.find(id);
        if (!l?.informing.notice || !answersByKey(l.informing.notice.mode) || watchedUntil === null) continue;
        const { informing } = l;
        const { legs } = around.state();
        const outside = [...legs.values()].some((leg) => leg.callId === id && leg.outside);
        const theirs = (leg: LegId) => !outside || legs.get(leg)?.outside === true;
        const told = [...informing.told].filter(
          (leg) => !theirs(leg) || !mayHaveAnswered(l, leg, watchedUntil),
        );
        if (told.length === informing.told.size) continue;
        informing.told = new Set(told);
        prompts.again(id);
      }
      // Captures wait for it. What is not answered by then is told later, and heard then.
      await Promise.race([
        eachOf(snapshot.legs, AT_ONCE, asked),
        wait(PATIENCE_MS, undefined, { ref: false }),
      ]);
    },
  };
}
