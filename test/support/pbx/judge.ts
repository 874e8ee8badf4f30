import type { ApiClient, CallView } from '../recorder.js';
import { amplitude, decode, rmsDb, toFloat } from '../recordings/audio.js';
import type { Expected, Side } from './scenario.js';
import { TONES } from './stage.js';

/** A call as the API tells it, as far as scenarios look at it. */
export type Detail = CallView & {
  started_at: string;
  answered_at: string | null;
  outcome: string | null;
  dialled: string;
  did: string;
  queue: string;
  consult_for: string | null;
  legs: { party: { number: string; ours: boolean } }[];
  marks: { at_ms: number; until_ms: number | null; kind: string; text: string; leg: number | null }[];
};

const WINDOW = 0.1;
/** Shorter is a change-over, in seconds. */
const LEAST = 1;
/** How far off a length or a time may be, in seconds. */
const SLACK = 1.5;
/** How much may be missing in all, in ms. */
const MISSING = 500;

type Stretch = { who: string; seconds: number };

/** Who is heard, by tenths of a second: whose tones make up half of it (or another share), `~` for other sound, `.` for silence. */
export function voices(samples: Float32Array, rate: number, leastShare = 0.5): Stretch[] {
  const found: Stretch[] = [];
  const size = Math.floor(rate * WINDOW);
  const add = (who: string, seconds: number, to: Stretch[]) => {
    if (to.at(-1)?.who === who) to.at(-1)!.seconds += seconds;
    else to.push({ who, seconds });
  };
  for (let at = 0; at + size <= samples.length; at += size) {
    const part = samples.subarray(at, at + size);
    const level = 10 ** (rmsDb(part) / 10);
    const heard = Object.entries(TONES).map(([who, hz]) => ({
      who,
      power: amplitude(part, hz, rate) ** 2 / 2,
    }));
    // A recording keeps the sides 40 dB apart and more; what the encoder adds to a pair of tones is some 15 dB down.
    const least = Math.max(0.05 ** 2 / 2, ...heard.map(({ power }) => power / 10));
    const speaking = heard.filter(({ power }) => power >= least);
    const share = speaking.reduce((sum, { power }) => sum + power, 0) / level;
    const who = rmsDb(part) < -60 ? '.' : share > leastShare ? speaking.map((s) => s.who).join('+') : '~';
    add(who, WINDOW, found);
  }
  // What is too short belongs to what was before it, or at the beginning to what comes.
  const kept: Stretch[] = [];
  let early = 0;
  for (const { who, seconds } of together(found))
    if (seconds >= LEAST) add(who, seconds + (kept.length === 0 ? early : 0), kept);
    else if (kept.length > 0) kept.at(-1)!.seconds += seconds;
    else early += seconds;
  return kept;
}

/** Prompts and keys have pauses: sound of nobody's and short silence by turns are one stretch of what there is more of. */
function together(found: Stretch[]): Stretch[] {
  const whole: (Stretch & { silent: number })[] = [];
  for (const { who, seconds } of found) {
    const nobody = who === '.' || who === '~';
    const last = whole.at(-1);
    const short = nobody && seconds < LEAST && last !== undefined && /^[.~]$/.test(last.who);
    const silent = who === '.' ? seconds : 0;
    if (!short) whole.push({ who, seconds, silent });
    else {
      last.seconds += seconds;
      last.silent += silent;
      last.who = last.silent > last.seconds / 2 ? '.' : '~';
    }
  }
  return whole;
}

const told = (stretches: Stretch[]): string =>
  stretches.map((s) => `${s.who}${s.seconds.toFixed(1)}`).join(' ');

/** Null when it is as it should be, else what it is. */
export function wrongSide(heard: Stretch[], side: Side): string | null {
  const wanted = side.split(' ').map((part) => {
    const [, who, seconds] = /^([a-z+]+|[~.-])([\d.]+)$/.exec(part)!;
    return { who: who!, seconds: Number(seconds) };
  });
  const quiet = wanted.some((w) => w.who === '-');
  const stretches: Stretch[] = [];
  for (const { who, seconds } of heard) {
    const name = quiet && /^[~.]$/.test(who) ? '-' : who;
    if (stretches.at(-1)?.who === name) stretches.at(-1)!.seconds += seconds;
    else stretches.push({ who: name, seconds });
  }
  const fits =
    wanted.length === stretches.length &&
    wanted.every(
      (w, i) => w.who === stretches[i]!.who && Math.abs(w.seconds - stretches[i]!.seconds) <= SLACK,
    );
  return fits ? null : `${told(stretches)}, and not ${side}`;
}

