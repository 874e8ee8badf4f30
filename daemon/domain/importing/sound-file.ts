import { latin1 } from './bytes.js';

/**
 * What kind of audio a file holds, and how much: told by its first bytes, by its ending where the format has no header, and by its
 * size. Nothing is decoded here.
 */

/** How ffmpeg is told to read it; `wav` has its codec in its header. */
export const soundForms = ['wav', 'ogg', 'mp3', 'gsm', 'ulaw', 'alaw', 'sln', 'g722', 'g729'] as const;
export type SoundForm = (typeof soundForms)[number];

export type SoundFile = {
  form: SoundForm;
  /** For people, such as `wav49` or `ulaw`. */
  name: string;
  /** Hz and channels; null where only decoding tells. */
  rate: number | null;
  channels: number | null;
  /** What it holds, in ms; null where only decoding tells. */
  durationMs: number | null;
  /** The length in its header is not that of the audio: what there is counts. */
  ignoreLength: boolean;
  /** Its header promises more than there is. */
  truncated: boolean;
  /** Where 16-bit PCM begins and ends in it, in bytes; null for every other codec. */
  pcm: { from: number; until: number } | null;
};

/** Why a file is not read: nothing in it, a header alone, or no audio that is known. */
export type NoSound = 'empty' | 'header_only' | 'no_audio' | 'unknown_codec' | 'many_channels';

/** So many of a file's first bytes are looked at. */
export const HEAD_BYTES = 64 << 10;

/** Endings of what other recorders write, lower case; a folder has other files too. */
const ENDINGS =
  /\.(wav|wave|wav49|gsm|ulaw|ul|mu|pcm|alaw|al|sln(\d{1,3})?|raw|g722|g729|mp3|ogg|oga|opus)$/i;

/** Whether a name is one of an audio file. */
export const isSoundName = (name: string): boolean => ENDINGS.test(name);

/** Formats without a header: bytes a frame, ms a frame, Hz. */
const RAW: Record<string, { form: SoundForm; bytes: number; ms: number; rate: number }> = {
  gsm: { form: 'gsm', bytes: 33, ms: 20, rate: 8_000 },
  ulaw: { form: 'ulaw', bytes: 8, ms: 1, rate: 8_000 },
  alaw: { form: 'alaw', bytes: 8, ms: 1, rate: 8_000 },
  g722: { form: 'g722', bytes: 8, ms: 1, rate: 16_000 },
  g729: { form: 'g729', bytes: 10, ms: 10, rate: 8_000 },
};
/** Asterisk's other endings for the same (format_pcm.c). */
const SAME: Record<string, string> = { ul: 'ulaw', mu: 'ulaw', pcm: 'ulaw', al: 'alaw', raw: 'sln' };
/** `sln16`: thousands of samples a second. */
const SLN = /^sln(12|16|24|32|44|48|96|192)?$/;

/** Returns what a file of this size holds that begins with `head`, or why it is not read. */
export function readSoundFile(name: string, head: Uint8Array, size: number): SoundFile | NoSound {
  if (size === 0) return 'empty';
  const four = latin1(head, 0, 4);
  if (four === 'RIFF' && latin1(head, 8, 12) === 'WAVE') return readWav(head, size);
  if (four === 'OggS') return coded('ogg', 'ogg');
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (four.startsWith('ID3') || (ending === 'mp3' && head[0] === 0xff && (head[1]! & 0xe0) === 0xe0))
    return coded('mp3', 'mp3');
  const raw = SAME[ending] ?? ending;
  const sln = SLN.exec(raw);
  if (sln) return pcm(Number(sln[1] ?? 8) === 44 ? 44_100 : Number(sln[1] ?? 8) * 1_000, raw, size);
  const known = RAW[raw];
  if (!known) return 'no_audio';
  const frames = Math.floor(size / known.bytes);
  if (frames === 0) return 'header_only';
  return {
    ...{ form: known.form, name: raw, rate: known.rate, channels: 1, durationMs: frames * known.ms },
    ...{ ignoreLength: false, truncated: false, pcm: null },
  };
}

