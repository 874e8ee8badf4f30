import { availableParallelism, loadavg } from 'node:os';
import { deviceOf, ticksOf } from './block-device.js';

/** Above this share of the time, a disk has enough to do. */
const DISK_BUSY = 0.5;

/** Of the last minute, for each processor core. */
export const load = (): number => loadavg()[0]! / availableParallelism();

/**
 * Why now is no time for what can wait, or null. The disk is that of the directory, since this was last asked; `waits`: whether it has to
 * wait for processor time.
 */
export function createBusy(dir: string, maxLoad: number, waits: () => boolean): () => string | null {
  const diskBusy = createDiskBusy(dir);
  return () => {
    const disk = diskBusy();
    if (waits()) return 'Calls need the processor.';
    if (load() > maxLoad) return 'The load is high.';
    return disk !== null && disk > DISK_BUSY ? 'The disk is busy.' : null;
  };
}

/** 0 idle, 1 always. Null where that cannot be known, as in some containers. */
function createDiskBusy(dir: string): () => number | null {
  let last: { at: number; ticks: number } | null = null;
  return () => {
    const ticks = ticksOf(deviceOf(dir));
    const before = last;
    last = ticks === null ? null : { at: performance.now(), ticks };
    if (!before || !last || last.at <= before.at) return null;
    return Math.min(1, Math.max(0, (last.ticks - before.ticks) / (last.at - before.at)));
  };
}