const partyOf = (call: Detail, leg: number | null): string => {
  if (leg === null) return 'nobody';
  const party = call.legs[leg]!.party;
  return party.ours ? party.number : 'outside';
};

/** What is wrong with the marks, or null. */
export function wrongMarks(call: Detail, expected: string[]): string | null {
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  const all = call.marks.map(
    (m) =>
      `${m.kind} ${m.text} ${seconds(m.at_ms)}${m.until_ms === null ? '' : `-${seconds(m.until_ms)}`} by ${partyOf(call, m.leg)}`,
  );
  const parse = (mark: string) => /^(.*) (-?[\d.]+)(?:-([\d.]+))? by (\S+)$/.exec(mark)!.slice(1);
  const near = (a: string | undefined, b: string | undefined) =>
    a === undefined || b === undefined ? a === b : Math.abs(Number(a) - Number(b)) <= SLACK;
  const fits =
    all.length === expected.length &&
    all.every((mark, i) => {
      const [what, at, until, by] = parse(mark);
      const [what2, at2, until2, by2] = parse(expected[i]!);
      return what === what2 && near(at, at2) && near(until, until2) && by === by2;
    });
  return fits ? null : `[${all.join(', ')}], and not [${expected.join(', ')}]`;
}

/** Everything that is wrong with a call, in words. `gapsOf`: how many ms of it were not captured. */
export async function faultsOf(
  api: ApiClient,
  gapsOf: (call: Detail) => number,
  call: Detail,
  expected: Expected,
  all: Detail[],
): Promise<string[]> {
  const faults: string[] = [];
  const must = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) faults.push(`${what} is ${found}, and not ${wanted}`);
  };
  must('direction', call.direction, expected.direction);
  must('outcome', call.outcome, expected.outcome ?? 'answered');
  must('them', call.them.number, expected.them);
  must('us', call.us.number, expected.us);
  for (const key of ['dialled', 'did', 'queue'] as const)
    if (expected[key] !== undefined) must(key, call[key], expected[key]);
  const main = expected.consultFor === undefined ? null : all[expected.consultFor]!.id;
  must('consult_for', call.consult_for, main);
  if (expected.marks || !expected.outcome) {
    const marks = wrongMarks(call, expected.marks ?? []);
    if (marks) faults.push(`marks are ${marks}`);
  }
  if (expected.outcome) {
    must('coverage', call.coverage.status, 'none');
    must('recording', call.recording, null);
    return faults;
  }
  const status = `${call.coverage.status} ${call.coverage.reason}`.trim();
  if (!/^(recorded$|partial )/.test(status) || gapsOf(call) > MISSING)
    faults.push(`coverage is ${status} (${gapsOf(call)} ms missing)`);
  if (!call.recording) return [...faults, 'there is no recording'];
  const off = Math.abs(call.recording.duration_ms - call.talk_ms!);
  if (off > 1000) faults.push(`recording of ${call.recording.duration_ms} ms, talk of ${call.talk_ms} ms`);
  return [...faults, ...(await soundFaults(await api.audio(call.id), expected))];
}

async function soundFaults(file: Buffer, expected: Expected): Promise<string[]> {
  const faults: string[] = [];
  const sound = await decode(file, 16_000);
  for (const [i, side] of (['left', 'right'] as const).entries()) {
    const samples = toFloat(sound.channels[i]!);
    // Opus at this bit rate is made for speech: of two steady tones it makes noise, from which they still stand out.
    const leastShare = expected.high ? 0.1 : 0.5;
    const wrong = expected[side] && wrongSide(voices(samples, sound.rate, leastShare), expected[side]);
    if (wrong) faults.push(`on the ${side} is ${wrong}`);
    const high = expected.high?.[side];
    if (high !== undefined && amplitude(samples, high, sound.rate) < 0.02)
      faults.push(`nothing at ${high} Hz on the ${side}`);
  }
  // The input rate that the encoder was given (RFC 7845, 5.1).
  const rate = file.readUInt32LE(file.indexOf('OpusHead') + 12);
  if (rate !== (expected.rate ?? 8000)) faults.push(`its rate is ${rate} Hz`);
  return faults;
}
