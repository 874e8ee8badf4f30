import { execFileSync, spawnSync } from 'node:child_process';
import { readWav, type Sound } from './audio.js';

/** Two who talk at once, each with pauses: what an encoder for speech finds something to do with. */
const talk = (pitch: number, pace: number) =>
  `(0.28*sin(2*PI*${pitch}*t+3*sin(2*PI*2.3*t))+0.2*sin(2*PI*${pitch * 3}*t)+0.05*(random(0)-0.5))*max(0\\,sin(2*PI*${pace}*t))`;

/** An Ogg Opus file of two voices, as ffmpeg makes it with these options. */
export function opusOf(seconds: number, rate: number, ...options: string[]): Buffer {
  const source = `aevalsrc=${talk(170, 0.4)}|${talk(230, 0.31)}:s=${rate}:d=${seconds}`;
  return execFileSync(
    'ffmpeg',
    ['-v', 'error', '-f', 'lavfi', '-i', source, '-c:a', 'libopus', ...options, '-f', 'ogg', 'pipe:1'],
    { maxBuffer: 1e9 },
  );
}

/** What a decoder makes of it, at 48 kHz. Two that know nothing of each other: ffmpeg's own, and libopus. */
export function heardBy(decoder: 'opus' | 'libopus', bytes: Buffer): Sound {
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
