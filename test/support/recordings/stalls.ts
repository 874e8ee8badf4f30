import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { createGrowthWatch } from '../../../daemon/capture/growth.js';
import { createSpool } from '../../../daemon/capture/spool.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { type Lost, type Segment, spoolName } from '../../../daemon/domain/recording/recording.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { aCall } from './a-call.js';
import { answeredAt, wavOf } from './preserve-lab.js';

export const id = '01JGQ0000000000000000000A1';
export const FRAME = 20;

/** When Asterisk had no processor time: from when on, and for how many frames. */
export type Stall = { afterMs: number; frames: number };

/**
 * What a file looks like that Asterisk writes: a frame at each tick, but for the ticks of a stall, and a buffer at a time on
 * the disk. Returns each write and, last, the closing one, and where in the file each stall lies.
 */
export function written(stalls: Stall[], frames: number, bufferMs: number) {
  const writes: { ms: number; at: number }[] = [];
  const places: { positionMs: number; ms: number }[] = [];
  let at = 0;
  let ms = 0;
  let flushed = 0;
  let next = 0;
  let since = 0;
  for (let n = 0; n < frames; n++) {
    const stall = stalls[next];
    if (stall && since >= stall.afterMs) {
      at += stall.frames * FRAME;
      places.push({ positionMs: ms, ms: stall.frames * FRAME });
      since = 0;
      next++;
    }
    at += FRAME;
    ms += FRAME;
    since += FRAME;
    if (ms >= flushed + bufferMs) {
      flushed += bufferMs;
      writes.push({ ms: flushed, at });
    }
  }
  writes.push({ ms, at });
  return { writes, places, audioMs: ms, lastedMs: at };
}

/** A spool with a writer that behaves like Asterisk's, on a clock that the test moves. */
export async function place(t: Test, rate: 8000 | 16000 = 8000) {
  const dir = t.testdir({});
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir);
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dir)) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  await catalogue.calls.save({ ...aCall(id), id, answeredAt });
  const segment: Segment = {
    ...{ callId: id, seq: 0, legId: 'leg', inStartedAt: answeredAt, outStartedAt: answeredAt },
    ...{
      state: 'capturing',
      because: null,
      mutedFrom: { in: null, out: null },
      fed: '',
      swapped: false,
      token: 'a'.repeat(32),
    },
  };
  await catalogue.segments.save(segment);
  const absent = async () => {
    throw new Error('the PBX has no such recording');
  };
  const spool = createSpool({
    dir: spoolDir,
    workDir: join(dir, 'work'),
    remote: { stored: absent, storedNames: async () => [], deleteStored: async () => {} },
  });
  const clock = { now: answeredAt };
  const told: { side: string; ms: number; cause?: 'disk' }[] = [];
  const disk = { full: false };
  const watch = async (watchedUntil: number | null = null) => {
    const growth = createGrowthWatch({
      captures: () => [segment],
      written: spool.written,
      now: () => clock.now,
      segments: catalogue.segments.of,
      watchedUntil: async () => watchedUntil,
      save: catalogue.segments.saveLost,
      isFull: async () => disk.full,
      onLost: (_, side, ms, cause) => told.push({ side, ms, ...(cause && { cause }) }),
      log: pino({ level: 'silent' }),
    });
    await growth.start();
    t.teardown(() => growth.stop());
    return growth;
  };
  const path = (side: 'in' | 'out') =>
    join(spoolDir, `${spoolName(segment, side)}.${rate === 16000 ? 'wav16' : 'wav'}`);
  const bytesPerMs = (rate * 2) / 1000;
  /** Lets Asterisk write what it writes on one side until then; the watcher looks every second. */
  const write = (side: 'in' | 'out', { ms, at }: { ms: number; at: number }) => {
    const samples = new Int16Array((ms * rate) / 1000).fill(1000);
    writeFileSync(path(side), wavOf(samples, rate, 0));
    const time = (answeredAt + at) / 1000;
    utimesSync(path(side), time, time);
  };
  const play = async (
    growth: { look: () => Promise<void> },
    lists: Record<'in' | 'out', { ms: number; at: number }[]>,
    to: number,
  ) => {
    for (; clock.now - answeredAt < to; clock.now += 1_000) {
      for (const side of ['in', 'out'] as const)
        for (const w of lists[side].filter(({ at }) => at <= clock.now - answeredAt).slice(-1))
          write(side, w);
      await growth.look();
    }
  };
  const found = async (): Promise<Lost> => (await catalogue.segments.of(id))[0]!.lost ?? { in: [], out: [] };
  return { catalogue, segment, clock, told, disk, watch, write, play, found, path, bytesPerMs, spoolDir };
}
