import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Pbx } from '../../support/pbx/pbx.js';
import { processorTime } from '../processor.js';
import { type Called, type createCalls, PARTIES } from './calls.js';
import { keptOf, soundOf, type Way } from './ways.js';

/** What calls cost and lost. Processor time is in % of a core for each second of each call, sound in ms for each side. */
export type Result = {
  way: string;
  calls: number;
  asterisk: number;
  recorder: number;
  encoding: number;
  /** Received by the PBX's channel and missing from the recording: mean and maximum. */
  missing: number;
  worst: number;
  /** Sent by one party, or due to be sent, and not received by the other one: the machine's own loss. Mean. */
  lost: number;
  /** Number of calls that are not whole. */
  broken: number;
  /** Share of the machine's cores that was busy, including the parties. */
  busy: number;
};

/**
 * A side is whole if no more than this is missing, in ms. The PBX receives sound before it has bridged the call and the capture
 * has begun. Tapedeck, too, reports nothing below this as missing (daemon/domain/recording/lost.ts).
 */
export const TOLERANCE = 200;
/** How long all calls go on at once, in ms. Processor time is measured in the middle of it. */
const HELD = 9_000;
const SETTLED = 1_500;
const MEASURED = 6_500;
const IDLE = 4_000;

/**
 * Returns the seconds of processor time of all processes. The totals in /proc/stat are sampled at the kernel's ticks and miss
 * threads that run for a moment after each one, as Asterisk's do.
 */
function everybody(): number {
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const { own, children } = processorTime(Number(pid));
      sum += own + children;
    } catch {
      // It has ended: its time is in its parent's.
    }
  return sum;
}

const now = () => performance.now() / 1_000;

/** Returns what the PBX and the recorder need without any call, in s of processor time for each second. */
export async function idleOf(pbx: Pbx, way: Way): Promise<{ asterisk: number; recorder: number }> {
  const look = () => ({
    at: now(),
    asterisk: processorTime(pbx.pid!).own,
    recorder: way.recorded?.used().recorder ?? 0,
  });
  const before = look();
  await wait(IDLE);
  const after = look();
  const per = (what: 'asterisk' | 'recorder') => (after[what] - before[what]) / (after.at - before.at);
  return { asterisk: per('asterisk'), recorder: per('recorder') };
}

/** Measures `count` calls at once, from the first call to the last recording. */
export async function measure(
  { pbx, calls: lab }: { pbx: Pbx; calls: ReturnType<typeof createCalls> },
  way: Way,
  count: number,
  idle: { asterisk: number; recorder: number },
): Promise<Result> {
  const began = now();
  const before = way.recorded?.used();
  let asterisk = 0;
  let busy = 0;
  const calls = await lab.hum(way.dialled, count, HELD, async () => {
    await wait(SETTLED);
    const first = { at: now(), asterisk: processorTime(pbx.pid!).own, everybody: everybody() };
    await wait(MEASURED);
    const last = { at: now(), asterisk: processorTime(pbx.pid!).own, everybody: everybody() };
    const seconds = last.at - first.at;
    asterisk = ((last.asterisk - first.asterisk - idle.asterisk * seconds) / seconds / count) * 100;
    busy = (last.everybody - first.everybody) / seconds / cpus().length;
  });
  await way.recorded?.finish(calls);
  const after = way.recorded?.used();
  const elapsed = now() - began;
  const sound = soundOf(calls);
  const used = (what: 'recorder' | 'encoding', quiet = 0) =>
    before && after ? ((after[what] - before[what] - quiet * elapsed) / sound) * 100 : 0;
  const kept = await keptOf(way, calls);
  const sides = calls.flatMap((call) =>
    PARTIES.map((party) => ({ ...call[party], kept: kept.get(call.number)?.[party] ?? null })),
  );
  const missing = sides.map(({ received, kept }) => (kept === null ? 0 : Math.max(0, received - kept)));
  return {
    way: way.name,
    calls: count,
    asterisk,
    recorder: used('recorder', idle.recorder),
    encoding: used('encoding'),
    missing: mean(missing),
    worst: Math.max(...missing),
    lost: mean(sides.map(({ asked, heard }) => Math.max(0, asked - heard))),
    broken: calls.filter((call) => !isWhole(call, kept.get(call.number))).length,
    busy,
  };
}

function isWhole(call: Called, kept: Record<'caller' | 'callee', number> | undefined): boolean {
  return PARTIES.every((party) => {
    const { asked, received, heard } = call[party];
    return kept ? received > 0 && received - kept[party] <= TOLERANCE : asked - heard <= TOLERANCE;
  });
}

const mean = (list: readonly number[]): number => list.reduce((sum, n) => sum + n, 0) / list.length;

/** Returns the median of each figure. */
export function median(results: readonly Result[]): Result {
  const middle = (of: (result: Result) => number) =>
    results.map(of).toSorted((a, b) => a - b)[Math.floor((results.length - 1) / 2)]!;
  const { way, calls } = results[0]!;
  const figures = ['asterisk', 'recorder', 'encoding', 'missing', 'worst', 'lost', 'broken', 'busy'] as const;
  return {
    way,
    calls,
    ...Object.fromEntries(figures.map((name) => [name, middle((r) => r[name])])),
  } as Result;
}
