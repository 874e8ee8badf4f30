import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { fail, TapedeckError } from '../domain/error.js';
import {
  LONGEST_PROMPT_MS,
  MOST_PROMPT_BYTES,
  PROMPT_RATES,
  type PromptEnding,
  SHORTEST_PROMPT_MS,
  type Speech,
} from '../domain/telling/prompt.js';
import { lengthOf, wavOf } from '../domain/telling/wav.js';
import type { Ffmpeg, FfmpegRun } from './ffmpeg.js';

/** ffmpeg takes a second; what takes so long hangs, in ms. */
const LIMIT_MS = 30_000;
/** Anything below is not heard on a telephone: the loudest sample, of 32,768. */
const AUDIBLE = 600;

export type MadePrompt = { hash: string; durationMs: number; files: Record<PromptEnding, Uint8Array> };

/** Makes prompts of what people upload. */
export function createPromptMaker({ ffmpeg }: { ffmpeg: Pick<Ffmpeg, 'prompt' | 'speech'> }) {
  const bytesOf = async (run: FfmpegRun): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    const read = async () => {
      for await (const piece of run.stdout) pieces.push(piece as Buffer);
    };
    await Promise.all([read(), run.done]);
    return Buffer.concat(pieces);
  };
  async function samples(source: Uint8Array, rate: number, level: boolean): Promise<Buffer> {
    const run = ffmpeg.prompt(Readable.from([Buffer.from(source)]), { rate, level }, LIMIT_MS);
    const all = await bytesOf(run);
    return all.subarray(0, all.length & ~1);
  }

  const made = {
    /**
     * Returns an upload at -16 LUFS, as a 16 kHz and an 8 kHz wav file. Throws `prompt_invalid` for what is no audio, is silent or
     * has the wrong length, and `ffmpeg_missing` and `encoder_away`.
     */
    async make(upload: Buffer): Promise<MadePrompt> {
      if (upload.length > MOST_PROMPT_BYTES) throw fail('prompt_invalid', `It has ${upload.length} bytes.`);
      let wide: Buffer;
      try {
        wide = await samples(upload, PROMPT_RATES.wav16, true);
      } catch (e) {
        // What ffmpeg says of a file is for whoever sent it.
        if (e instanceof TapedeckError && e.code === 'encode_failed')
          throw fail('prompt_invalid', 'It is not audio in a format that can be read.', e);
        throw e;
      }
      const wav16 = wavOf(wide, PROMPT_RATES.wav16);
      const durationMs = lengthOf(wav16, PROMPT_RATES.wav16);
      if (durationMs < SHORTEST_PROMPT_MS || durationMs > LONGEST_PROMPT_MS)
        throw fail(
          'prompt_invalid',
          durationMs > LONGEST_PROMPT_MS
            ? 'It is longer than 30 seconds.'
            : `It lasts ${(durationMs / 1_000).toFixed(1)} s.`,
        );
      if (loudest(wide) < AUDIBLE) throw fail('prompt_invalid', 'It is silent.');
      const wav = wavOf(await samples(wav16, PROMPT_RATES.wav, false), PROMPT_RATES.wav);
      return { hash: createHash('sha256').update(wav16).digest('hex'), durationMs, files: { wav16, wav } };
    },

    /** The same of words that are spoken. Throws `speech_missing` too. */
    async speak(words: Speech): Promise<MadePrompt> {
      let spoken: Buffer;
      try {
        spoken = await bytesOf(ffmpeg.speech(words, LIMIT_MS));
      } catch (e) {
        if (e instanceof TapedeckError && e.code === 'encode_failed')
          throw fail('prompt_invalid', e.detail, e);
        throw e;
      }
      return made.make(spoken);
    },
  };
  return made;
}

function loudest(samples: Buffer): number {
  let most = 0;
  for (let at = 0; at < samples.length; at += 2) most = Math.max(most, Math.abs(samples.readInt16LE(at)));
  return most;
}
