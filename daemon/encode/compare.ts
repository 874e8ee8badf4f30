import type { Readable } from 'node:stream';
import type { Silence } from './opus.js';
import { levelOf } from './pcm.js';

/** A recording and the same with silences, decoded: 16-bit little-endian interleaved stereo at `rate` Hz. */
export type Compared = { older: Readable; newer: Readable; rate: number; silences: readonly Silence[] };

const WINDOW_MS = 100;
/** libopus carries a sound a little over the edge of a silence, in ms. */
const EDGE_MS = 120;
/** What a silence is after it was decoded again, in dBFS: nobody hears it. */
const SILENT_DB = -70;
/** A sound as faint as this may get lost when it is encoded a second time, in dBFS. */
const FAINT_DB = -55;
/** By so much a window of sound may become louder or softer, in dB. */
const LEVEL_DB = 6;
/** So many windows may differ by more: a click is spread, a breath is lost. */
const FEW = 0.02;
/**
 * How like the whole of a side has to remain where it was not silenced, as the correlation of its samples. libopus does not keep the
 * shape of noise: measured from 0.57 with much of that; of another sound it is 0.
 */
const ALIKE = 0.2;
/** How far their lengths may be apart, in ms. */
const LENGTH_MS = 100;

type Side = { xy: number; xx: number; yy: number; windows: number; off: number };

/**
 * Compares what a redacted recording sounds like with the one that it was made of. Returns what is wrong with it, null when it
 * is silent where it should be and the same elsewhere.
 */
export async function redactionFault({ older, newer, rate, silences }: Compared): Promise<string | null> {
  const samples = Math.round((rate * WINDOW_MS) / 1000);
  const [a, b] = [windowsOf(older, samples * 4), windowsOf(newer, samples * 4)];
  const sides: Record<'them' | 'us', Side> = { them: newSide(), us: newSide() };
  const lengths = { older: 0, newer: 0 };
  for (let at = 0; ; at += WINDOW_MS) {
    const [one, two] = await Promise.all([a.next(), b.next()]);
    lengths.older += one.value?.length ?? 0;
    lengths.newer += two.value?.length ?? 0;
    if (one.done && two.done) break;
    if (one.done || two.done) continue;
    for (const [offset, who] of [
      [0, 'them'],
      [2, 'us'],
    ] as const) {
      const over = silences.filter((s) => s.side === who || s.side === 'both');
      const silent = over.some((s) => s.fromMs + EDGE_MS <= at && at + WINDOW_MS <= s.untilMs - EDGE_MS);
      const apart = over.every((s) => at + WINDOW_MS <= s.fromMs - EDGE_MS || s.untilMs + EDGE_MS <= at);
      const found = compare(one.value, two.value, offset);
      if (silent && found.newerDb > SILENT_DB)
        return `The ${who} side is not silent at ${at} ms: ${Math.round(found.newerDb)} dB.`;
      if (apart) count(sides[who], found);
    }
  }
  const ms = Math.abs(lengths.older - lengths.newer) / 4 / (rate / 1000);
  if (ms > LENGTH_MS) return `Its length differs by ${Math.round(ms)} ms.`;
  for (const [who, side] of Object.entries(sides)) {
    if (side.windows > 0 && side.off / side.windows > FEW && side.off > 2)
      return `The level of the ${who} side differs in ${side.off} of ${side.windows} places that were not redacted.`;
    const alike = side.xx > 0 && side.yy > 0 ? side.xy / Math.sqrt(side.xx * side.yy) : 1;
    if (side.windows > 0 && alike < ALIKE)
      return `The ${who} side is not what it was where it was not redacted (correlation ${alike.toFixed(2)}).`;
  }
  return null;
}

const newSide = (): Side => ({ xy: 0, xx: 0, yy: 0, windows: 0, off: 0 });

type Found = { xy: number; xx: number; yy: number; olderDb: number; newerDb: number };

function compare(one: Buffer, two: Buffer, offset: 0 | 2): Found {
  const found: Found = { xy: 0, xx: 0, yy: 0, olderDb: 0, newerDb: 0 };
  const end = Math.min(one.length, two.length) - 3;
  let n = 0;
  for (let at = 0; at < end; at += 4, n++) {
    const [x, y] = [one.readInt16LE(at + offset), two.readInt16LE(at + offset)];
    found.xy += x * y;
    found.xx += x * x;
    found.yy += y * y;
  }
  found.olderDb = levelOf(found.xx / Math.max(1, n));
  found.newerDb = levelOf(found.yy / Math.max(1, n));
  return found;
}

function count(side: Side, { xy, xx, yy, olderDb, newerDb }: Found): void {
  if (Math.max(olderDb, newerDb) < FAINT_DB) return;
  side.xy += xy;
  side.xx += xx;
  side.yy += yy;
  side.windows += 1;
  if (Math.abs(olderDb - newerDb) > LEVEL_DB) side.off += 1;
}

/** A stream in pieces of `bytes`; the last may be shorter. */
async function* windowsOf(source: Readable, bytes: number): AsyncGenerator<Buffer, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (; at + bytes <= rest.length; at += bytes) yield rest.subarray(at, at + bytes);
    rest = rest.subarray(at);
  }
  if (rest.length > 0) yield rest;
}
