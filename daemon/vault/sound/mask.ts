import { PAGE_BEGINS, PAGE_CONTINUES, pageHead, stamp } from '../../domain/recording/ogg.js';
import type { MayHear, Sides } from './heard.js';
import { type Packet, readPacket, silentPacket, silentSide } from './opus.js';
import { type Page, unfit, widen } from './pages.js';

const PER_MS = 48;
/** A frame fades into the next for 2.5 ms. */
const FADE = 240;

/**
 * A page as somebody may hear it: packets that are not wholly in what they may hear become silent ones of the same length, so
 * that nothing moves; of one side alone where both sides have a stream of their own. The page itself where nothing has to be silent.
 */
export function masked(bytes: Buffer, page: Page, { left, right }: Sides): Buffer {
  const { layout } = page;
  if (layout === null) return bytes;
  const head = pageHead(bytes);
  if (head === null || head === 'none') throw changed();
  const silences: { at: number; silence: Buffer }[] = [];
  let time = page.from;
  let at = head.headBytes;
  head.pieces.forEach((piece, i) => {
    const carried = i === 0 ? page.carried : null;
    const goesOn = head.goesOn && i === head.pieces.length - 1;
    const spread = carried?.spread ?? (goesOn ? page.cut : null);
    const packet = spread ? spread.packet : readPacket(bytes, at, at + piece, layout);
    if (packet === null) throw changed();
    const times = spread ?? { from: time, until: time + packet.samples };
    if (!spread) {
      time = times.until;
      widen(times, page.off);
    }
    const done = carried?.done ?? 0;
    for (const { at: place, bytes: silence } of silenceIn(packet, {
      left: heard(packet, times, left),
      right: heard(packet, times, right),
    })) {
      const from = Math.max(place, done);
      const until = Math.min(place + silence.length, done + piece);
      if (from < until)
        silences.push({ at: at + from - done, silence: silence.subarray(from - place, until - place) });
    }
    at += piece;
  });
  if (silences.length === 0) return bytes;
  const silenced = Buffer.from(bytes);
  for (const { at, silence } of silences) silence.copy(silenced, at);
  stamp(silenced);
  return silenced;
}

const TAGS = 'OpusTags';

/**
 * A page of tags without what they say: no maker and no comments, and zeros as padding (RFC 7845, section 5.2), so that nothing moves. The
 * title of a recording names both parties. The page itself where it has no tags.
 */
export function untitled(bytes: Buffer, { layout }: Page): Buffer {
  const head = pageHead(bytes);
  if (head === null || head === 'none') throw changed();
  if (layout !== null || head.flags & PAGE_BEGINS) return bytes;
  const bare = Buffer.from(bytes).fill(0, head.headBytes);
  if (!(head.flags & PAGE_CONTINUES)) bare.write(TAGS, head.headBytes, 'latin1');
  stamp(bare);
  return bare;
}

/** What has to be written into a packet where one side or both must not be heard. */
function silenceIn(
  packet: Packet,
  hears: { left: boolean; right: boolean },
): { at: number; bytes: Buffer }[] {
  if (hears.left && hears.right) return [];
  const one = hears.left ? 'right' : hears.right ? 'left' : null;
  // Sides that were encoded together cannot be told apart: then neither is heard.
  if (one === null || packet.layout === 'coupled') return [{ at: 0, bytes: silentPacket(packet) }];
  return silentSide(packet, one);
}

const changed = () => unfit('It is not what it was when its pages were found.');

/** A packet may hold a copy of what was before it (RFC 6716, 2.1.7), for as long as it lasts itself. */
function heard(
  { samples }: Packet,
  { from, until }: { from: number; until: number },
  mayHear: MayHear,
): boolean {
  return mayHear((from - samples) / PER_MS, (until + FADE) / PER_MS);
}
