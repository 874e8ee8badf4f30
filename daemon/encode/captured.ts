import { diskError, isDiskError, TapedeckError } from '../domain/error.js';
import { because, type Why } from '../domain/reason/reason.js';
import type { Stretch } from '../domain/recording/gaps.js';
import { inFile, type Loss, lostMs, onTimeline } from '../domain/recording/lost.js';
import { type Segment, type SegmentName, spoolName } from '../domain/recording/recording.js';
import type { OpusSegment } from './opus.js';
import { readWavHeader, soundBetween, soundMs } from './wav.js';

/**
 * Where captured files are. `fetch` throws when one is nowhere, `here` gives null when it is not on this machine;
 * `release` closes it, and removes a copy that was made for it. `shown` is its name for people.
 */
export type CapturedFiles = {
  fetch(name: string): Promise<{
    path: string;
    shown: string;
    copied?: boolean;
    release: () => Promise<void>;
  }>;
  here(name: string): Promise<{ path: string; shown: string; release: () => Promise<void> } | null>;
};
type Fetching = Pick<CapturedFiles, 'fetch'>;

/** A segment as its spool files have it. */
export type Captured = {
  segment: Segment;
  part: OpusSegment;
  stretch: Stretch;
  /** Asterisk did not come to close a file: it died, or was stopped. */
  cut: boolean;
  /** What is wrong with a file. */
  faults: Why[];
  /** Names of the files that can be used. */
  sound: string[];
  release: () => Promise<void>;
};

type Side = {
  name: string;
  path: string | null;
  rate: number;
  ms: number;
  fault: Why | null;
  cut: boolean;
  copied: boolean;
  release: () => Promise<void>;
};

/**
 * Reads what was captured of a segment. A file that is missing or no audio is a fault, not an error. Throws when the PBX
 * that has it cannot be asked now.
 */
export async function readCaptured(files: Fetching, segment: Segment, answeredAt: number): Promise<Captured> {
  const read = (side: 'in' | 'out') => {
    const who = (side === 'in') === segment.swapped ? 'out' : 'in';
    return readSide(files, spoolName(segment, side), who);
  };
  const reading = [read('in'), read('out')] as const;
  const [own, heard] = await Promise.all(reading).catch(async (e) => {
    for (const r of await Promise.allSettled(reading)) if (r.status === 'fulfilled') await r.value.release();
    throw e;
  });
  const began = [segment.inStartedAt, segment.outStartedAt].filter((at) => at !== null);
  const offsetMs = began.length > 0 ? Math.max(0, Math.min(...began) - answeredAt) : 0;
  const { mutedFrom, swapped } = segment;
  const lost = segment.lost ?? { in: [], out: [] };
  const voice = { ...own, ...untilMute(own, segment.inStartedAt, mutedFrom.in, lost.in) };
  const ear = { ...heard, ...untilMute(heard, segment.outStartedAt, mutedFrom.out, lost.out) };
  const [them, us] = swapped ? [ear, voice] : [voice, ear];
  return {
    segment,
    part: {
      offsetMs,
      inFile: them.path,
      outFile: us.path,
      rate: Math.max(them.rate, us.rate),
      inMs: them.ms,
      outMs: us.ms,
      inLost: them.lost,
      outLost: us.lost,
    },
    stretch: {
      atMs: offsetMs,
      themMs: them.soundMs,
      usMs: us.soundMs,
      because: segment.because,
      themFault: them.flaw,
      usFault: us.flaw,
      themLost: them.lost,
      usLost: us.lost,
      ended: own.copied || heard.copied ? UNSEEN : null,
    },
    cut: them.cut || us.cut,
    faults: [them, us].flatMap((s) => s.fault ?? []),
    sound: [them, us].filter((s) => s.fault === null).map((s) => s.name),
    release: async () => {
      await them.release();
      await us.release();
    },
  };
}

/** Of a file that was fetched from the PBX nobody saw when it grew. */
const UNSEEN = because('place_unknown');

/**
 * How much of the timeline a file covers with sound, what is missing in that, and what is wrong: after a mute began it is
 * silence that was not there.
 */
function untilMute(
  { ms, fault }: Side,
  startedAt: number | null,
  mutedFrom: number | null,
  losses: readonly Loss[],
): { soundMs: number; flaw: Why | null; lost: readonly Loss[] } {
  const lost = fault === null ? losses : [];
  if (startedAt === null || mutedFrom === null) return { soundMs: ms + lostMs(lost), flaw: fault, lost };
  // The place of a mute is one in the file.
  const soundMs = Math.min(ms, Math.max(0, mutedFrom - startedAt));
  return { soundMs: onTimeline(soundMs, lost), flaw: fault ?? because('muted'), lost };
}

/** Exact silence to the end of a file that counts as missing if it lasts this long (ms), and the reason. */
type Tail = { least: number; fault: Why };
/** No pause of a person's lasts so long without any noise. */
const UNWATCHED: Tail = { least: 500, fault: because('source_changed_unwatched') };
/** A shorter one may be a hold, or a phone that sends nothing in its pauses. */
const MUTED: Tail = { least: 5_000, fault: because('muted') };

