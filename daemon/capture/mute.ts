import type { FileHandle } from 'node:fs/promises';
import { type CallId, type SegmentName, spoolName } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Hears the mute trap: on some builds of Asterisk a snooped direction becomes digital silence when its source changes to a
 * stream of lower sequence numbers, while the phones go on hearing each other. What gives it away is exact zero, which no
 * line and hardly a phone sends. Read from the spool files as they grow: Asterisk writes 32 KB at a time, so that a mute
 * is seen some seconds after it began.
 */
export type Captured = SegmentName & {
  /** Who feeds it, see `feedOf`; empty while nobody is connected. */
  feed: string;
  /** Somebody is on hold: a side may be silent with good reason. */
  held: boolean;
  /** Since when its sound is masked, ms since 1970: since the PBX had said so for both sides. Null while it is heard. */
  maskedSince: number | null;
  /** Whether a prompt is being played: its listeners are silent. */
  told?: boolean;
  inStartedAt: number;
  outStartedAt: number;
};

export type MuteDeps = {
  captures: () => Captured[];
  /** Bytes of a spool file, at least; null when it is not to be seen from here. */
  size: (name: string) => Promise<number | null>;
  /** Opens a spool file; null when it is not there or not to be read. */
  open: (name: string) => Promise<FileHandle | null>;
  /** Whether this PBX is known to have the fault. */
  known: () => boolean;
  /** Wants a segment to be begun anew. */
  heal: (callId: CallId, seq: number) => void;
  /** That brought sound back at once: so that side of that segment was mute, and not the phone silent. */
  cured: (callId: CallId, seq: number, side: 'in' | 'out', mutedFrom: number) => void;
  log: Log;
};

type Side = 'in' | 'out';
type Ear = {
  at: number;
  bytesPerMs: number;
  zeroFrom: number | null;
  firstSound: number | null;
  /** Where the newest sound is that was read, as a byte of the file. */
  lastSound: number;
  /** The mask (its `maskedSince`) in which sound was found. */
  soundIn: number | null;
  /** Silence that is read before this time (ms, monotonic) is that of a mask. */
  maskedUntil: number;
};
/**
 * What is remembered of a call's side beyond one segment. `tried` counts the cures in vain for one and the same source;
 * the next is not before `notBefore` (ms, monotonic).
 */
type Memory = {
  heard: boolean;
  feed: string;
  tried: number;
  notBefore: number;
  /** The segment that a cure has begun with sound; null once it is known whether that lasts. */
  cured: number | null;
  /** The cure whose outcome is not known yet: `zeroFrom` is where in the old file the silence begins. */
  trial: { seq: number; name: string; from: number; zeroFrom: number } | null;
};

const EVERY = 1_000;
/**
 * Exact zero for so long may be a mute, in ms: most pauses of a phone that sends nothing in them are shorter, and a cure that
 * was not needed costs a syllable.
 */
const ZERO = { known: 5_000, unknown: 10_000 };
/** Sound so soon after a cure is the cure's doing, in ms. */
const AT_ONCE = 200;
/**
 * Sound that ends sooner after a cure did not last, in ms. A jitter buffer does that on the builds with the fault: the packets
 * that it makes up for lost ones have no sequence number, and all that follow count as late.
 */
const LASTING = 5_000;
/** A cure in vain costs a seam: the next for that source comes this much later, twice as much after each, in ms. */
const PATIENCE = 20_000;
/** On a PBX that is not known to have the fault, cures in vain after which it is believed to have none. */
const IN_VAIN = 3;
/** Asterisk writes 2 s of 8 kHz at a time, and is looked at every second: the silence of a mask is read this much later, in ms. */
const LATE = 3_500;
/** Sound so soon after a mask began is that of before: two frames, and what a file's beginning is off, in ms. */
const EDGE = 250;
const HEADER = 44;

