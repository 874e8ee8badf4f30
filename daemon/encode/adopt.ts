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

/** Nothing but the pipe is opened: playlists name other files and addresses. */
export const ONLY_PIPE = ['-protocol_whitelist', 'pipe', '-vn', '-sn', '-dn'];
/** Decoders of telephony and of the formats that are taken in. A wav file may name any of ffmpeg's. */
export const KNOWN_CODECS = [
  '-codec_whitelist',
  [
    'pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_mulaw,pcm_alaw,adpcm_ms,adpcm_ima_wav,g722,g729',
    'gsm,libgsm,gsm_ms,libgsm_ms,mp3,mp3float,vorbis,libvorbis,opus,libopus,speex,libspeex,flac',
  ].join(),
];

/** The options of ffmpeg for such an input. */
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
  return [...ONLY_PIPE, ...KNOWN_CODECS, ...of[form]];
}
