import type { MayHear } from './heard.js';
import { pageHead, stamp } from './ogg.js';
import { type PacketHead, samplesOf, silentPacket } from './opus.js';
import { type Page, spread } from './pages.js';

const PER_MS = 48;
/** A frame fades into the next for 2.5 ms. */
const FADE = 240;

/**
 * A page as somebody may hear it: packets that are not wholly in what he may hear become silent ones of the same length, so
 * that nothing moves. The page itself where nothing has to be silent.
 */
export function masked(bytes: Buffer, page: Page, mayHear: MayHear): Buffer {
  if (!page.sound) return bytes;
  const head = pageHead(bytes);
  if (head === null || head === 'none') return bytes;
  const changed: { at: number; silence: Buffer }[] = [];
  let time = page.from;
  let at = head.headBytes;
  head.pieces.forEach((piece, i) => {
    const carried = i === 0 ? page.carried : null;
    const goesOn = head.goesOn && i === head.pieces.length - 1;
    const spreads = carried?.packet ?? (goesOn ? page.cut : null);
    if (spreads) {
      const done = carried?.done ?? 0;
      if (!heard(spreads, spreads, mayHear))
        changed.push({ at, silence: silentPacket(spreads).subarray(done, done + piece) });
    } else {
      const packet = { bytes: piece, toc: bytes[at] ?? 0, second: bytes[at + 1] ?? 0 };
      const times = { from: time, until: time + (samplesOf(packet) ?? 0) };
      time = times.until;
      spread(times, page.off);
      if (!heard(packet, times, mayHear)) changed.push({ at, silence: silentPacket(packet) });
    }
    at += piece;
  });
  if (changed.length === 0) return bytes;
  const silenced = Buffer.from(bytes);
  for (const { at, silence } of changed) silence.copy(silenced, at);
  stamp(silenced);
  return silenced;
}

/** A packet may hold a copy of what was before it (RFC 6716, 2.1.7), for as long as it lasts itself. */
function heard(
  packet: PacketHead,
  { from, until }: { from: number; until: number },
  mayHear: MayHear,
): boolean {
  const before = samplesOf(packet) ?? 0;
  return mayHear((from - before) / PER_MS, (until + FADE) / PER_MS);
}
