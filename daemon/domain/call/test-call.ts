import type { PbxId } from '../pbx.js';
import type { LegId } from '../recording/recording.js';
import type { TestFault } from './test-fault.js';

/**
 * A test call: Tapedeck calls the PBX's own dialplan, which plays known tones to either side, and what comes out at the
 * dashboard is compared with them. Here: what is to be expected, and the verdict.
 */

/** The dialplan that plays the tones, as in asterisk-conf/extensions.conf. `answer` is called, `call` is who calls. */
export const DIALPLAN = { context: 'tapedeck-test', answer: 'answer', call: 'call' } as const;

export type Side = 'left' | 'right';
/** Times are ms from the answer. Frequencies are multiples of 50 Hz: within 20 ms each is deaf to the others. */
type Tone = { hz: number; fromMs: number; untilMs: number };

/**
 * What that dialplan plays. One after the other: Asterisk drops the sound of a Local channel while both of its halves
 * play tones (core_unreal.c). Left is the half that answers, which the recorder takes for the caller.
 */
export const EXPECTED: { durationMs: number; levelDb: number; tones: Record<Side, Tone> } = {
  durationMs: 7_500,
  /** Peak, in dB below full scale: what PlayTones plays on Asterisk 16 and 22. */
  levelDb: -19.2,
  tones: {
    left: { hz: 650, fromMs: 1_000, untilMs: 3_500 },
    right: { hz: 1_250, fromMs: 4_000, untilMs: 6_500 },
  },
};

/** How long the whole call may take from the request to the hang-up, in ms. */
export const CALL_MS = EXPECTED.durationMs + 5_000;

const LIMITS = {
  levelDb: 3,
  separationDb: 40,
  offsetMs: 200,
  durationMs: 300,
  dropouts: 0.01,
};
/** A tone is heard where it is at most so far below its level. */
const HEARD_DB = 10;
/** A tone begins with so many windows in a row. */
const BEGINS = 5;
/** At a change, an Opus frame and the windows around it hold some of both, in windows. */
const EDGE = 3;

const ID = /^tapedeck-test-[0-9a-hjkmnp-tv-z]{26}-[12]$/i;

/** Ids of the two halves of a test call's Local channel, made of an id of ours. */
export const testLegs = (id: string): { calling: LegId; answering: LegId } => ({
  calling: `tapedeck-test-${id}-1`,
  answering: `tapedeck-test-${id}-2`,
});

/** What both halves have between the technology and the number of their channel's name. */
export const TEST_ENDPOINT = `${DIALPLAN.answer}@${DIALPLAN.context}`;
export const isTestId = (id: LegId): boolean => ID.test(id);
/** Whether a channel is half of a test call of ours. The id alone would do for whoever may name channels. */
export const isTestLeg = (id: LegId, channel: string): boolean =>
  isTestId(id) && channel.startsWith(`Local/${TEST_ENDPOINT}-`);

/** What was heard, in windows of `windowMs`: peak level in dB of each tone on each side, -120 for none. */
export type Heard = {
  windowMs: number;
  durationMs: number;
  levels: Record<Side, Record<Side, readonly number[]>>;
};

export type SideMeasures = {
  /** Level of its own tone, and how far below it that tone is on the other side. */
  levelDb: number;
  separationDb: number;
  /** How much later than it should the tone begins, in ms. */
  offsetMs: number;
  /** Share of the tone that is missing, 0 to 1. */
  dropouts: number;
};
export type Measures = {
  durationMs: number;
  left: SideMeasures | null;
  right: SideMeasures | null;
};

export const testOutcomes = ['ok', 'failed', 'skipped', 'not_set_up'] as const;
export type TestOutcome = (typeof testOutcomes)[number];
/** One test call, as it is remembered. */
export type TestCall = {
  pbx: PbxId;
  /** ms since 1970 */
  at: number;
  outcome: TestOutcome;
  /** What was wrong first; null for a good or skipped one. */
  fault: TestFault | null;
  /** In words, with figures. */
  detail: string;
  measures: Measures | null;
  /** From the request to the verdict, in ms. */
  tookMs: number;
};

/** Compares what was heard with what was played. What is worst comes first. */
export function judge(heard: Heard): { measures: Measures; faults: { fault: TestFault; detail: string }[] } {
  const left = measure(heard, 'left', 'right');
  const right = measure(heard, 'right', 'left');
  const measures: Measures = { durationMs: Math.round(heard.durationMs), left, right };
  const faults: { fault: TestFault; detail: string }[] = [];
  const add = (fault: TestFault, detail: string) => void faults.push({ fault, detail });
  const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

  for (const side of ['left', 'right'] as const) {
    if (measures[side]) continue;
    const strange =
      begin(heard.levels[side][other(side)]) !== null && begin(heard.levels[other(side)][side]) !== null;
    const { hz } = EXPECTED.tones[side];
    if (strange) add('swapped', `${hz} Hz is heard on the ${other(side)} instead of the ${side}.`);
    else add('silent', `${hz} Hz is not heard on the ${side}.`);
  }
  for (const side of ['left', 'right'] as const) {
    const m = measures[side];
    if (!m) continue;
    if (m.separationDb < LIMITS.separationDb)
      add('mixed', `The ${side} is heard on the ${other(side)}, ${m.separationDb} dB down.`);
    if (Math.abs(m.levelDb - EXPECTED.levelDb) > LIMITS.levelDb)
      add('level', `The ${side} has ${m.levelDb} dB instead of ${EXPECTED.levelDb}.`);
    if (Math.abs(m.offsetMs) > LIMITS.offsetMs)
      add(
        'offset',
        `The ${side} begins ${Math.abs(m.offsetMs)} ms too ${m.offsetMs < 0 ? 'early' : 'late'}.`,
      );
    if (m.dropouts > LIMITS.dropouts)
      add('dropouts', `${(m.dropouts * 100).toFixed(1)} % of the ${side} is missing.`);
  }
  if (Math.abs(measures.durationMs - EXPECTED.durationMs) > LIMITS.durationMs)
    add('duration', `It has ${measures.durationMs} ms instead of ${EXPECTED.durationMs}.`);
  return { measures, faults };
}

/** One side's own tone; null when it does not begin. */
function measure(heard: Heard, side: Side, other: Side): SideMeasures | null {
  const own = heard.levels[side][side];
  const from = begin(own);
  if (from === null) return null;
  const { fromMs, untilMs } = EXPECTED.tones[side];
  const count = Math.round((untilMs - fromMs) / heard.windowMs);
  const stretch = own.slice(from, from + count - EDGE);
  const inside = own.slice(from + EDGE, from + count - EDGE);
  const crossed = heard.levels[other][side].slice(from + EDGE, from + count - EDGE);
  const levelDb = median(inside);
  const missing = count - EDGE - stretch.filter(isHeard).length;
  return {
    levelDb: round(levelDb),
    separationDb: round(levelDb - quantile(crossed, 0.9)),
    offsetMs: Math.round(from * heard.windowMs - fromMs),
    dropouts: missing / count,
  };
}

const isHeard = (db: number): boolean => db > EXPECTED.levelDb - HEARD_DB;

/** The window in which a tone begins: the first of several in a row. */
function begin(levels: readonly number[]): number | null {
  const at = levels.findIndex((_, i) => {
    const run = levels.slice(i, i + BEGINS);
    return run.length === BEGINS && run.every(isHeard);
  });
  return at < 0 ? null : at;
}

const round = (db: number) => Math.round(db * 10) / 10;
const median = (values: readonly number[]) => quantile(values, 0.5);
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? -120;
}
