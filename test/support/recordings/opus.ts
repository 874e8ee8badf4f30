import { execFileSync, spawnSync } from 'node:child_process';
import { pageHead, stamp } from '../../../daemon/domain/recording/ogg.js';
import { declareSides, layoutOf } from '../../../daemon/domain/recording/opus-head.js';
import { readPacket } from '../../../daemon/vault/sound/opus.js';
import { madeOnce } from '../files/made-once.js';
import { channelsOf, readWav, type Sound } from './audio.js';

/** Two who talk at once, each with pauses: what an encoder for speech finds something to do with. */
const talk = (pitch: number, pace: number) =>
  `(0.28*sin(2*PI*${pitch}*t+3*sin(2*PI*2.3*t))+0.2*sin(2*PI*${pitch * 3}*t)+0.05*(random(0)-0.5))*max(0\\,sin(2*PI*${pace}*t))`;

/** An Ogg Opus file of two voices, as ffmpeg makes it with these options. */
export function opusOf(seconds: number, rate: number, ...options: string[]): Buffer {
  const source = `aevalsrc=${talk(170, 0.4)}|${talk(230, 0.31)}:s=${rate}:d=${seconds}`;
  const args = [
    ...['-v', 'error', '-f', 'lavfi', '-i', source, '-c:a', 'libopus', ...options],
    ...['-f', 'ogg', 'pipe:1'],
  ];
  // Most dashboards of the tests are furnished with the same calls.
  return madeOnce(['ffmpeg', ...args], () => execFileSync('ffmpeg', args, { maxBuffer: 1e9 }));
}

/** The same in two mono streams, as recordings are made. */
export function apartOf(seconds: number, rate: number, ...options: string[]): Buffer {
  const bytes = opusOf(seconds, rate, '-mapping_family', '255', ...options);
  const [head] = pagesOf(bytes);
  if (!declareSides(bodyOf(head!))) throw new Error('ffmpeg wrote another head than expected');
  stamp(head!);
  return bytes;
}

/** How the version before made recordings: both sides coupled in one stream. Its bit rate was raised to at least this. */
export const coupledOf = (seconds: number, rate: 8000 | 16_000): Buffer =>
  opusOf(
    ...([seconds, rate, '-application', 'voip', '-b:a', rate === 8000 ? '24k' : '40k'] as const),
    ...['-compression_level', '5'],
  );

/** The pages of an Ogg file, which share its memory. */
export function pagesOf(bytes: Buffer): Buffer[] {
  const pages: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pages.at(-1)!.length) {
    const head = pageHead(bytes.subarray(at));
    if (head === null || head === 'none') throw new Error(`no page at byte ${at}`);
    pages.push(bytes.subarray(at, at + head.bytes));
  }
  return pages;
}

/** What a page holds. */
export const bodyOf = (page: Buffer): Buffer => page.subarray(27 + page[26]!);

/** Decoders that know nothing of each other: ffmpeg's own, libopus in ffmpeg, and opusdec. */
export const DECODERS = ['opus', 'libopus', 'opusdec'] as const;
export type Decoder = (typeof DECODERS)[number];

/** What a decoder makes of it, at 48 kHz. Throws when it has anything to complain of. */
export function heardBy(decoder: Decoder, bytes: Buffer): Sound {
  if (decoder === 'opusdec') {
    const given = ['--quiet', '--rate', '48000', '--no-dither', '-', '-'];
    const { stdout, stderr, status } = spawnSync('opusdec', given, { input: bytes, maxBuffer: 1e9 });
    if (status !== 0 || stderr.length > 0) throw new Error(`opusdec: ${stderr}`);
    // What it writes to a pipe is wav without a head.
    return {
      rate: 48_000,
      channels: channelsOf(stdout, 2, stdout.length / 4),
      seconds: stdout.length / 4 / 48_000,
    };
  }
  const args = ['-v', 'error', '-c:a', decoder, '-i', 'pipe:0', '-c:a', 'pcm_s16le', '-f', 'wav', 'pipe:1'];
  const { stdout, stderr, status } = spawnSync('ffmpeg', args, { input: bytes, maxBuffer: 1e9 });
  if (status !== 0 || stderr.length > 0) throw new Error(`${decoder}: ${stderr}`);
  return readWav(stdout);
}

export type OpusPacket = { pts: number; duration: number; size: number; hash: string };

/** The packets as ffprobe finds them, times in ms. It drops pages with a wrong checksum. */
export function packetsOf(bytes: Buffer): OpusPacket[] {
  const args = ['-v', 'error', '-show_packets', '-show_data_hash', 'md5', '-of', 'json', 'pipe:0'];
  const { stdout } = spawnSync('ffprobe', args, { input: bytes, maxBuffer: 1e9 });
  const { packets } = JSON.parse(stdout.toString()) as {
    packets: { pts_time: string; duration_time: string; size: string; data_hash: string }[];
  };
  return packets.map((p) => ({
    pts: Number(p.pts_time) * 1000,
    duration: Number(p.duration_time) * 1000,
    size: Number(p.size),
    hash: p.data_hash,
  }));
}

/** The packets of a recording, without its head and its tags. */
export function dataOf(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (const page of pagesOf(bytes).slice(2)) {
    const head = pageHead(page);
    if (head === null || head === 'none') throw new Error('no page');
    let at = head.headBytes;
    head.pieces.forEach((piece, i) => {
      open.push(page.subarray(at, at + piece));
      at += piece;
      if (head.goesOn && i === head.pieces.length - 1) return;
      packets.push(Buffer.concat(open));
      open = [];
    });
  }
  return packets;
}

/** These packets behind the head and the tags of `like`, in pages of so many pieces of up to 255 bytes, which cut them anywhere. */
export function oggOf(like: Buffer, packets: Buffer[], pieces: number): Buffer {
  const heads = pagesOf(like).slice(0, 2);
  const layout = layoutOf(bodyOf(heads[0]!))!;
  const laces: { data: Buffer; ends: bigint | null }[] = [];
  let granule = 0n;
  for (const data of packets) {
    granule += BigInt(readPacket(data, 0, data.length, layout)?.samples ?? 0);
    for (let at = 0; ; at += 255) {
      const part = data.subarray(at, at + 255);
      laces.push({ data: part, ends: part.length < 255 ? granule : null });
      if (part.length < 255) break;
    }
  }
  const out = [...heads];
  for (let at = 0, seq = 2; at < laces.length; at += pieces, seq++) {
    const mine = laces.slice(at, at + pieces);
    const head = Buffer.alloc(27 + mine.length);
    head.write('OggS');
    head[5] = (at > 0 && laces[at - 1]!.ends === null ? 1 : 0) | (at + pieces >= laces.length ? 4 : 0);
    head.writeBigInt64LE(mine.findLast((lace) => lace.ends !== null)?.ends ?? -1n, 6);
    head.writeUInt32LE(like.readUInt32LE(14), 14);
    head.writeUInt32LE(seq, 18);
    head[26] = mine.length;
    mine.forEach((lace, i) => {
      head[27 + i] = lace.data.length;
    });
    const page = Buffer.concat([head, ...mine.map((lace) => lace.data)]);
    stamp(page);
    out.push(page);
  }
  return Buffer.concat(out);
}
