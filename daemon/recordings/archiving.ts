import { setImmediate as turn } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { SealPlace, TierSlice } from '../catalogue/retention/tiers.js';
import { diskError, fail, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Room } from '../domain/operations/room.js';
import type { Recording } from '../domain/recording/recording.js';
import { type ArchiveStatus, isUnreachable } from '../domain/recording/tier.js';
import { shownBytes } from '../domain/written.js';
import type { JobHandler } from '../ops/jobs.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { repeatedly, serialQueue } from '../ops/turns.js';
import type { TieredStore } from '../vault/store/store.js';

export type ArchivingDeps = {
  catalogue: Verbs<
    | 'tiers.begin'
    | 'tiers.moved'
    | 'tiers.back'
    | 'tiers.due'
    | 'tiers.moving'
    | 'tiers.left'
    | 'tiers.removed'
    | 'tiers.slice'
  >;
  store: Pick<TieredStore, 'copy' | 'removeHot' | 'removeArchived' | 'isHot' | 'archivedHash' | 'remove'>;
  /** The room in the archive. Throws `archive_unreachable`. */
  room: () => Promise<Room>;
  /** Asks for the job. */
  ask: () => Promise<unknown>;
  /** `directory` is empty where there is no archive. */
  config: {
    directory: string;
    afterDays: number;
    schedule: string;
    timeZone: string;
    reserveBytes: number;
  };
  alarms: Alarms;
  clock: () => number;
  log: Log;
  /** Writes down what a run came to. */
  ran?: (run: { moved: number; failed: number; removed: number }) => Promise<unknown>;
};

export type Archiving = ReturnType<typeof createArchiving>;

const DAY_MS = 86_400_000;
const LOOK_MS = 30_000;
const COUNT_MS = 3_600_000;
const PAGE = 50;
/** No real place comes before it. */
const FIRST: SealPlace = { sealedAt: -1, id: '' };
const AWAY = 'archive_unreachable';
const UNWRITABLE = 'archive_unwritable';
const FULL = 'archive_full';
const FAILS = 'archive_fails';
const NONE = { recordings: 0, bytes: 0 };

/**
 * Recordings move to the archive once they are some days old, and before when the data disk runs out of room. For each, in this
 * order, and from wherever it was interrupted: row `moving` -> copy durable in the archive, read again and compared with what was
 * sealed -> file removed from the data directory -> row `archive`. Until the copy was compared the file in the data directory is
 * the one that counts. While the archive is away nothing moves; that is no fault of any recording.
 */
