import type { Layout } from '../../daemon/domain/opus-head.js';

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
/** What the encoder makes of each side: one frame of 20 ms. */
const FRAME = 960;

/** What silence has to have in common with the packet that it replaces. */
export type Packet = { bytes: number; samples: number; toc: number; layout: Layout };

/** Reads a packet of a recording; returns null for bytes that are none, or none that a recording of this layout has. */
export function readPacket(data: Buffer, layout: Layout): Packet | null {
  const samples = layout === 'apart' ? samplesApart(data) : samplesOf(data);
  return samples === null ? null : { bytes: data.length, samples, toc: data[0]!, layout };
}

/** How long each frame of a packet with this TOC lasts. */
function frameOf(toc: number): number {
  const config = toc >> 3;
  if (config < 12) return [480, 960, 1920, 2880][config & 3]!;
  if (config < 16) return [480, 960][config & 1]!;
  return [120, 240, 480, 960][config & 3]!;
}

/** How long the packet of a single stream lasts. */
function samplesOf(data: Buffer): number | null {
  if (data.length === 0) return null;
  const code = data[0]! & COUNT;
  if (code === 3 && data.length < 2) return null;
  const frames = code === 0 ? 1 : code === 3 ? data[1]! & 0x3f : 2;
  const samples = frameOf(data[0]!) * frames;
  return frames === 0 || samples > MAX_SAMPLES ? null : samples;
}

/**
 * How long the packet of two mono streams lasts. The left side's packet gives its own length (RFC 6716, appendix B), the
 * right side's takes what remains. Anything but one mono frame of 20 ms on each side was not made by our encoder.
 */
function samplesApart(data: Buffer): number | null {
  if (data.length < 3) return null;
  const long = data[1]! >= 252;
  const leftBytes = long ? data[1]! + 4 * data[2]! : data[1]!;
  const rightAt = (long ? 3 : 2) + leftBytes;
  const rightBytes = data.length - rightAt - 1;
  if (rightBytes < 0 || rightBytes > MAX_FRAME_BYTES || leftBytes > MAX_FRAME_BYTES) return null;
  return isMonoFrame(data[0]!) && isMonoFrame(data[rightAt]!) ? FRAME : null;
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
  if (layout === 'coupled') return silence(bytes, samples, toc);
  const left = bytes - LEFT.length < 3 ? NO_LEFT : LEFT;
  return Buffer.concat([left, silence(bytes - left.length, samples, SILENT_TOC)]);
}

function silence(bytes: number, samples: number, toc: number): Buffer {
  const packet = Buffer.alloc(bytes);
  if (bytes === 1) return packet.fill(toc);
  const size = [960, 480, 240, 120].findIndex((frame) => samples % frame === 0);
  const frames = samples / [960, 480, 240, 120][size]!;
  const head = (SILENT_TOC - (size << 3)) | (toc & STEREO);
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
