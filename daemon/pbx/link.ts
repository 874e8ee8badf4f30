import { fail, TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';

/**
 * Keeps a connection to the PBX: one session after the other, with a pause that grows between those that do not last.
 * A loss is told once and a recovery once, however often it is tried in between.
 */
export type LinkDeps = {
  /** One connection from its beginning to its end: gives (or throws) the reason of the end. */
  session: (link: Session) => Promise<TapedeckError>;
  /** `lastHeardAt` (ms since 1970): until then nothing was missed. Null when the PBX has not been reached yet. */
  onDown: (reason: TapedeckError, lastHeardAt: number | null) => void;
  /** Our own time, ms since 1970. */
  now: () => number;
  log: Log;
};

export type Session = {
  /** Something came from the PBX just now. */
  heard: () => void;
  /** It works, from here on. False when it is not wanted any more. */
  up: () => boolean;
};

/**
 * In ms. The longest is short, because calls are not seen meanwhile: an Asterisk that is up again is found within it. The
 * jitter keeps several recorders from coming back all at once.
 */
const PAUSE = { first: 500, longest: 8_000 };
/** A session that lasted so long was a good one, in ms: the next pause is the first again. */
const LASTING = 10_000;

export function createLink(deps: LinkDeps) {
  let state: 'new' | 'up' | 'down' = 'new';
  let problem: TapedeckError | null = null;
  let lastHeardAt: number | null = null;
  let stopped = true;
  let wake: () => void = () => {};
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    let pause = PAUSE.first;
    while (!stopped) {
      const began = performance.now();
      let heardAt: number | null = null;
      const reason = await deps
        .session({
          heard: () => {
            heardAt = deps.now();
          },
          up: () => {
            if (stopped) return false;
            state = 'up';
            problem = null;
            return true;
          },
        })
        .catch(failure);
      if (stopped) return;
      lost(reason, heardAt);
      if (performance.now() - began > LASTING) pause = PAUSE.first;
      await sleep(pause * (0.75 + Math.random() / 4));
      pause = Math.min(pause * 2, PAUSE.longest);
    }
  }

  function lost(reason: TapedeckError, heardAt: number | null): void {
    const before = problem;
    problem = reason;
    if (state === 'up') lastHeardAt = heardAt;
    if (state !== 'down') {
      state = 'down';
      deps.onDown(reason, lastHeardAt);
    } else if (before?.message !== reason.message) deps.log.warn({ code: reason.code }, reason.message);
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    start(): void {
      stopped = false;
      loop = run();
    },
    /** Waits for the end of the session that is open; whoever calls this ends it. */
    async stop(): Promise<void> {
      stopped = true;
      state = 'new';
      wake();
      await loop;
    },
    status: () => ({ up: state === 'up', problem }),
  };
}

function failure(e: unknown): TapedeckError {
  if (e instanceof TapedeckError) return e;
  return fail('pbx_failed', (e instanceof Error ? e.message : String(e)).slice(0, 200), e);
}

/** Pings are sent this often, in ms, and three unanswered are the end: a dead connection is noticed within 8 s. */
const PING = 2_000;
const UNANSWERED = 3;

/**
 * Finds the connection that is half open, as after a cable was pulled: it counts what it asks and is not told, and not the
 * time, so that a pause of this process itself is no reason. Returns how to tell it of an answer, and how to end it.
 */
export function watchPulse(ping: () => void, dead: () => void): { beat: () => void; stop: () => void } {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered >= UNANSWERED) return dead();
    unanswered++;
    ping();
  }, PING);
  return {
    beat: () => {
      unanswered = 0;
    },
    stop: () => clearInterval(timer),
  };
}