const coded = (form: SoundForm, name: string): SoundFile => ({
  ...{ form, name, rate: null, channels: null, durationMs: null },
  ...{ ignoreLength: false, truncated: false, pcm: null },
});

function pcm(rate: number, name: string, size: number): SoundFile | NoSound {
  const samples = Math.floor(size / 2);
  if (samples === 0) return 'header_only';
  return {
    ...{ form: 'sln', name, rate, channels: 1, durationMs: (samples * 1_000) / rate },
    ...{ ignoreLength: false, truncated: false, pcm: { from: 0, until: samples * 2 } },
  };
}

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const GSM = 0x31;
/** What stands in a wav file besides PCM and GSM, by the number of its codec. */
const CODECS: Record<number, string> = { 3: 'float', 6: 'alaw', 7: 'ulaw', 17: 'ima-adpcm', 85: 'mp3' };
const MOST_CHUNKS = 200;

/** Reads a wav header: `.wav` of Asterisk is PCM, `.WAV` and `.wav49` GSM in a wav file. */
function readWav(head: Uint8Array, size: number): SoundFile | NoSound {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let format: { tag: number; channels: number; rate: number; block: number; bits: number } | null = null;
  for (let at = 12, n = 0; n < MOST_CHUNKS && at + 8 <= head.length; n++) {
    const id = latin1(head, at, at + 4);
    const length = view.getUint32(at + 4, true);
    const from = at + 8;
    if (id === 'data') return format ? wavOf(format, from, length, size) : 'no_audio';
    if (id === 'fmt ' && from + 16 <= head.length) {
      const tag = view.getUint16(from, true);
      const real = tag === EXTENSIBLE && from + 26 <= head.length ? view.getUint16(from + 24, true) : tag;
      format = {
        ...{ tag: real, channels: view.getUint16(from + 2, true), rate: view.getUint32(from + 4, true) },
        ...{ block: view.getUint16(from + 12, true), bits: view.getUint16(from + 14, true) },
      };
    }
    at = from + length + (length & 1);
  }
  return size <= head.length ? 'header_only' : 'no_audio';
}

function wavOf(
  format: { tag: number; channels: number; rate: number; block: number; bits: number },
  from: number,
  said: number,
  size: number,
): SoundFile | NoSound {
  const { tag, channels, rate, block, bits } = format;
  if (channels < 1 || rate < 4_000 || rate > 192_000) return 'no_audio';
  if (channels > 2) return 'many_channels';
  const there = Math.max(0, size - from);
  // Asterisk writes the length when it closes a file: one that was cut off says 0, others 0xFFFFFFFF.
  const open = said === 0 || said >= 0xffff_ff00;
  const truncated = !open && said > there;
  const bytes = open || truncated ? there : said;
  const common = { form: 'wav' as const, rate, channels, ignoreLength: open || truncated, truncated };
  if (tag === PCM) {
    const frame = channels * (bits / 8);
    if (![8, 16, 24, 32].includes(bits)) return 'unknown_codec';
    const frames = Math.floor(bytes / frame);
    if (frames === 0) return 'header_only';
    return {
      ...common,
      ...{ name: 'wav', durationMs: (frames * 1_000) / rate },
      pcm: bits === 16 ? { from, until: from + frames * frame } : null,
    };
  }
  if (tag === GSM) {
    // Two frames of GSM, 320 samples, in 65 bytes.
    const blocks = Math.floor(bytes / 65);
    if (channels !== 1) return 'unknown_codec';
    if (blocks === 0) return 'header_only';
    return { ...common, name: 'wav49', durationMs: (blocks * 320_000) / rate, pcm: null };
  }
  const codec = CODECS[tag];
  if (codec === undefined) return 'unknown_codec';
  if (bytes === 0) return 'header_only';
  const byByte = codec === 'ulaw' || codec === 'alaw';
  const durationMs = byByte && block > 0 ? (Math.floor(bytes / channels) * 1_000) / rate : null;
  return { ...common, name: `wav (${codec})`, durationMs, pcm: null };
}
