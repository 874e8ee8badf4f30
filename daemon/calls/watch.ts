import type { Watch as Kept } from '../catalogue/watch.js';
import { isDiskError } from '../domain/error.js';
import type { PbxId } from '../domain/pbx.js';
import { because, type Why } from '../domain/reason/reason.js';
import { inWords } from '../domain/reason/words.js';
import type { BlindWindow } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';

/**
 * Story 7: when the PBX was watched. Whatever happened to the connection or to this process, the time in which nobody
 * looked is on record as a monitoring gap: what the ledger asks other witnesses about. It runs twice: for the calls (ARI)
 * and for the witness itself (CDRs over AMI).
 */
export type WatchDeps = {
  /** Which PBX is watched. */
  pbx: PbxId;
  kept: Pick<Kept, 'watched' | 'lastWatched' | 'open' | 'close'>;
  clock: () => number;
  log: Log;
};

/** How often `beat` is to be called, in ms: so much earlier than it was may a gap seem to begin after a crash. */
export const BEAT_MS = 5_000;
/** As many gaps of this process are known without asking the catalogue. */
const REMEMBERED = 50;

const NOT_RUNNING = because('not_running');
const NOT_REACHED = because('not_reached');
/** So long a first start may take to reach the PBX, in ms: until then nobody has been promised that it is watched. */
const REACHED_MS = 30_000;

export function createWatch(deps: WatchDeps) {
  const gaps: BlindWindow[] = [];
  let seeing = false;
  /** When the first start of all began, until it has reached the PBX or a gap is on record. */
  let firstAt: number | null = null;
  let work: Promise<unknown> = Promise.resolve();
  /** Steps that could not be written yet, in their order: the catalogue was locked, or its disk full. */
  let waiting: (() => Promise<unknown>)[] = [];

  const queue = (step: () => Promise<unknown>): Promise<unknown> => {
    waiting.push(step);
    work = work.then(write);
    return work;
  };

  async function write(): Promise<void> {
    for (let step = waiting[0]; step; step = waiting[0]) {
      try {
        await step();
      } catch (err) {
        deps.log.warn({ err }, 'A monitoring gap could not be written');
        if (isDiskError(err)) return; // the next beat tries again
      }
      waiting = waiting.slice(1);
    }
  }

  function begin(from: number, why: Why): BlindWindow {
    const gap = { pbx: deps.pbx, from, to: null, why };
    gaps.push(gap);
    if (gaps.length > REMEMBERED) gaps.shift();
    return gap;
  }

  function open(from: number, why: Why): void {
    firstAt = null;
    void queue(() => deps.kept.open(deps.pbx, from, why));
  }

  return {
    /** Nobody has watched since this process last ran. */
    async start(): Promise<void> {
      const gap = begin(Number.NEGATIVE_INFINITY, NOT_RUNNING);
      await queue(async () => {
        const last = await deps.kept.lastWatched(deps.pbx);
        // A run that ends before it has reached the PBX for the first time leaves a gap too.
        if (last === null) {
          firstAt = deps.clock();
          return deps.kept.watched(deps.pbx, firstAt);
        }
        gap.from = last;
        await deps.kept.open(deps.pbx, last, NOT_RUNNING);
      });
    },
    /** Notes that the PBX is being watched, or writes what could not be written before. */
    beat(): void {
      if (waiting.length > 0) work = work.then(write);
      else if (seeing) void queue(() => deps.kept.watched(deps.pbx, deps.clock()));
      else if (firstAt !== null && deps.clock() - firstAt >= REACHED_MS) open(firstAt, NOT_REACHED);
    },
    /** What the PBX has is known again, as of `at`; what happens from then on is heard. */
    back(at: number): void {
      const last = gaps.at(-1);
      if (last?.to === null) last.to = Math.max(last.from, at);
    },
    /** The calls that there are have been taken up; resolves when the monitoring gap has been closed. */
    async up(at = deps.clock()): Promise<void> {
      this.back(at);
      seeing = true;
      firstAt = null;
      const now = deps.clock();
      await queue(async () => {
        const gap = await deps.kept.close(deps.pbx, at);
        await deps.kept.watched(deps.pbx, now);
        if (gap)
          deps.log.warn(
            { from: new Date(gap.from), ms: at - gap.from },
            `Monitoring gap closed: ${inWords(gap.why)}`,
          );
      });
    },
    /** The PBX was last heard at `lastHeardAt`. */
    down(lastHeardAt: number, why: Why): void {
      const last = gaps.at(-1);
      if (last?.to !== null && last !== undefined) begin(lastHeardAt, why);
      seeing = false;
      open(firstAt ?? lastHeardAt, why);
    },
    /** Nobody watched from then until now, although the link held. */
    async missed(from: number, why: Why): Promise<void> {
      if (!seeing) return; // a gap is open already, and does not end here
      const now = deps.clock();
      begin(from, why);
      this.back(now);
      void queue(() => deps.kept.open(deps.pbx, from, why));
      await queue(() => deps.kept.close(deps.pbx, now));
    },
    /** This process did nothing from then until now. */
    stoodStill(from: number): void {
      void this.missed(from, because('stood_still'));
    },
    /** The monitoring gap that has most of the time from `from` to `to`; null when the PBX was watched all the time. */
    gapDuring(from: number, to: number): BlindWindow | null {
      const length = (g: BlindWindow) => Math.min(g.to ?? to, to) - Math.max(g.from, from);
      const [most] = gaps.filter((g) => length(g) > 0).sort((a, b) => length(b) - length(a));
      return most ?? null;
    },
    /** Until when the PBX was watched before the last monitoring gap; null if it never was. */
    watchedUntil(): number | null {
      const from = gaps.at(-1)?.from;
      return from !== undefined && Number.isFinite(from) ? from : null;
    },
    async stop(): Promise<void> {
      if (seeing) void queue(() => deps.kept.watched(deps.pbx, deps.clock()));
      seeing = false;
      await work;
    },
  };
}
