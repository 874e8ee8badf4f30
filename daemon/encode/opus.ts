import { fail } from '../domain/error.js';
import { type Loss, lostMs, placeOf } from '../domain/recording/lost.js';

/** A stretch of captured audio: a pair of spool files that began at `offsetMs` of the call's timeline. */
export type OpusSegment = {
  offsetMs: number;
  /** Absolute paths of mono wav files; null for a side that was not captured, which becomes silence. */
  inFile: string | null;
  outFile: string | null;
  /** Hz */
  rate: number;
  /** What each file holds, in ms of audio; 0 for a missing one. Audio past it is not used. */
  inMs: number;
  outMs: number;
  /** Time that a file lacks: silence stands for it. */
  inLost?: readonly Loss[];
  outLost?: readonly Loss[];
};

/** What is to be silent in the recording, whatever was captured: ms on the timeline. */
export type Silence = { side: 'them' | 'us' | 'both'; fromMs: number; untilMs: number };

/** What a recording is made from, as far as it matters to ffmpeg. */
export type OpusJob = {
  segments: OpusSegment[];
  silences?: readonly Silence[];
  tags: { title: string; date: string; callId: string };
  bitrate: number;
  complexity: number;
};

export type OpusPlan = {
  /** What was planned: whoever has this makes the same plan again. */
  job: OpusJob;
  inputs: string[];
  /** A filter_complex graph whose result is [recording]. */
  filter: string;
  outputOptions: string[];
  /** How long the recording has to be. */
  expectedMs: number;
  /** Hz */
  rate: number;
  /** Captured time that is left out because an earlier segment covers it already. */
  overlapMs: number;
};

/**
 * Bits a second for both sides together below which libopus narrows 16 kHz to the band of 8 kHz. It counts what is given to
 * complexity 0 and 1 as a fifth less (libopus 1.5, voip, measured in steps of 2000).
 */
const widebandFloor = (complexity: number): number => (complexity < 2 ? 26_000 : 20_000);

/**
 * Plans the stereo recording of a call: the arguments for ffmpeg, nothing run. Left is what the anchor party said ("in"),
 * right what it heard ("out"). Time 0 is the timeline's; what was not captured is digital silence. Where two segments
 * cover the same time the earlier one is taken. Each side becomes a mono stream of its own (mapping family 255 has ffmpeg
 * couple nothing), because a coupled stream lets each side be heard on the other, 10 dB down with tones. `bitrate` is in bits
 * a second for both sides together and is raised to what wideband needs; `complexity` is libopus's, 0-10. The recording is
 * wideband (16 kHz) if any segment is, else 8 kHz. `silences` are zeros from their first sample to their last, before libopus hears
 * anything of it. Throws spool_unreadable when no segment holds any audio.
 */
