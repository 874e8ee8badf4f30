import { LRUCache } from 'lru-cache';
import type { PbxEvent, Snapshot } from '../../domain/call/event.js';
import { fail } from '../../domain/error.js';
import { becauseOf, type Why } from '../../domain/reason/reason.js';
import type { CallId, LegId } from '../../domain/recording/recording.js';
import {
  MOST_FAILURES,
  nobodyTold,
  owed,
  type Playing,
  step,
  type Telling,
  type TellingEffect,
  type TellingEvent,
} from '../../domain/telling/plan.js';
import { orphanedWhispers, parseWhisper, whisperId } from '../../domain/telling/whisper.js';
import type { Log } from '../../ops/log.js';
import { retryDelay } from '../../ops/turns.js';
import { createWhispers, type WhisperPbx } from './announce/whispers.js';

/** What is to be played: how the PBX finds it, and how long it lasts. */
export type Prompt = { media: string; durationMs: number };
/** One playing of a prompt or a beep. Times are ms since 1970 by our clock; `startedAt` is null where it was never heard. */
export type Told = {
  callId: CallId;
  n: number;
  what: Playing['what'];
  /** The leg that it was whispered into; the one that is captured. */
  leg: LegId;
  captured: LegId;
  startedAt: number | null;
  endedAt: number;
  whole: boolean;
  heardBy: readonly LegId[];
  failed: Why | null;
};
/** Who was told and who was not. `failed`: why the prompt was given up; null where it was not. */
export type Standing = {
  told: readonly LegId[];
  missed: readonly LegId[];
  owed: readonly LegId[];
  failed: Why | null;
};

export type AnnounceDeps = {
  pbx: WhisperPbx;
  clock: () => number;
  log: Log;
  /** One prompt or beep is over. */
  onTold: (told: Told) => void;
  /** It cannot be played, and is not tried again unless somebody else joins the call. */
  onGivenUp: (callId: CallId, why: Why) => void;
};

type Live = {
  callId: CallId;
  state: Telling;
  prompt: Prompt;
  beep: { prompt: Prompt; timer: NodeJS.Timeout } | null;
  failed: Why | null;
  retry: NodeJS.Timeout | null;
  /** Those who wait for the first outcome. */
  waiting: ((outcome: Standing) => void)[];
};

/** After a failure it is tried again so much later, ms. */
const AGAIN = [100, 500];

/** So many calls are remembered whose people were told. */
const MOST_CALLS = 10_000;

export type Announcer = ReturnType<typeof createAnnouncer>;