export function createArchiving(deps: ArchivingDeps) {
  const { catalogue, store, alarms, clock, config, log } = deps;
  const { directory } = config;
  const status: ArchiveStatus = {
    ...{ directory, problem: null, freeBytes: null, totalBytes: null },
    ...{ hot: NONE, archive: NONE, left: 0 },
  };
  let away = false;
  let stopping = false;
  let countedAt = Number.NEGATIVE_INFINITY;
  /** Moves run one at a time, on schedule or by hand. */
  const moves = serialQueue();

  /** Moves one recording. False when it stays: it is being erased, or its copy is not what was sealed. Throws what stops all moves. */
  async function move(one: Recording): Promise<boolean> {
    if (!(await catalogue.tiers.begin(one.id))) return false;
    const moving: Recording = { ...one, tier: 'moving' };
    if (!(await store.isHot(moving))) return finish(moving);
    try {
      const { source, copy } = await store.copy(moving);
      if (source.sha256 !== one.sealedSha256)
        throw fail('seal_damaged', 'Its file in the data directory is not as it was sealed.');
      if (copy.sha256 !== one.sealedSha256)
        throw fail('disk_failed', 'What was written to the archive was read back with other bytes.');
    } catch (e) {
      if (!isUnreachable(e)) await stay(moving);
      throw e;
    }
    await store.removeHot(moving);
    return catalogue.tiers.moved(one.id);
  }

  /** A move that was interrupted after the file had left the data directory. */
  async function finish(moving: Recording): Promise<boolean> {
    const copy = await store.archivedHash(moving);
    // Whatever is wrong with it, the archive is where it is looked for from now on; the nightly reading names it.
    if (copy?.sha256 !== moving.sealedSha256)
      log.error(
        { recording: moving.id },
        'A recording that moved to the archive is not there as it was sealed',
      );
    return catalogue.tiers.moved(moving.id);
  }

  /** It stays in the data directory, and nothing of it in the archive. */
  async function stay(moving: Recording): Promise<void> {
    await store.removeArchived(moving);
    await catalogue.tiers.back(moving.id);
  }

  /** Moves one in its turn; `failed` when that concerns this one alone. Throws what keeps the next ones from moving too. */
  const tried = (one: Recording): Promise<'moved' | 'left' | 'failed'> =>
    moves.run(async () => {
      try {
        const moved = await move(one);
        if (moved) shift(one);
        return moved ? 'moved' : 'left';
      } catch (err) {
        const error = diskError(err);
        const detail = error instanceof TapedeckError ? error.detail || error.message : String(error);
        if (isUnreachable(err) || (error instanceof TapedeckError && error.code === 'disk_full')) throw error;
        log.error({ err, recording: one.id }, 'a recording was not moved to the archive');
        alarms.raise(FAILS, {
          severity: 'warning',
          why: { code: FAILS, params: { directory, recording: one.id, detail } },
        });
        return 'failed';
      }
    });

  function shift({ sealedBytes: bytes }: Recording): void {
    status.hot = { recordings: status.hot.recordings - 1, bytes: status.hot.bytes - bytes };
    status.archive = { recordings: status.archive.recordings + 1, bytes: status.archive.bytes + bytes };
  }

  /** Removes what erasures have left in the archive while it was away. */
  async function removeLeft(signal?: AbortSignal): Promise<number> {
    let removed = 0;
    for (let after = ''; ; ) {
      const page = await catalogue.tiers.left(after, PAGE);
      for (const one of page) {
        signal?.throwIfAborted();
        await store.remove(one);
        if (await catalogue.tiers.removed(one.id)) removed += 1;
      }
      const last = page.at(-1);
      if (!last) return removed;
      after = last.id;
    }
  }

  /** Those that are on their way, then those that are due, in pages. */
  async function* toMove(before: number): AsyncGenerator<Recording> {
    const pages = [
      (after: SealPlace) => catalogue.tiers.moving(after, PAGE),
      (after: SealPlace) => catalogue.tiers.due(before, after, PAGE),
    ];
    for (const read of pages)
      for (let after = FIRST; ; ) {
        const page = await read(after);
        yield* page;
        const last = page.at(-1);
        if (!last) break;
        after = { sealedAt: last.sealedAt, id: last.id };
      }
  }

  /** How many `toMove` comes to. */
  async function countToMove(before: number): Promise<number> {
    let n = 0;
    for (let place: TierSlice['next'] = null; ; ) {
      const slice: TierSlice = await catalogue.tiers.slice(
        place,
        place?.tier === 'moving' ? undefined : before,
      );
      if (slice.tier !== 'archive') n += slice.recordings;
      if (slice.next === null || slice.tier === 'archive') return n;
      place = slice.next;
      await turn();
    }
  }

  /** Throws why nothing can be moved now. */
  async function refuse(): Promise<void> {
    const there = await look();
    if (!there) throw fail(away ? 'archive_unreachable' : 'disk_failed', status.problem ?? '');
    if (status.freeBytes !== null && status.freeBytes < config.reserveBytes)
      throw fail('disk_full', `The archive ${directory} has reached its reserve.`);
  }

  /** The job: `done` counts those that were moved, `faults` those that could not be. */
  const job: JobHandler = async ({ progress, save, signal }) => {
    let { done, faults } = progress;
    const before = clock() - config.afterDays * DAY_MS;
    alarms.clear(FAILS);
    await refuse();
    const [moved, failed] = [done, faults];
    const removed = await removeLeft(signal);
    const total = done + (await countToMove(before));
    await save({ cursor: '', done, total, faults });
    try {
      for await (const one of toMove(before)) {
        signal.throwIfAborted();
        const end = await tried(one);
        if (end === 'moved') done += 1;
        if (end === 'failed') faults += 1;
        await save({ cursor: '', done, total, faults });
        // Every now and then: the room there, and whether it is there.
        if (end === 'moved' && done % PAGE === 0) await refuse();
      }
    } finally {
      await count();
      if (done > moved || faults > failed || removed > 0)
        await deps.ran?.({ moved: done - moved, failed: faults - failed, removed });
    }
    await save({ cursor: '', done, total: done, faults });
  };

  /** Looks whether the archive is there and has room. */
  async function look(): Promise<boolean> {
    try {
      const { freeBytes, totalBytes, fault } = await deps.room();
      Object.assign(status, { freeBytes, totalBytes });
      status.problem = fault === null ? null : `${directory} cannot be written (${fault}).`;
      alarms.clear(AWAY);
      if (fault === null) alarms.clear(UNWRITABLE);
      else
        alarms.raise(UNWRITABLE, {
          severity: 'warning',
          why: { code: UNWRITABLE, params: { directory, fault } },
        });
      if (freeBytes >= config.reserveBytes) alarms.clear(FULL);
      else
        alarms.raise(FULL, {
          severity: 'warning',
          why: {
            code: FULL,
            params: { directory, free: shownBytes(freeBytes), reserve: config.reserveBytes },
          },
        });
      if (away && fault === null) await back();
      away = false;
      return fault === null;
    } catch (e) {
      const error = diskError(e);
      const detail = error instanceof TapedeckError ? error.detail || error.message : String(error);
      away = true;
      status.problem = detail;
      alarms.raise(AWAY, {
        severity: status.archive.recordings > 0 || status.left > 0 ? 'critical' : 'warning',
        why: { code: AWAY, params: { recordings: status.archive.recordings, detail } },
      });
      return false;
    }
  }

  async function back(): Promise<void> {
    log.info({ directory }, 'The archive can be reached again');
    await deps.ask().catch((err) => log.warn({ err }, 'Moves to the archive could not be asked for'));
  }

  /** Counts what is where, in slices that leave time to others. */
  async function count(): Promise<void> {
    const found = { hot: { ...NONE }, archive: { ...NONE } };
    for (let place: TierSlice['next'] = null; ; ) {
      const slice: TierSlice = await catalogue.tiers.slice(place);
      const of = slice.tier === 'archive' ? found.archive : found.hot;
      of.recordings += slice.recordings;
      of.bytes += slice.bytes;
      if (slice.next === null) break;
      place = slice.next;
      await turn();
    }
    let left = 0;
    for (let after = ''; ; ) {
      const page = await catalogue.tiers.left(after, PAGE);
      left += page.length;
      const last = page.at(-1);
      if (!last) break;
      after = last.id;
    }
    Object.assign(status, { ...found, left });
    countedAt = performance.now();
  }

  async function watch(): Promise<void> {
    if (performance.now() - countedAt >= COUNT_MS) await count();
    // Without one, what its row says is in an archive is told of all the same.
    if (directory !== '' || status.archive.recordings > 0 || status.left > 0) await look();
  }

  const watching = repeatedly(LOOK_MS, watch, (err) =>
    log.warn({ err }, 'The archive could not be looked at'),
  );
  const schedule = createSchedule({
    ...{ setting: 'archive.schedule', expression: config.schedule, timeZone: config.timeZone },
    ...{ missedToo: true, job: deps.ask },
  });

  return {
    job,
    status: (): ArchiveStatus => status,
    /** Moves recordings to the archive before their time, the oldest first, until `enough` says so. Throws what keeps it from moving. */
    async makeRoom(enough: () => Promise<boolean>): Promise<void> {
      if (directory === '') return;
      await refuse();
      let moved = 0;
      for await (const one of toMove(Number.MAX_SAFE_INTEGER)) {
        if (stopping || (await enough())) break;
        if ((await tried(one)) === 'moved') moved += 1;
      }
      if (moved > 0) await deps.ran?.({ moved, failed: 0, removed: 0 });
    },
    start(): void {
      if (directory !== '') schedule.start();
      watching.start();
      void watching.now();
    },
    async stop(): Promise<void> {
      stopping = true;
      await schedule.stop();
      await watching.stop();
      await moves.idle();
    },
  };
}