export function opusPlan(job: OpusJob): OpusPlan {
  const { segments, silences = [] } = job;
  const rate = segments.some((segment) => segment.rate > 8000) ? 16000 : 8000;
  const samples = (ms: number) => Math.round((ms * rate) / 1000);
  const inputs: string[] = [];
  const chains: string[] = [];
  const parts: string[] = [];
  let cursor = 0;
  let overlap = 0;

  function part(chain: string): void {
    const label = `[part${parts.length}]`;
    chains.push(`${chain},${stereo}${label}`);
    parts.push(label);
  }

  /** One side, of exactly `length` samples. */
  function side(
    file: string | null,
    ms: number,
    lost: readonly Loss[],
    skip: number,
    length: number,
    label: string,
  ): void {
    if (!file || samples(ms + lostMs(lost)) <= skip) {
      chains.push(`anullsrc=r=${rate}:cl=mono,atrim=end_sample=${length},${mono}${label}`);
      return;
    }
    const input = inputs.push(file) - 1;
    // First no more than the file is said to hold, then silence up to the longer side: join stops at the shorter one.
    const whole = spread(
      `[${input}:a]aresample=${rate},${mono},atrim=end_sample=${samples(ms)}`,
      lost,
      label,
    );
    const cut = `atrim=start_sample=${skip},asetpts=PTS-STARTPTS`;
    chains.push(`${whole},${cut},apad,atrim=end_sample=${length},${mono}${label}`);
  }

  /** A file with silence where time is missing: a piece of it, silence behind that, the next piece. */
  function spread(chain: string, lost: readonly Loss[], label: string): string {
    if (lost.length === 0) return chain;
    const name = label.slice(1, -1);
    const pieces = [...lost.keys(), lost.length].map((i) => `[${name}piece${i}]`);
    const places = lost.map((loss) => samples(placeOf(loss)));
    chains.push(`${chain},asegment=samples=${places.join('|')}${pieces.join('')}`);
    const padded = lost.map((loss, i) => {
      chains.push(`${pieces[i]}apad=pad_len=${samples(loss.ms)}[${name}padded${i}]`);
      return `[${name}padded${i}]`;
    });
    return `${[...padded, pieces.at(-1)].join('')}concat=n=${pieces.length}:v=0:a=1,${mono}`;
  }

  const mono = monoAt(rate);
  const stereo = `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  const ordered = [...segments].sort((a, b) => a.offsetMs - b.offsetMs);
  for (const { offsetMs, inFile, outFile, inMs, outMs, inLost = [], outLost = [] } of ordered) {
    const start = samples(Math.max(0, offsetMs));
    const lasts = (file: string | null, ms: number, lost: readonly Loss[]) => (file ? ms + lostMs(lost) : 0);
    const end = start + samples(Math.max(lasts(inFile, inMs, inLost), lasts(outFile, outMs, outLost)));
    const skip = Math.max(0, Math.min(cursor, end) - start);
    overlap += skip;
    if (end <= cursor || end === start) continue;
    // adelay would do for one segment; silence of an exact number of samples does for any number of them.
    if (start > cursor) part(`anullsrc=r=${rate}:cl=stereo,atrim=end_sample=${start - cursor}`);
    const n = parts.length;
    const length = end - start - skip;
    side(inFile, inMs, inLost, skip, length, `[in${n}]`);
    side(outFile, outMs, outLost, skip, length, `[out${n}]`);
    part(`[in${n}][out${n}]join=inputs=2:channel_layout=stereo:map=0.0-FL|1.0-FR`);
    cursor = end;
  }
  if (!parts.length) throw fail('spool_unreadable', 'No segment of this call holds any audio.');
  const whole = `${parts.join('')}concat=n=${parts.length}:v=0:a=1`;
  chains.push(...silenced(whole, silences, rate, cursor));

  return {
    job,
    inputs,
    filter: chains.join(';'),
    outputOptions: outputOptions(job, rate),
    expectedMs: (cursor * 1000) / rate,
    rate,
    overlapMs: (overlap * 1000) / rate,
  };
}

/** What a redaction makes of a recording, as far as it matters to ffmpeg. */
export type RecodeJob = Omit<OpusJob, 'segments' | 'silences'> & {
  durationMs: number;
  /** Hz, of what was encoded. */
  rate: number;
  silences: readonly Silence[];
};
export type RecodePlan = Pick<OpusPlan, 'filter' | 'outputOptions' | 'expectedMs' | 'rate'> & {
  job: RecodeJob;
};

/**
 * Plans the same recording with silences: the arguments for ffmpeg, whose one input is the Ogg Opus of before. A silence to the
 * end goes on to the last sample.
 */
export function recodePlan(job: RecodeJob): RecodePlan {
  const { durationMs, silences } = job;
  const rate = job.rate > 8_000 ? 16_000 : 8_000;
  const whole = `[0:a]aresample=${rate},aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  return {
    job,
    filter: silenced(whole, silences, rate, Math.round((durationMs * rate) / 1000)).join(';'),
    outputOptions: outputOptions(job, rate),
    expectedMs: durationMs,
    rate,
  };
}

/** How sound that comes as samples is encoded. `rate` is in Hz. */
export type SoundForm = Pick<OpusJob, 'tags' | 'bitrate' | 'complexity'> & { rate: number };
export type SoundPlan = Pick<OpusPlan, 'filter' | 'outputOptions'> & { form: SoundForm };

/**
 * Plans the same recording of what is 16-bit stereo at its rate already: the arguments for ffmpeg, whose one input that is. libopus
 * gives the same bytes for 16 bits as for floating point.
 */
export const soundPlan = (form: SoundForm): SoundPlan => ({
  form,
  filter: `[0:a]aformat=sample_fmts=s16:sample_rates=${form.rate}:channel_layouts=stereo,${COUNTED}[recording]`,
  outputOptions: outputOptions(form, form.rate),
});

