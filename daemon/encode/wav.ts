import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fail } from '../domain/error.js';

export type WavHeader = {
  /** Hz */
  rate: number;
  channels: number;
  /** Bits a sample. */
  bits: number;
  dataOffset: number;
  /** Whole frames only. */
  dataBytes: number;
  /** Rounded up to a whole ms. */
  durationMs: number;
  /** The length in the header is not that of the audio: the writer did not come to its end. */
  headerLies: boolean;
};

const maxChunks = 200;

/**
 * Reads what a PCM wav file holds. Asterisk writes the lengths when it closes a file, so one that was being written when
 * it died says 0 (or, from others, 0xFFFFFFFF); then, and whenever the header's length cannot be right, the file's own
 * length counts. A file with a header and no audio gives 0 ms. Throws spool_unreadable, with what is wrong with it, for
 * a missing, empty or cut file and for anything but PCM; `shown` is what it calls the file.
 */
export async function readWavHeader(path: string, shown = path): Promise<WavHeader> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a named pipe would be waited for
  } catch (error) {
    throw unreadable(shown, `it cannot be opened (${(error as NodeJS.ErrnoException).code})`, error);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(shown, 'it is not a file');
    return await read(handle, shown, stat.size);
  } finally {
    await handle.close();
  }
}

/** So much is read at once from the end of a file, in bytes. */
const BLOCK = 64 * 1024;

/** How long a PCM wav file lasts until nothing but exact silence comes, in ms. Throws as `readWavHeader` does. */
export async function soundMs(path: string): Promise<number> {
  const { dataOffset, dataBytes, rate, channels, bits } = await readWavHeader(path);
  const frame = channels * (bits / 8);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    for (let end = dataBytes; end > 0; end -= BLOCK) {
      const from = Math.max(0, end - BLOCK);
      const last = (await bytesAt(handle, dataOffset + from, end - from)).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return ((Math.floor((from + last) / frame) + 1) * 1000) / rate;
    }
    return 0;
  } finally {
    await handle.close();
  }
}

/** A frame of sound, in ms. */
const FRAME_MS = 20;
/** Larger than the rounding of a resampler that was given zeros. */
const QUIET = 1;

/** How much of this stretch of a PCM wav file is anything but digital silence, in ms of whole frames. Throws as `readWavHeader` does. */
export async function soundBetween(path: string, fromMs: number, untilMs: number): Promise<number> {
  const { dataOffset, dataBytes, rate, channels, bits } = await readWavHeader(path);
  const frame = channels * (bits / 8) * Math.round((rate * FRAME_MS) / 1000);
  const [first, end] = [Math.max(0, Math.ceil(fromMs / FRAME_MS)), Math.floor(untilMs / FRAME_MS)];
  const last = Math.min(end * frame, dataBytes);
  const perRead = Math.max(1, Math.floor(BLOCK / frame)) * frame;
  const loud = (bytes: Buffer): boolean => {
    if (bits !== 16) return bytes.some((byte) => byte !== 0);
    for (let at = 0; at + 1 < bytes.length; at += 2) if (Math.abs(bytes.readInt16LE(at)) > QUIET) return true;
    return false;
  };
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let frames = 0;
  try {
    for (let from = first * frame; from < last; from += perRead) {
      const bytes = await bytesAt(handle, dataOffset + from, Math.min(perRead, last - from));
      if (bytes.length === 0) break;
      for (let at = 0; at < bytes.length; at += frame) if (loud(bytes.subarray(at, at + frame))) frames++;
    }
    return frames * FRAME_MS;
  } finally {
    await handle.close();
  }
}

async function read(handle: FileHandle, path: string, size: number): Promise<WavHeader> {
  if (size === 0) throw unreadable(path, 'it is empty');
  const head = await bytesAt(handle, 0, 12);
  const isWav = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE';
  if (!isWav) throw unreadable(path, size < 12 ? 'it is cut in its header' : 'it is no wav file');

  let format: { rate: number; channels: number; bits: number } | undefined;
  for (let at = 12, n = 0; n < maxChunks; n++) {
    const { id, length, start } = await chunkAt(handle, at);
    if (id === undefined) break;
    if (id === 'data') {
      if (!format) throw unreadable(path, 'it does not say its format before its audio');
      return audio(handle, format, start, length, size);
    }
    if (id === 'fmt ') format = pcmFormat(path, await bytesAt(handle, start, Math.min(length, 40)));
    at = start + length + (length & 1);
  }
  throw unreadable(path, 'it is cut in its header: there is no audio in it');
}

async function audio(
  handle: FileHandle,
  format: { rate: number; channels: number; bits: number },
  dataOffset: number,
  said: number,
  size: number,
): Promise<WavHeader> {
  const there = size - dataOffset;
  const honest =
    said === there || (said > 0 && said < there && (await onlyChunks(handle, dataOffset + said, size)));
  const frame = format.channels * (format.bits / 8);
  const frames = Math.floor((honest ? said : there) / frame);
  const durationMs = Math.ceil((frames * 1000) / format.rate);
  return { ...format, dataOffset, dataBytes: frames * frame, durationMs, headerLies: !honest };
}

/** Whether nothing but whole chunks stands between `from` and the end; else it is audio that was never counted. */
async function onlyChunks(handle: FileHandle, from: number, size: number): Promise<boolean> {
  let at = from + (from & 1);
  for (let n = 0; at < size && n < maxChunks; n++) {
    const { id, length, start } = await chunkAt(handle, at);
    if (id === undefined || !/^[\x20-\x7e]{4}$/.test(id)) return false;
    at = start + length;
    if (at < size) at += length & 1;
  }
  return at === size || at === size + 1;
}

async function chunkAt(
  handle: FileHandle,
  at: number,
): Promise<{ id?: string; length: number; start: number }> {
  const head = await bytesAt(handle, at, 8);
  if (head.length < 8) return { length: 0, start: at };
  return { id: head.toString('latin1', 0, 4), length: head.readUInt32LE(4), start: at + 8 };
}

function pcmFormat(path: string, body: Buffer): { rate: number; channels: number; bits: number } {
  if (body.length < 16) throw unreadable(path, 'it is cut in its header');
  const tag = body.readUInt16LE(0);
  // The extensible form has the real tag as the start of a GUID.
  const format = tag === 0xfffe && body.length >= 26 ? body.readUInt16LE(24) : tag;
  if (format !== 1) throw unreadable(path, `its format is ${format}, not PCM`);
  const channels = body.readUInt16LE(2);
  const rate = body.readUInt32LE(4);
  const bits = body.readUInt16LE(14);
  const sound =
    channels >= 1 && channels <= 8 && rate >= 4000 && rate <= 192_000 && [8, 16, 24, 32].includes(bits);
  if (!sound) throw unreadable(path, `it says ${channels} channels of ${bits} bits at ${rate} Hz`);
  return { rate, channels, bits };
}

/** As many of the bytes as there are. */
async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}

function unreadable(path: string, what: string, cause?: unknown) {
  return fail('spool_unreadable', `${path}: ${what}.`, cause);
}
