/** Opus packets as RFC 6716, section 3, has them. Times are samples at 48 kHz, whatever the sound was made of. */

/** The longest that a packet may be. */
const MOST_SAMPLES = 5760;
/** Two ones are a silent frame to the part of Opus that music goes through (its first bit says so). */
const SILENT_FRAME = 0xff;

/** What is known of a packet by its first two bytes: `second` is its count of frames where `toc` says so. */
export type PacketHead = { bytes: number; toc: number; second: number };

/** How long a packet lasts; null for what is no packet. */
export function samplesOf({ bytes, toc, second }: PacketHead): number | null {
  const config = toc >> 3;
  const frame =
    config < 12
      ? [480, 960, 1920, 2880][config & 3]!
      : config < 16
        ? [480, 960][config & 1]!
        : [120, 240, 480, 960][config & 3]!;
  const code = toc & 3;
  if (bytes === 0 || (code === 3 && bytes < 2)) return null;
  const frames = code === 0 ? 1 : code === 3 ? second & 0x3f : 2;
  const samples = frame * frames;
  return frames === 0 || samples > MOST_SAMPLES ? null : samples;
}

/**
 * A packet of silence of the same length in time and in bytes, or as much of one as there is room for: with less than two
 * bytes a frame it says that there is nothing, and a decoder lets what was there before fade out. What is no packet becomes
 * one that is none either, and has nothing in it.
 */
export function silentPacket({ bytes, toc, second }: PacketHead): Buffer {
  const packet = Buffer.alloc(bytes);
  const samples = samplesOf({ bytes, toc, second });
  if (bytes === 0) return packet;
  packet[0] = toc;
  if (samples === null && bytes > 1) packet[1] = second & 0x3f;
  if (samples === null || bytes === 1) return packet;
  const size = [960, 480, 240, 120].findIndex((frame) => samples % frame === 0);
  const frames = samples / [960, 480, 240, 120][size]!;
  const head = ((31 - size) << 3) | (toc & 4);
  if (frames === 1 && bytes === 3) {
    packet[0] = head;
    return packet.fill(SILENT_FRAME, 1);
  }
  const frameBytes = bytes >= 2 + 2 * frames ? 2 * frames : 0;
  const padding = bytes - 2 - frameBytes;
  packet[0] = head | 3;
  packet[1] = frames | (padding > 0 ? 0x40 : 0);
  let at = 2;
  if (padding > 0) {
    // 255 stands for 254 bytes and another byte of length; those bytes count as padding too.
    const more = Math.floor((padding - 1) / 255);
    packet.fill(255, at, at + more);
    packet[at + more] = padding - 1 - 255 * more;
    at += more + 1;
  }
  packet.fill(SILENT_FRAME, at, at + frameBytes);
  return packet;
}