/**
 * Time as it is counted by samples. Pieces that were cut and put together keep times of their own, from which the pages of the file
 * would tell a player other places and lengths than they have.
 */
export const COUNTED = 'asetpts=round(N/SR/TB)';

/** A side as a stream of its own. */
const monoAt = (rate: number) => `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=mono`;

/** The options of ffmpeg for the recording of a job, at 8 or 16 kHz. */
export const outputOptions = (
  { tags, bitrate, complexity }: Omit<OpusJob, 'segments' | 'silences'>,
  rate: number,
): string[] => [
  ...['-map', '[recording]', '-map_metadata', '-1'],
  ...['-metadata', `title=${plainText(tags.title)}`],
  ...['-metadata', `date=${plainText(tags.date)}`],
  ...['-metadata', `TAPEDECK_CALL=${plainText(tags.callId)}`],
  ...['-c:a', 'libopus', '-mapping_family', '255', '-application', 'voip'],
  ...['-b:a', String(rate === 16_000 ? Math.max(bitrate, widebandFloor(complexity)) : bitrate)],
  ...['-compression_level', String(complexity), '-f', 'ogg'],
];

/** More pieces than this make a graph that ffmpeg takes long for. */
const MOST_SILENCES = 500;

/** The chains from a stereo stream of `length` samples to [recording]: each side is cut at exact samples, and pieces become zeros. */
function silenced(whole: string, silences: readonly Silence[], rate: number, length: number): string[] {
  const sides = {
    them: silentSpans(silences, 'them', rate, length),
    us: silentSpans(silences, 'us', rate, length),
  };
  if (sides.them.length + sides.us.length === 0) return [`${whole},${COUNTED}[recording]`];
  return [
    `${whole},channelsplit=channel_layout=stereo[splitthem][splitus]`,
    ...zeroed('them', sides.them, rate, length),
    ...zeroed('us', sides.us, rate, length),
    `[themsilenced][ussilenced]join=inputs=2:channel_layout=stereo:map=0.0-FL|1.0-FR,${COUNTED}[recording]`,
  ];
}

type Span = { from: number; to: number };

/** Where a side is silenced, in samples of a stream of `length`: in order, without overlaps. */
export function silentSpans(
  silences: readonly Silence[],
  who: 'them' | 'us',
  rate: number,
  length: number,
): Span[] {
  const samples = (ms: number) => Math.min(length, Math.max(0, Math.round((ms * rate) / 1000)));
  const own = silences.filter(({ side }) => side === who || side === 'both');
  return fewer(
    joinedSpans(own.map(({ fromMs, untilMs }) => ({ from: samples(fromMs), to: samples(untilMs) }))),
  );
}

function zeroed(name: 'them' | 'us', spans: readonly Span[], rate: number, length: number): string[] {
  const mono = monoAt(rate);
  const cuts = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].filter((n) => n > 0 && n < length);
  const silent = (from: number) => spans.some((s) => s.from <= from && from < s.to);
  if (cuts.length === 0) return [`[split${name}]${silent(0) ? 'volume=0,' : ''}${mono}[${name}silenced]`];
  const pieces = [0, ...cuts].map((from, i) => ({ from, label: `[${name}cut${i}]` }));
  const made = pieces.map(({ from, label }) => (silent(from) ? label.replace('cut', 'zero') : label));
  return [
    `[split${name}]${mono},asegment=samples=${cuts.join('|')}${pieces.map((p) => p.label).join('')}`,
    ...pieces.flatMap(({ label }, i) => (made[i] === label ? [] : [`${label}volume=0${made[i]}`])),
    `${made.join('')}concat=n=${made.length}:v=0:a=1,${mono}[${name}silenced]`,
  ];
}

/** In order, without overlaps. */
function joinedSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const { from, to } of spans.filter((s) => s.to > s.from).toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** Of too many, neighbours are put together, with what lies between them. */
function fewer(spans: Span[]): Span[] {
  if (spans.length <= MOST_SILENCES) return spans;
  return fewer(
    spans.flatMap((span, i) => (i % 2 === 1 ? [] : [{ from: span.from, to: (spans[i + 1] ?? span).to }])),
  );
}

/** An argument cannot hold NUL; a title needs no more than 500 characters. */
function plainText(text: string): string {
  return text.replaceAll('\0', '').slice(0, 500);
}
