import type { PbxEvent } from '../../../domain/call/event.js';
import { fail, TapedeckError } from '../../../domain/error.js';
import type { LegId } from '../../../domain/recording/recording.js';
import type { Log } from '../../../ops/log.js';

/** What whispering asks of the PBX. */
export type WhisperPbx = {
  /** Makes a snoop that hears nothing and speaks to everybody whom the leg is connected with. */
  whisper(legId: LegId, id: string, whisper: 'both'): Promise<void>;
  play(channelId: string, media: string, playbackId: string): Promise<void>;
  /** Keeps a channel out of the PBX's CDRs. */
  keepFromCdrs(channel: string): Promise<void>;
  hangup(channel: string): Promise<void>;
};

export type WhisperDeps = {
  pbx: WhisperPbx;
  log: Log;
  /** `at` as the PBX tells it, ms since 1970. */
  onStarted: (id: string, at: number) => void;
  onFinished: (id: string, at: number, whole: boolean) => void;
  onFailed: (id: string, error: TapedeckError) => void;
};

/** One snoop that plays one thing. */
type Whisper = {
  id: string;
  media: string;
  durationMs: number;
  step: 'asked' | 'up' | 'playing';
  startedAt: number;
  timer: NodeJS.Timeout;
};

/** How long the PBX may take to bring a snoop into Stasis and to begin to play, in ms; it takes 5 to 25. */
const BEGIN_MS = 3_000;
/** How much longer than it lasts a prompt may take: it waits for processor time, or for its end to be told, in ms. */
const LATE_MS = 3_000;
/** Asterisk calls a prompt done whose channel ended in the middle. One that took so much less than it lasts was cut off, in ms. */
const SHORT_MS = 100;

/** What Asterisk has played may still be on its way through the snoop: so long it stays, in ms. 80 were seen (22.10.1, on a busy machine). */
const LINGER_MS = 300;

/** Whispers under way: a snoop for each, which is there for one playback and goes with it. */
export function createWhispers(deps: WhisperDeps) {
  const { pbx } = deps;
  const live = new Map<string, Whisper>();
  /** Snoops that have played all. */
  const lingering = new Map<string, NodeJS.Timeout>();

  const take = (id: string): Whisper | undefined => live.get(id.toLowerCase());

  /** After so many ms a whisper that is still at the same step has failed: Asterisk tells of no end of a recording that is not there. */
  function watch(w: Whisper, ms: number, what: string): void {
    clearTimeout(w.timer);
    w.timer = setTimeout(
      () => fails(w, fail('prompt_unplayable', `${w.media} ${what} after ${ms / 1000} s.`)),
      ms,
    );
  }

  function hangUp(id: string): void {
    clearTimeout(lingering.get(id));
    lingering.delete(id);
    void pbx.hangup(id).catch((err) => deps.log.warn({ err, snoop: id }, 'A whisper could not be removed'));
  }

  function remove(w: Whisper, lingers = false): void {
    clearTimeout(w.timer);
    live.delete(w.id.toLowerCase());
    if (lingers)
      lingering.set(
        w.id,
        setTimeout(() => hangUp(w.id), LINGER_MS),
      );
    else hangUp(w.id);
  }

  function fails(w: Whisper, error: TapedeckError): void {
    if (take(w.id) !== w) return;
    remove(w);
    deps.log.warn({ err: error, snoop: w.id }, 'A whisper failed');
    deps.onFailed(w.id, error);
  }

  async function asked(w: Whisper, request: Promise<void>): Promise<void> {
    await request.catch((e) =>
      fails(w, e instanceof TapedeckError ? e : fail('internal', (e as Error).message, e)),
    );
  }

  function up(w: Whisper): void {
    w.step = 'up';
    void asked(w, pbx.play(w.id, w.media, w.id));
    // Else each is an answered call in the customer's bills and reports (Asterisk 16 and 22).
    void pbx
      .keepFromCdrs(w.id)
      .catch((err) => deps.log.debug({ err, snoop: w.id }, 'A whisper will have a CDR of its own'));
  }

  function started(w: Whisper, at: number): void {
    w.step = 'playing';
    w.startedAt = at;
    watch(w, w.durationMs + LATE_MS, 'has not ended');
    deps.onStarted(w.id, at);
  }

  function finished(w: Whisper, at: number, ok: boolean): void {
    if (!ok) {
      fails(w, fail('prompt_unplayable', `${w.media} was not found, or is no audio.`));
      return;
    }
    const whole = w.step === 'playing' && at - w.startedAt >= w.durationMs - SHORT_MS;
    remove(w, true);
    deps.onFinished(w.id, at, whole);
  }

  function gone(w: Whisper, at: number): void {
    remove(w);
    deps.onFinished(w.id, at, false);
  }

  return {
    hear(event: PbxEvent): void {
      if (!('id' in event) || typeof event.id !== 'string') return;
      const w = take(event.id);
      if (!w) return;
      if (event.kind === 'snoop-up' && w.step === 'asked') up(w);
      if (event.kind === 'prompt-started' && w.step === 'up') started(w, event.at);
      if (event.kind === 'prompt-finished') finished(w, event.at, event.ok);
      if (event.kind === 'snoop-gone') gone(w, event.at);
    },

    /** Has something played into a leg. What becomes of it comes back by its id, once. */
    begin(leg: LegId, id: string, { media, durationMs }: { media: string; durationMs: number }): void {
      const w: Whisper = {
        ...{ id, media, durationMs, step: 'asked', startedAt: 0, timer: setTimeout(() => {}, 0) },
      };
      live.set(id.toLowerCase(), w);
      watch(w, BEGIN_MS, 'has not begun');
      void asked(w, pbx.whisper(leg, id, 'both'));
    },

    /** Cuts it off; nothing comes back. */
    end(id: string): void {
      const w = take(id);
      if (w) remove(w);
    },

    followed: (): ReadonlySet<string> =>
      new Set([...live.keys(), ...[...lingering.keys()].map((id) => id.toLowerCase())]),

    /** Those that are not among the snoops that there are have ended while nobody heard it. */
    compare(snoops: readonly string[], at: number): void {
      const there = new Set(snoops.map((id) => id.toLowerCase()));
      for (const w of [...live.values()])
        if (!there.has(w.id.toLowerCase()) && w.step !== 'asked') gone(w, at);
    },

    stop(): void {
      for (const w of live.values()) clearTimeout(w.timer);
      live.clear();
      for (const id of [...lingering.keys()]) hangUp(id);
    },
  };
}
