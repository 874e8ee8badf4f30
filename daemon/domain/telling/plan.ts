import type { LegId } from '../recording/recording.js';

/**
 * Who of a call must still be told that it is recorded, and into which leg the prompt is whispered. What is whispered into a
 * leg is heard by who is on it and by everybody whom they are connected with, but is not in the snoops of that leg: so it goes
 * into a leg that is not captured, and the captured leg's recording has it (Asterisk 16 and 22).
 */
export type Telling = {
  /** The leg that is captured. */
  captured: LegId;
  /** Who is connected with it now and can hear, without itself. Empty while it is alone, or somebody is on hold. */
  others: readonly LegId[];
  /** Who has heard the whole prompt. */
  told: ReadonlySet<LegId>;
  /** Who was there and has left before they had. */
  missed: ReadonlySet<LegId>;
  playing: Playing | null;
  /** Prompts that could not be played, in a row. At `MOST_FAILURES` it is given up until somebody else is there. */
  failures: number;
  /** The number of the next whisper. */
  next: number;
};
export type Playing = {
  n: number;
  what: 'prompt' | 'beep';
  leg: LegId;
  /** Who has been there since it began. */
  listeners: readonly LegId[];
  /** ms since 1970; null until it is heard. */
  startedAt: number | null;
};

export type TellingEvent =
  /** The captured leg, and who can hear it, have become these. */
  | { kind: 'present'; at: number; captured: LegId; others: readonly LegId[] }
  | { kind: 'started'; at: number; n: number }
  /** `whole`: it was played to its end. */
  | { kind: 'finished'; at: number; n: number; whole: boolean }
  | { kind: 'failed'; at: number; n: number }
  /** A pause after a failure is over. */
  | { kind: 'retry'; at: number }
  | { kind: 'beep'; at: number };

export type TellingEffect =
  | { do: 'play'; n: number; what: Playing['what']; leg: LegId }
  | { do: 'stop'; n: number }
  /** A prompt or beep is over. `heardBy`: the legs present from its start to its end, if it was played to the end. */
  | { do: 'tell'; played: Playing; endedAt: number; whole: boolean; heardBy: readonly LegId[] }
  | { do: 'wait'; failures: number }
  | { do: 'give-up' };

export const MOST_FAILURES = 3;

/** `next`: the number of the first whisper, above all that were left over. */
export const nobodyTold = (captured: LegId, next = 0): Telling => ({
  ...{ captured, others: [], told: new Set(), missed: new Set(), playing: null, failures: 0, next },
});

/** Who is there and has not heard the whole prompt. */
export const owed = ({ captured, others, told }: Telling): LegId[] =>
  others.length === 0 ? [] : [captured, ...others].filter((leg) => !told.has(leg));

/** Returns the state after the event, and the effects in order. */
export function step(before: Telling, event: TellingEvent): { state: Telling; effects: TellingEffect[] } {
  switch (event.kind) {
    case 'present':
      return present(before, event);
    case 'started':
      if (before.playing?.n !== event.n) return { state: before, effects: [] };
      return { state: { ...before, playing: { ...before.playing, startedAt: event.at } }, effects: [] };
    case 'finished':
      return before.playing?.n === event.n
        ? over(before, before.playing, event.at, event.whole)
        : { state: before, effects: [] };
    case 'failed':
      return before.playing?.n === event.n
        ? failed(before, before.playing, event.at)
        : { state: before, effects: [] };
    case 'retry':
      return begin(before, []);
    case 'beep':
      if (before.playing || before.others.length === 0) return { state: before, effects: [] };
      return play(before, 'beep', before.others[0]!, []);
  }
}

function present(before: Telling, event: Extract<TellingEvent, { kind: 'present' }>) {
  const { captured, others } = event;
  const same = captured === before.captured && sameLegs(others, before.others);
  if (same) return { state: before, effects: [] };
  const there = new Set(others.length === 0 ? [] : [captured, ...others]);
  const left = owed(before).filter((leg) => !there.has(leg));
  // Somebody may be there to whom it can be played.
  const failures = [...there].some((leg) => leg !== before.captured && !before.others.includes(leg))
    ? 0
    : before.failures;
  const missed = new Set([...before.missed, ...left].filter((leg) => !there.has(leg)));
  const state: Telling = { ...before, captured, others, missed, failures };
  const { playing } = before;
  if (!playing) return begin(state, []);
  const listeners = playing.listeners.filter((leg) => there.has(leg));
  // Into a leg that has left, or that is captured now, nobody hears it, or the recording does not.
  if (others.includes(playing.leg))
    return { state: { ...state, playing: { ...playing, listeners } }, effects: [] };
  const stopped: TellingEffect[] = [
    { do: 'stop', n: playing.n },
    { do: 'tell', played: playing, endedAt: event.at, whole: false, heardBy: [] },
  ];
  return begin({ ...state, playing: null }, stopped);
}

function over(before: Telling, playing: Playing, at: number, whole: boolean) {
  const heardBy = whole ? playing.listeners : [];
  const told = playing.what === 'prompt' ? new Set([...before.told, ...heardBy]) : before.told;
  const effects: TellingEffect[] = [{ do: 'tell', played: playing, endedAt: at, whole, heardBy }];
  const state = { ...before, told, playing: null };
  if (whole) return begin({ ...state, failures: 0 }, effects);
  return playing.what === 'beep' ? begin(state, effects) : again(state, effects);
}

function failed(before: Telling, playing: Playing, at: number) {
  const effects: TellingEffect[] = [
    { do: 'stop', n: playing.n },
    { do: 'tell', played: playing, endedAt: at, whole: false, heardBy: [] },
  ];
  const state = { ...before, playing: null };
  return playing.what === 'beep' ? begin(state, effects) : again(state, effects);
}

/** After a failure there is a pause, or it is given up. */
function again(before: Telling, effects: TellingEffect[]) {
  const failures = before.failures + 1;
  const next: TellingEffect = failures < MOST_FAILURES ? { do: 'wait', failures } : { do: 'give-up' };
  return { state: { ...before, failures }, effects: [...effects, next] };
}

/** The prompt begins if there is somebody who has not heard it. */
function begin(before: Telling, effects: TellingEffect[]) {
  const waiting = owed(before);
  if (before.playing || waiting.length === 0 || before.failures >= MOST_FAILURES)
    return { state: before, effects };
  const leg = before.others.find((other) => waiting.includes(other)) ?? before.others[0]!;
  return play(before, 'prompt', leg, effects);
}

function play(before: Telling, what: Playing['what'], leg: LegId, effects: TellingEffect[]) {
  const n = before.next;
  const listeners = [before.captured, ...before.others];
  return {
    state: { ...before, next: n + 1, playing: { n, what, leg, listeners, startedAt: null } },
    effects: [...effects, { do: 'play' as const, n, what, leg }],
  };
}

const sameLegs = (a: readonly LegId[], b: readonly LegId[]): boolean =>
  a.length === b.length && a.every((leg) => b.includes(leg));
