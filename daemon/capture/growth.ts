import { type Growth, grown, type Loss, lostMs, lostToDisk, unseen } from '../domain/recording/lost.js';
import { type CallId, type Lost, type Segment, spoolName } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Watches the spool files as they grow. Asterisk writes 32 KB at a time, every 2 s at 8 kHz and every second at 16 kHz; the
 * file's size and the time of that write say how much audio it lacks, and between which two writes. What is found is
 * kept at once, so that a kill loses nothing of it.
 */
type Watched = Pick<Segment, 'callId' | 'seq' | 'token' | 'inStartedAt' | 'outStartedAt'>;

export type GrowthDeps = {
  captures: () => Watched[];
  /** Audio in a spool file (ms) and the time of its last write on our clock; null when it is not to be seen from here. */
  written: (name: string) => Promise<{ ms: number; at: number } | null>;
  /** Our own time, ms since 1970, which never jumps. */
  now: () => number;
  /** What was found by an earlier run. */
  segments: (id: CallId) => Promise<Segment[]>;
  /** Until when an earlier run watched, ms since 1970, or null. */
  watchedUntil: () => Promise<number | null>;
  save: (callId: CallId, seq: number, lost: Lost) => Promise<void>;
  /** Whether the disk of the spool was full, or could not be written, at any time since then, ms since 1970. */
  isFull: (since: number) => Promise<boolean>;
  /** So many ms of a side are missing; `cause` as in a loss. */
  onLost: (callId: CallId, side: Side, ms: number, cause: Loss['cause']) => void;
  log: Log;
};

type Side = 'in' | 'out';
type File = { growth: Growth; lookedAt: number };
type Pair = Record<Side, File>;

const EVERY = 1_000;
/** A write's time may seem to lie outside the time between two looks by this much (ms): file systems round it. */
const ROUNDED = 50;
/** What Asterisk holds in hand, in ms at 8 kHz, and the time until it is looked at. */
const UNSEEN_MS = 2_048 + EVERY;
/** What is no longer captured is forgotten this much later, in ms. Its last look comes before. */
const FORGET = 60_000;

export function createGrowthWatch(deps: GrowthDeps) {
  const pairs = new Map<string, Promise<Pair>>();
  let until: number | null = null;

  const pairOf = (s: Watched): Promise<Pair> => {
    const key = `${s.callId} ${s.seq}`;
    const known = pairs.get(key) ?? takenUp(s);
    pairs.set(key, known);
    return known;
  };

  /** A file that grew while no process watched is known by what was found before, and by when that was. */
  async function takenUp(s: Watched): Promise<Pair> {
    const stored = (await deps.segments(s.callId)).find((o) => o.callId === s.callId && o.seq === s.seq);
    const file = (losses: readonly Loss[], began: number | null): File => {
      const past = until === null || began === null ? 0 : until - began - lostMs(losses) - UNSEEN_MS;
      const seenMs = Math.max(0, past, losses.at(-1)?.toMs ?? 0);
      return { growth: { ...unseen, seenMs, losses }, lookedAt: Number.NEGATIVE_INFINITY };
    };
    return {
      in: file(stored?.lost?.in ?? [], s.inStartedAt),
      out: file(stored?.lost?.out ?? [], s.outStartedAt),
    };
  }

  async function look(): Promise<void> {
    const now = deps.captures();
    await Promise.all(now.map(examine));
    for (const [key, pair] of pairs) {
      const files = await pair.catch(() => null);
      const last = files ? Math.max(files.in.lookedAt, files.out.lookedAt) : 0;
      const captured = now.some((s) => `${s.callId} ${s.seq}` === key);
      if (!captured && deps.now() - last > FORGET) pairs.delete(key);
    }
  }

  async function examine(s: Watched): Promise<void> {
    const pair = await pairOf(s);
    const before = { in: pair.in.growth.losses, out: pair.out.growth.losses };
    await Promise.all([
      see(pair.in, spoolName(s, 'in'), s.inStartedAt),
      see(pair.out, spoolName(s, 'out'), s.outStartedAt),
    ]);
    const lost = { in: pair.in.growth.losses, out: pair.out.growth.losses };
    if (lost.in === before.in && lost.out === before.out) return;
    await deps.save(s.callId, s.seq, lost);
    for (const side of ['in', 'out'] as const) {
      const ms = lostMs(lost[side]) - lostMs(before[side]);
      if (ms === 0) continue;
      const cause = lost[side].at(-1)?.cause;
      deps.log.warn(
        { call: s.callId, seq: s.seq, side, ms },
        cause === 'disk'
          ? 'Asterisk could not write audio: the disk of its spool has no room, or fails'
          : 'Asterisk dropped audio: it had no processor time',
      );
      deps.onLost(s.callId, side, ms, cause);
    }
  }

  async function see(file: File, name: string, began: number | null): Promise<void> {
    if (began === null) return;
    const asked = deps.now();
    const found = await deps.written(name);
    // A file that was cut since tells nothing. What an earlier run is thought to have seen is an estimate.
    if (!found || (Number.isFinite(file.lookedAt) && found.ms < file.growth.seenMs)) return;
    const now = deps.now();
    // A time from outside of these two is that of another clock, or of one that was set.
    const sound = found.at >= file.lookedAt - ROUNDED && found.at <= now + ROUNDED;
    const earliest = sound ? found.at : Math.max(file.lookedAt, began);
    const latest = sound ? found.at : now;
    const growth = grown(file.growth, { ms: found.ms, earliest: earliest - began, latest: latest - began });
    // Size and time are two values: one of them may be that of a write that is just being made.
    const again = growth.losses === file.growth.losses ? found : await deps.written(name);
    if (again?.ms !== found.ms || Math.abs(again.at - found.at) > ROUNDED) return;
    // Asterisk goes on after a write that failed: what it could not write is missing, as it is without processor time.
    const full = growth.losses !== file.growth.losses && (await deps.isFull(file.lookedAt));
    file.growth = full ? lostToDisk(growth) : growth;
    file.lookedAt = asked;
  }

  const looking = repeatedly(EVERY, look, (err) =>
    deps.log.warn({ err }, 'The growth of the spool files could not be watched'),
  );

  return {
    look,

    /** The last look at a segment's files, once Asterisk has closed them and before they are used. */
    async close(segment: Watched): Promise<void> {
      await looking.idle();
      await examine(segment).catch((err) =>
        deps.log.warn(
          { err, call: segment.callId },
          'Time that a captured file lacks could not be put on record',
        ),
      );
      pairs.delete(`${segment.callId} ${segment.seq}`);
    },

    /** Before anything else is captured or watched. */
    async start(): Promise<void> {
      until = await deps.watchedUntil();
      looking.start();
    },
    stop: looking.stop,
  };
}
