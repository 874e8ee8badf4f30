import { deviceOf, ticksOf } from './block-device.js';

/**
 * How busy the disk of a directory was since this was last asked: 0 idle, 1 always. Null where that cannot be known, as in
 * some containers.
 */
export function createDiskBusy(dir: string): () => number | null {
  let last: { at: number; ticks: number } | null = null;
  return () => {
    const ticks = ticksOf(deviceOf(dir));
    const before = last;
    last = ticks === null ? null : { at: performance.now(), ticks };
    if (!before || !last || last.at <= before.at) return null;
    return Math.min(1, Math.max(0, (last.ticks - before.ticks) / (last.at - before.at)));
  };
}
