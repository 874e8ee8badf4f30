import type { SoundForm } from '../domain/importing/sound-file.js';
import { COUNTED, type OpusJob, outputOptions } from './opus.js';

/** How ffmpeg is to read a recording of another recorder. */
export type Foreign = {
  form: SoundForm;
  /** Hz, of `sln`, which does not say it. */
  rate: number;
  /** A wav file whose header has a wrong length. */
  ignoreLength: boolean;
};

/** What a recording of another recorder becomes, as far as it matters to ffmpeg. */
export type AdoptJob = Omit<OpusJob, 'segments' | 'silences'> & {
  foreign: Foreign;
  /** Hz, of what is encoded: 16 kHz where this is more than 8 kHz. */
  rate: number;
  durationMs: number;
  /** `mixed`: the first channel on both sides. `swapped`: its right channel is the left one here. */
  sides: 'mixed' | 'separate' | 'swapped';
};
export type AdoptPlan = {
  job: AdoptJob;
  filter: string;
  outputOptions: string[];
  expectedMs: number;
  /** Hz */
  rate: number;
};

const PANS = { mixed: 'c0=c0|c1=c0', separate: 'c0=c0|c1=c1', swapped: 'c0=c1|c1=c0' } as const;

/**
 * Plans the stereo recording of one file that another recorder has written: the arguments for ffmpeg, nothing run. Its one input is
 * that file.
 */
export function adoptPlan(job: AdoptJob): AdoptPlan {
  const rate = job.rate > 8_000 ? 16_000 : 8_000;
  const end = Math.round((job.durationMs * rate) / 1_000);
  // A wav file that says no length may have chunks behind its audio. What is missing is not made up for: the length is compared.
  const whole = `aresample=${rate},atrim=end_sample=${end}`;
  const stereo = `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  return {
    job,
    filter: `[0:a:0]${whole},pan=stereo|${PANS[job.sides]},${stereo},${COUNTED}[recording]`,
    outputOptions: outputOptions(job, rate),
    expectedMs: job.durationMs,
    rate,
  };
}

/** The options of ffmpeg for such an input. Nothing but the pipe is opened: playlists name other files. */
export function foreignInput({ form, rate, ignoreLength }: Foreign): string[] {
  const of: Record<SoundForm, string[]> = {
    wav: ['-f', 'wav', ...(ignoreLength ? ['-ignore_length', '1'] : [])],
    ogg: ['-f', 'ogg'],
    mp3: ['-f', 'mp3'],
    gsm: ['-f', 'gsm'],
    ulaw: ['-f', 'mulaw', '-ar', '8000'],
    alaw: ['-f', 'alaw', '-ar', '8000'],
    sln: ['-f', 's16le', '-ar', String(rate)],
    g722: ['-f', 'g722'],
    g729: ['-f', 'g729'],
  };
  return ['-protocol_whitelist', 'pipe', '-vn', '-sn', '-dn', ...of[form]];
}
