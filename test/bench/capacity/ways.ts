import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Pbx } from '../../support/pbx/pbx.js';
import { readWav } from '../../support/recordings/audio.js';
import { processorTime } from '../processor.js';
import { encode, familyTime } from '../ready/costs.js';
import { type Called, type Dialled, each, type Party, TONES } from './calls.js';
import type { Recordings } from './recordings.js';
import { toneMs } from './sound.js';

const MOST_DECODERS = 2;
/** How many of MixMonitor's files are encoded. The others cost the same for each second. */
const ENCODED = 20;

/** Seconds of processor time: of the recorder's own process, and of the programs that encode. */
export type Used = { recorder: number; encoding: number };
/** How much of each party's sound is in the recording, in ms. */
export type Kept = Record<Party, number>;

export type Way = {
  name: string;
  dialled: Dialled;
  /** Null for calls that are not recorded. */
  recorded: {
    /** Processor time used so far. */
    used: () => Used;
    /** Waits for the recordings of calls that have ended, and encodes MixMonitor's. */
    finish: (calls: readonly Called[]) => Promise<void>;
    /** Returns what the recording of a call has. */
    kept: (call: Called) => Promise<Kept>;
  } | null;
};

export const unrecorded: Way = { name: 'none', dialled: 'bridge', recorded: null };

/** Asterisk's own recorder. Some of its files are encoded afterwards. */
export function mixMonitor(pbx: Pbx): Way {
  const file = (call: Called) => join(pbx.spoolDir, 'monitor', `capacity-${call.number}.wav`);
  let encoding = 0;
  return {
    name: 'MixMonitor',
    dialled: 'recorded',
    recorded: {
      used: () => ({ recorder: 0, encoding }),
      async finish(calls) {
        const before = processorTime(process.pid).children;
        const sample = calls.slice(0, ENCODED);
        for (const wav of sample.map(file).filter(existsSync)) await encode(wav);
        const used = processorTime(process.pid).children - before;
        encoding += (used * soundOf(calls)) / soundOf(sample);
      },
      async kept(call) {
        if (!existsSync(file(call))) return { caller: 0, callee: 0 };
        const [samples] = readWav(file(call)).channels;
        rmSync(file(call));
        return { caller: toneMs(samples!, TONES.caller), callee: toneMs(samples!, TONES.callee) };
      },
    },
  };
}

/** `pid` is the recorder's. */
export function tapedeck(recordings: Recordings, pid: number): Way {
  let found: Awaited<ReturnType<Recordings['of']>>;
  return {
    name: 'Tapedeck',
    dialled: 'bridge',
    recorded: {
      used() {
        const { own } = processorTime(pid);
        return { recorder: own, encoding: familyTime(pid) - own };
      },
      async finish(calls) {
        found = await recordings.of(calls.map(({ number }) => number));
      },
      async kept({ number }) {
        const sides = await recordings.sides(found.get(number)!);
        const of = (party: Party) => Math.max(0, ...sides.map((side) => toneMs(side, TONES[party])));
        return { caller: of('caller'), callee: of('callee') };
      },
    },
  };
}

/** Returns the seconds of all calls together. */
export const soundOf = (calls: readonly Called[]): number =>
  calls.reduce((sum, { seconds }) => sum + seconds, 0);

/** Returns how much of each party's sound the recordings have, by the number of the call. */
export async function keptOf(way: Way, calls: readonly Called[]): Promise<Map<string, Kept>> {
  const kept = new Map<string, Kept>();
  const { recorded } = way;
  if (recorded)
    await each(calls, async (call) => kept.set(call.number, await recorded.kept(call)), MOST_DECODERS);
  return kept;
}