/**
 * Returns the segments of a call, in their order, with the silence at the end of a file counted as missing where the source
 * changed during a monitoring gap, and on a side that was mute in another segment of the same source. Throws as
 * `readWavHeader` does.
 */
export async function withoutTails(segments: readonly Captured[]): Promise<Captured[]> {
  return Promise.all(
    segments.map(async (one, i) => {
      const { part, stretch, segment } = one;
      const unwatched = segments[i + 1]?.segment.because?.code === 'source_changed_unwatched';
      const tailOf = (side: 'in' | 'out') =>
        unwatched ? UNWATCHED : segments.some((s) => wasMute(s.segment, segment, side)) ? MUTED : null;
      const { swapped } = segment;
      const ofThem = stretch.themFault ? null : tailOf(swapped ? 'out' : 'in');
      const ofUs = stretch.usFault ? null : tailOf(swapped ? 'in' : 'out');
      const themMs = await cut(part.inFile, part.inMs, ofThem, part.inLost);
      const usMs = await cut(part.outFile, part.outMs, ofUs, part.outLost);
      return {
        ...one,
        stretch: {
          ...stretch,
          ...(themMs !== null && { themMs, themFault: ofThem!.fault }),
          ...(usMs !== null && { usMs, usFault: ofUs!.fault }),
        },
      };
    }),
  );
}

/** Whether a side was mute in a segment and has the same source in another: the leg's own voice, or who feeds what it hears. */
const wasMute = (muted: Segment, other: Segment, side: 'in' | 'out'): boolean =>
  muted.mutedFrom[side] !== null &&
  muted.legId === other.legId &&
  (side === 'in' || (muted.fed !== '' && muted.fed === other.fed));

/** How much of this stretch of the timeline these segments have written as anything but silence, in ms: of the louder side. */
export async function writtenWithin(
  segments: readonly Captured[],
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): Promise<number> {
  let ms = 0;
  for (const { part } of segments) {
    const of = async (path: string | null, lost: readonly Loss[] = []) => {
      const at = (place: number) => inFile(Math.max(0, place - part.offsetMs), lost);
      return path === null ? 0 : soundBetween(path, at(fromMs), at(untilMs));
    };
    ms += Math.max(await of(part.inFile, part.inLost), await of(part.outFile, part.outLost));
  }
  return ms;
}

/** How much of the timeline a file covers until only silence comes, in ms; null when no such tail ends it. */
async function cut(
  path: string | null,
  ms: number,
  tail: Tail | null,
  lost: readonly Loss[] = [],
): Promise<number | null> {
  if (path === null || tail === null) return null;
  const until = await soundMs(path);
  return ms - until < tail.least ? null : onTimeline(until, lost);
}

/** Whether this captured file can be used as audio. */
export async function isAudio(files: Fetching, name: string, side: 'in' | 'out'): Promise<boolean> {
  const { fault, release } = await readSide(files, name, side);
  await release();
  return fault === null;
}

/**
 * How long the longer file of a segment is, in ms, and whether Asterisk came to close what there is; null when neither can
 * be read.
 */
export async function spoolAudio(
  files: Pick<CapturedFiles, 'here'>,
  segment: SegmentName,
): Promise<{ ms: number; closed: boolean } | null> {
  const header = async (name: string) => {
    const file = await files.here(name);
    return file && (await readWavHeader(file.path).finally(file.release));
  };
  const names = [spoolName(segment, 'in'), spoolName(segment, 'out')];
  const headers = await Promise.all(names.map((name) => header(name).catch(() => null)));
  const read = headers.filter((h) => h !== null);
  if (read.length === 0) return null;
  return { ms: Math.max(...read.map((h) => h.durationMs)), closed: read.every((h) => !h.headerLies) };
}

async function readSide(files: Fetching, name: string, side: 'in' | 'out'): Promise<Side> {
  let release = async () => {};
  try {
    const fetched = await files.fetch(name);
    release = fetched.release;
    const header = await readWavHeader(fetched.path, fetched.shown);
    const { rate, durationMs: ms, headerLies: cut } = header;
    return { name, path: fetched.path, rate, ms, fault: null, cut, copied: fetched.copied ?? false, release };
  } catch (e) {
    await release();
    if (isPassing(e)) throw e;
    const detail = e instanceof TapedeckError ? e.detail : (e as Error).message;
    return {
      name,
      path: null,
      rate: 8000,
      ms: 0,
      cut: false,
      copied: false,
      fault: because('file_missing', { side: side === 'in' ? 'them' : 'us', detail }),
      release: async () => {},
    };
  }
}

/**
 * Not the file's own fault, so it may be read later: it lacks rights, the PBX that has it does not answer, or there is no
 * room here for a copy.
 */
function isPassing(e: unknown): boolean {
  if (!(e instanceof TapedeckError) || e.code !== 'spool_unreadable') return true;
  return isDiskError(diskError(e.cause));
}