export function createMuteWatch(deps: MuteDeps) {
  const ears = new Map<string, Ear>();
  const memories = new Map<string, Memory>();
  let learned = false;
  let inVain = 0;

  async function look(): Promise<void> {
    const now = deps.captures();
    const names = new Set(now.flatMap((c) => [spoolName(c, 'in'), spoolName(c, 'out')]));
    for (const name of ears.keys()) if (!names.has(name)) ears.delete(name);
    const calls = new Set(now.flatMap((c) => [`${c.callId} in`, `${c.callId} out`]));
    for (const key of memories.keys()) if (!calls.has(key)) memories.delete(key);
    for (const c of now) await Promise.all([listen(c, 'in'), listen(c, 'out')]);
  }

  async function listen(c: Captured, side: Side): Promise<void> {
    const name = spoolName(c, side);
    const ear = ears.get(name) ?? newEar();
    ears.set(name, ear);
    const masked = c.maskedSince !== null;
    if (masked) ear.maskedUntil = performance.now() + LATE;
    if (((await deps.size(name)) ?? 0) <= ear.at) return;
    if (!(await hear(await deps.open(name), ear))) return;
    if (masked) checkMask(c, side, ear, c.maskedSince!);
    // Silence counts from the end of the prompt on.
    if (c.told) ear.zeroFrom = null;
    const memory = memories.get(`${c.callId} ${side}`) ?? {
      heard: false,
      feed: c.feed,
      tried: 0,
      notBefore: 0,
      cured: null,
      trial: null,
    };
    memories.set(`${c.callId} ${side}`, memory);
    if (memory.feed !== c.feed && c.feed !== '')
      Object.assign(memory, { feed: c.feed, tried: 0, notBefore: 0, cured: null, heard: true });
    if (ear.firstSound !== null) memory.heard = true;
    // The silence is ours, and a cure would be a seam in it; of one that is on trial nothing can be said.
    if (performance.now() < ear.maskedUntil) {
      ear.zeroFrom = null;
      memory.trial = null;
      return;
    }
    if (memory.trial && memory.trial.seq !== c.seq) await outcome(c, side, ear, memory, memory.trial);
    if (ear.zeroFrom !== null) judge(c, side, ear, memory, ear.zeroFrom);
  }

  /**
   * A mask is only what is written: the PBX does not tell whether it mutes. Logged once for each mask of a side, and no alarm: the
   * seal silences it, and `recordings/preserve/masks` then says how much there was.
   */
  function checkMask(c: Captured, side: Side, ear: Ear, since: number): void {
    const began = side === 'in' ? c.inStartedAt : c.outStartedAt;
    const from = HEADER + (since + EDGE - began) * ear.bytesPerMs;
    if (ear.soundIn === since || ear.lastSound < from) return;
    ear.soundIn = since;
    deps.log.warn(
      { call: c.callId, seq: c.seq, side },
      'The PBX writes sound into a masked capture; it is silenced before sealing',
    );
  }

  function judge(c: Captured, side: Side, ear: Ear, memory: Memory, zeroFrom: number): void {
    const silentMs = (ear.at - zeroFrom) / ear.bytesPerMs;
    const known = deps.known() || learned;
    if (
      silentMs < ZERO[known ? 'known' : 'unknown'] ||
      c.feed === '' ||
      c.held ||
      !memory.heard ||
      memory.trial
    )
      return;
    if (memory.cured === c.seq && (zeroFrom - HEADER) / ear.bytesPerMs < LASTING) postpone(memory);
    memory.cured = null;
    if (performance.now() < memory.notBefore) return;
    if (!known && inVain >= IN_VAIN) return;
    const began = side === 'in' ? c.inStartedAt : c.outStartedAt;
    memory.trial = {
      seq: c.seq,
      name: spoolName(c, side),
      zeroFrom,
      from: Math.round(began + (zeroFrom - HEADER) / ear.bytesPerMs),
    };
    deps.heal(c.callId, c.seq);
  }

  /** A cure was in vain, or its sound did not last: the next one comes later. */
  function postpone(memory: Memory): void {
    memory.notBefore = performance.now() + PATIENCE * 2 ** memory.tried++;
  }

  /** The segment after a cure has something to hear, or has been silent long enough to tell. */
  async function outcome(
    c: Captured,
    side: Side,
    ear: Ear,
    memory: Memory,
    trial: NonNullable<Memory['trial']>,
  ): Promise<void> {
    const heardMs = (ear.at - HEADER) / ear.bytesPerMs;
    const soundMs = ear.firstSound === null ? null : (ear.firstSound - HEADER) / ear.bytesPerMs;
    if (soundMs === null && heardMs < AT_ONCE) return;
    memory.trial = null;
    const sounds = soundMs !== null && soundMs <= AT_ONCE;
    // Asterisk writes late: who began to speak just before the cure is heard at the end of the old file.
    if (!sounds || !(await isSilentFrom(await deps.open(trial.name), trial.zeroFrom))) {
      postpone(memory);
      if (!(deps.known() || learned)) inVain++;
      return;
    }
    memory.cured = c.seq;
    deps.cured(c.callId, trial.seq, side, trial.from);
    if (deps.known() || learned) return;
    learned = true;
    deps.log.warn(
      'This PBX falls silent in a snoop when the source of a call changes, which was not known of its version: from now on every such change begins a new segment',
    );
  }

  const looking = repeatedly(EVERY, look, (err) =>
    deps.log.warn({ err }, 'The captured audio could not be looked at'),
  );

  return {
    /** Whether a cure has brought sound back on a PBX that was not known to need one. */
    learned: () => learned,
    look,
    start(): void {
      looking.start();
    },
    stop: looking.stop,
  };
}

const newEar = (): Ear => ({
  ...{ at: HEADER, bytesPerMs: 16, zeroFrom: null, firstSound: null },
  ...{ lastSound: 0, soundIn: null, maskedUntil: Number.NEGATIVE_INFINITY },
});

/** Reads what was appended. False when there is nothing new, or the file is not to be seen from here. */
async function hear(file: FileHandle | null, ear: Ear): Promise<boolean> {
  if (!file) return false;
  try {
    const { size } = await file.stat();
    if (size <= ear.at) return false;
    if (ear.at === HEADER) {
      const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 24);
      ear.bytesPerMs = (buffer.readUInt32LE(0) * 2) / 1000 || 16;
    }
    // No more than the last 4 s: after a pause of ours the older ones no longer matter.
    const from = Math.max(ear.at, size - 4_000 * ear.bytesPerMs) & ~1;
    if (from > ear.at + 1) ear.zeroFrom = null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const read = buffer.subarray(0, bytesRead);
    const last = lastSound(read);
    if (last >= 0) {
      ear.lastSound = from + last;
      ear.firstSound ??= from + read.findIndex((byte) => byte !== 0);
      ear.zeroFrom = last + 2 >= bytesRead ? null : from + last + 2;
    } else ear.zeroFrom ??= from;
    ear.at = from + bytesRead;
    return true;
  } finally {
    await file.close();
  }
}

/** Whether a file is there and holds nothing but zero from this byte on. */
async function isSilentFrom(file: FileHandle | null, from: number): Promise<boolean> {
  const bytes = await file?.readFile().finally(() => file.close());
  return bytes !== undefined && lastSound(bytes.subarray(from)) === -1;
}

/** Where the last sample that is not zero begins, or -1. */
function lastSound(bytes: Buffer): number {
  for (let i = bytes.length - 1; i >= 0; i--) if (bytes[i] !== 0) return i & ~1;
  return -1;
}