/** Plays prompts and beeps into calls in progress, so that everybody hears them and the recording has them. */
export function createAnnouncer(deps: AnnounceDeps) {
  const live = new Map<CallId, Live>();
  /** The numbers of whispers that were used before, by an earlier process too: nobody may use them again. */
  const used = new LRUCache<CallId, number>({ max: MOST_CALLS });
  const whispers = createWhispers({
    ...{ pbx: deps.pbx, log: deps.log },
    onStarted: (id, at) => on(id, (n) => ({ kind: 'started', at, n })),
    onFinished: (id, at, whole) => on(id, (n) => ({ kind: 'finished', at, n, whole })),
    onFailed: (id, error) => {
      const l = of(id);
      if (l) l.failed = becauseOf(error);
      on(id, (n) => ({ kind: 'failed', at: deps.clock(), n }));
    },
  });

  const of = (id: string): Live | undefined => {
    const callId = parseWhisper(id)?.callId.toUpperCase();
    return [...live.values()].find((l) => l.callId.toUpperCase() === callId);
  };
  function on(id: string, event: (n: number) => TellingEvent): void {
    const l = of(id);
    if (l) apply(l, event(parseWhisper(id)!.n));
  }

  function apply(l: Live, event: TellingEvent): void {
    const { state, effects } = step(l.state, event);
    l.state = state;
    // Whoever hears what was told may end it.
    for (const effect of effects) if (live.get(l.callId) === l) perform(l, effect);
    settle(l);
  }

  function perform(l: Live, effect: TellingEffect): void {
    const { callId } = l;
    switch (effect.do) {
      case 'play': {
        const prompt = effect.what === 'beep' && l.beep ? l.beep.prompt : l.prompt;
        whispers.begin(effect.leg, whisperId({ callId, n: effect.n }), prompt);
        return;
      }
      case 'stop':
        whispers.end(whisperId({ callId, n: effect.n }));
        return;
      case 'tell': {
        const { n, what, leg, startedAt } = effect.played;
        const { endedAt, whole, heardBy } = effect;
        if (whole) l.failed = null;
        const failed = whole ? null : l.failed;
        deps.onTold({
          ...{ callId, n, what, leg, startedAt, endedAt, whole, heardBy, failed },
          captured: l.state.captured,
        });
        return;
      }
      case 'wait':
        l.retry = setTimeout(
          () => apply(l, { kind: 'retry', at: deps.clock() }),
          retryDelay(AGAIN, effect.failures - 1),
        );
        return;
      case 'give-up':
        l.failed ??= becauseOf(fail('prompt_unplayable', `${l.prompt.media} was cut off each time.`));
        deps.log.error({ call: callId, media: l.prompt.media }, 'An announcement could not be played');
        deps.onGivenUp(callId, l.failed);
        return;
    }
  }

  const standing = (l: Live): Standing => ({
    told: [...l.state.told],
    missed: [...l.state.missed],
    owed: owed(l.state),
    failed: l.state.failures >= MOST_FAILURES ? l.failed : null,
  });

  /** Whoever waits is told once everybody who is there has heard it, or once it is given up. */
  function settle(l: Live): void {
    if (l.waiting.length === 0 || l.state.playing) return;
    const now = standing(l);
    const over = now.failed !== null || (now.told.length > 0 && now.owed.length === 0);
    if (over) for (const tell of l.waiting.splice(0)) tell(now);
  }

  function forget(l: Live): void {
    live.delete(l.callId);
    if (l.retry) clearTimeout(l.retry);
    if (l.beep) clearInterval(l.beep.timer);
    for (const tell of l.waiting.splice(0)) tell(standing(l));
  }

  return {
    /** Every event of the PBX passes here. */
    hear: (event: PbxEvent): void => whispers.hear(event),

    /**
     * Starts announcing to everybody in a call. The prompt is played when a party is connected with the captured leg, again for
     * each party that joins later, and from the start if the leg that it is played into leaves. `told` lists the legs that heard
     * it before a restart. Resolves when everybody present has heard all of it, when it is given up, or when the call ends.
     */
    tell(
      callId: CallId,
      prompt: Prompt,
      who: { captured: LegId; others: readonly LegId[]; told?: readonly LegId[] },
    ): Promise<Standing> {
      const known = live.get(callId);
      const l: Live = known ?? {
        ...{ callId, prompt, beep: null, failed: null, retry: null, waiting: [] },
        state: { ...nobodyTold(who.captured, used.get(callId) ?? 0), told: new Set(who.told) },
      };
      live.set(callId, l);
      const told = new Promise<Standing>((resolve) => l.waiting.push(resolve));
      apply(l, { kind: 'present', at: deps.clock(), captured: who.captured, others: who.others });
      return told;
    },

    /** Whoever is connected with the captured leg has become these. Does nothing for a call of which nobody is to be told. */
    present(callId: CallId, captured: LegId, others: readonly LegId[]): void {
      const l = live.get(callId);
      if (l) apply(l, { kind: 'present', at: deps.clock(), captured, others });
    },

    /** Has a beep played now and every so many ms, for as long as the call lasts. `tell` comes before it. */
    beep(callId: CallId, prompt: Prompt, everyMs: number): void {
      const l = live.get(callId);
      if (!l || l.beep) return;
      const beep = () => apply(l, { kind: 'beep', at: deps.clock() });
      l.beep = { prompt, timer: setInterval(beep, everyMs).unref() };
      beep();
    },

    /** Returns whether a prompt or beep is being played into a call. Listeners are silent then, which is not a mute. */
    isPlaying: (callId: CallId): boolean => live.get(callId)?.state.playing != null,

    standing: (callId: CallId): Standing | null => {
      const l = live.get(callId);
      return l ? standing(l) : null;
    },

    /** Nobody is told any more: the call has ended, or is no longer recorded. What is being played is cut off. */
    end(callId: CallId): void {
      const l = live.get(callId);
      if (!l) return;
      const { playing, captured, next } = l.state;
      used.set(callId, next);
      if (playing) {
        whispers.end(whisperId({ callId, n: playing.n }));
        const { n, what, leg, startedAt } = playing;
        deps.onTold({
          ...{ callId, n, what, leg, captured, startedAt, endedAt: deps.clock() },
          ...{ whole: false, heardBy: [], failed: null },
        });
      }
      forget(l);
    },

    /**
     * After a time in which nobody watched: removes whispers that nobody follows, which a process that died has left, and takes
     * those that are no longer there for cut off. Resolves with the former when they are gone.
     */
    async takeUp({ snoops, at }: Pick<Snapshot, 'snoops' | 'at'>): Promise<string[]> {
      for (const id of snoops) {
        const { callId, n } = parseWhisper(id) ?? {};
        if (callId !== undefined && n !== undefined) used.set(callId, Math.max(used.get(callId) ?? 0, n + 1));
      }
      const orphans = orphanedWhispers(snoops, whispers.followed());
      await Promise.all(
        orphans.map(async (id) => {
          deps.log.warn({ snoop: id }, 'Removed an orphaned whisper');
          await deps.pbx.hangup(id).catch((err) => deps.log.warn({ err }, 'It could not be taken away'));
        }),
      );
      whispers.compare(snoops, at);
      return orphans;
    },

    /** Stops following. What is being played is left to the PBX and removed after the next start. */
    stop(): void {
      for (const l of [...live.values()]) forget(l);
      whispers.stop();
    },
  };
}
