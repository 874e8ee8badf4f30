import { execFileSync } from 'node:child_process';
import { CALLEE_HZ, CALLER_HZ } from './originals.js';

/** Two pure tones are no speech: at 16 kHz the codec adds so much to them that 0.16 to 0.39 of the sound is each of them. */
export const FAINTEST = 0.1;

/** How loud the tone of each party is on each side of a recording, beside all else there: 1 for nothing else. A file or its content. */
export function tones(ogg: string | Uint8Array): { left: number[]; right: number[]; seconds: number } {
  const of = typeof ogg === 'string' ? ogg : 'pipe:0';
  const pcm = execFileSync(
    'ffmpeg',
    ['-v', 'fatal', '-i', of, '-f', 's16le', '-ar', '8000', '-ac', '2', 'pipe:1'],
    { maxBuffer: 1 << 26, input: typeof ogg === 'string' ? undefined : ogg },
  );
  const share = (side: number, hz: number) => {
    let [re, im, all] = [0, 0, 0];
    const frames = Math.floor(pcm.length / 4);
    for (let i = 0; i < frames; i++) {
      const x = pcm.readInt16LE(i * 4 + side * 2);
      re += x * Math.cos((2 * Math.PI * hz * i) / 8000);
      im += x * Math.sin((2 * Math.PI * hz * i) / 8000);
      all += x * x;
    }
    return all === 0 ? 0 : (2 * (re * re + im * im)) / (frames * all);
  };
  const side = (n: number) => [CALLER_HZ, CALLEE_HZ].map((hz) => share(n, hz));
  return { left: side(0), right: side(1), seconds: pcm.length / 4 / 8000 };
}
