import type { Layout } from '../../domain/recording/opus-head.js';

/** Opus packets as RFC 6716, section 3, has them. Times are samples at 48 kHz, whatever the sound was made of. */

/** The longest that a packet may be, and the longest frame in bytes. */
const MAX_SAMPLES = 5760;
const MAX_FRAME_BYTES = 1275;
/** Bits of the first byte of a packet, its TOC: stereo, and how the frames are counted (0: there is one). */
const STEREO = 4;
const COUNT = 3;
/** The TOC of one mono frame of 20 ms in the mode for music, in which two bytes of ones are a silent frame. */
const SILENT_TOC = 0xf8;
const SILENT_FRAME = 0xff;
/** The longest frame whose length takes one byte. */
const MOST_SHORT = 251;
/** What the encoder makes of each side: one frame of 20 ms. */
const FRAME = 960;
/** Lengths of silent frames, each one step below the last in its TOC. */
const SIZES = [960, 480, 240, 120];

/** What silence has to have in common with the packet that it replaces. */
export type Packet = {
  bytes: number;
  samples: number;
  toc: number;
  layout: Layout;
  /** How many of its bytes are of the left side, where each side has a stream of its own. */
  left: number;
};

/** Reads the packet at these bytes; returns null for what is none, or none that a recording of this layout has. */
export function readPacket(data: Buffer, from: number, until: number, layout: Layout): Packet | null {
  const left = layout === 'apart' ? leftBytes(data, from, until) : 0;
  const samples = layout === 'coupled' ? samplesOf(data, from, until) : left === null ? null : FRAME;
  return samples === null
    ? null
    : { bytes: until - from, samples, toc: data[from]!, layout, left: left ?? 0 };
}

/** How long each frame of a packet with this TOC lasts. */
function frameOf(toc: number): number {
  const config = toc >> 3;
  if (config < 12) return [480, 960, 1920, 2880][config & 3]!;
  if (config < 16) return [480, 960][config & 1]!;
  return [120, 240, 480, 960][config & 3]!;
}

/** How long the packet of a single stream lasts. */
function samplesOf(data: Buffer, from: number, until: number): number | null {
  if (from === until) return null;
  const code = data[from]! & COUNT;
  if (code === 3 && until - from < 2) return null;
  const frames = code === 0 ? 1 : code === 3 ? data[from + 1]! & 0x3f : 2;
  const samples = frameOf(data[from]!) * frames;
  return frames === 0 || samples > MAX_SAMPLES ? null : samples;
}

/**
 * How many bytes of a packet of two mono streams are the left side's. The left side's packet gives its own length (RFC 6716, appendix B), the
 * right side's takes what remains. Anything but one mono frame of 20 ms on each side was not made by our encoder.
 */
function leftBytes(data: Buffer, from: number, until: number): number | null {
  if (until - from < 3) return null;
  const length = data[from + 1]!;
  const long = length >= 252;
  const frameBytes = long ? length + 4 * data[from + 2]! : length;
  const rightAt = from + (long ? 3 : 2) + frameBytes;
  const rightBytes = until - rightAt - 1;
  if (rightBytes < 0 || rightBytes > MAX_FRAME_BYTES || frameBytes > MAX_FRAME_BYTES) return null;
  return isMonoFrame(data[from]!) && isMonoFrame(data[rightAt]!) ? rightAt - from : null;
}

const isMonoFrame = (toc: number): boolean => (toc & (STEREO | COUNT)) === 0 && frameOf(toc) === FRAME;

/** A left side's packet, with its length: silence, and one that says that there is nothing. */
const LEFT = Buffer.of(SILENT_TOC, 2, SILENT_FRAME, SILENT_FRAME);
const NO_LEFT = Buffer.of(SILENT_TOC, 0);

/**
 * Returns a silent packet of the same length in time and in bytes. Without room for two bytes a frame it says that there is
 * nothing: the decoder then lets what came before fade out.
 */
export function silentPacket({ bytes, samples, toc, layout }: Packet): Buffer {
  const packet = Buffer.alloc(bytes);
  if (layout === 'coupled') return silence(packet, 0, samples, toc);
  const left = bytes - LEFT.length < 3 ? NO_LEFT : LEFT;
  left.copy(packet);
  return silence(packet, left.length, samples, SILENT_TOC);
}

/**
 * What stands in the place of one side of a packet of two mono streams, and where in the packet. The length that the left side's
 * packet gives stays as it is.
 */
export function silentSide({ bytes, left }: Packet, side: 'left' | 'right'): { at: number; bytes: Buffer }[] {
  if (side === 'right')
    return [{ at: left, bytes: silence(Buffer.alloc(bytes - left), 0, FRAME, SILENT_TOC) }];
  const head = left - 2 > MOST_SHORT ? 3 : 2;
  return [
    { at: 0, bytes: Buffer.of(SILENT_TOC) },
    { at: head, bytes: Buffer.alloc(left - head, SILENT_FRAME) },
  ];
}

/** Writes silence from this byte to the end. */
function silence(packet: Buffer, from: number, samples: number, toc: number): Buffer {
  const bytes = packet.length - from;
  if (bytes === 1) return packet.fill(toc, from);
  const size = SIZES.findIndex((frame) => samples % frame === 0);
  const frames = samples / SIZES[size]!;
  const head = (SILENT_TOC - (size << 3)) | (toc & STEREO);
  if (frames === 1 && bytes === 3) {
    packet[from] = head;
    return packet.fill(SILENT_FRAME, from + 1);
  }
  const frameBytes = bytes >= 2 + 2 * frames ? 2 * frames : 0;
  const padding = bytes - 2 - frameBytes;
  packet[from] = head | 3;
  packet[from + 1] = frames | (padding > 0 ? 0x40 : 0);
  let at = from + 2;
  if (padding > 0) {
    // 255 stands for 254 bytes and another byte of length; those bytes count as padding too.
    const more = Math.floor((padding - 1) / 255);
    packet.fill(255, at, at + more);
    packet[at + more] = padding - 1 - 255 * more;
    at += more + 1;
  }
  return packet.fill(SILENT_FRAME, at, at + frameBytes);
}
