import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { openDb } from '../../catalogue/sqlite/db.js';
import { isOlder, NEWEST_VERSION, versionOf } from '../../catalogue/sqlite/upgrade/older.js';
import { type ReplayFault, replayJournal } from '../../catalogue/sqlite/upgrade/replay.js';
import { diskError, type ErrorCode, fail, isLocked, TapedeckError } from '../../domain/error.js';
import { FRESH_COPY_MS, type UpgradePhase } from '../../domain/operations/upgrade.js';
import { catalogueFile, upgradeJournalFile } from '../../domain/paths.js';
import { checkRoom, findCopies, makeCopy, settleCopy } from './copy.js';

/** What is upgraded. `by`: the version of Tapedeck. */
export type UpgradeOrder = { dataDir: string; reserveBytes: number; by: string };
export type UpgradeSaid =
  | { phase: UpgradePhase; done: number; total: number }
  | { locked: boolean }
  | { ready: true; faults: ReplayFault[] }
  | { finished: true; faults: ReplayFault[] }
  | { error: { code: ErrorCode; detail: string } };

/** How often a catalogue that somebody holds is tried again, in ms. */
const LOCKED_MS = 1_000;

/*
 * The process that upgrades the catalogue while the recorder follows calls on another one: copies it, takes the migrations one by one,
 * each of them whole or not at all, and then takes in what was written meanwhile. Whenever it ends, the next one goes on from there.
 */
const [order] = (await once(process, 'message')) as [UpgradeOrder];
const say = (said: UpgradeSaid): void => void process.send?.(said);
// Nobody waits for it once the recorder is gone.
process.once('disconnect', () => process.exit(1));

const { dataDir, reserveBytes, by } = order;
const file = catalogueFile(dataDir);

/** Makes the copy, unless there is one: half an hour old, or from before the steps that an interrupted upgrade has taken. */
async function copyFirst(from: number): Promise<void> {
  const [copy] = findCopies(dataDir);
  const stands = copy?.about.upgradedTo === null;
  const fresh = stands && copy.about.catalogue.version === from && Date.now() - copy.about.at < FRESH_COPY_MS;
  const begun = stands && copy.about.catalogue.version < from;
  if (fresh || begun) return void checkRoom(dataDir, reserveBytes, { copied: true });
  say({ phase: 'copy', done: 0, total: 1 });
  await makeCopy({ dataDir, reserveBytes, at: Date.now(), by });
}

async function migrate(): Promise<void> {
  const from = versionOf(file) ?? NEWEST_VERSION;
  if (isOlder(file)) await copyFirst(from);
  const total = NEWEST_VERSION - from;
  const db = await openDb(file, {
    mustExist: true,
    onMigration: (taken) => say({ phase: 'migrate', done: taken - from, total }),
  });
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  settleCopy(dataDir, NEWEST_VERSION);
}

/**
 * A recorder that was killed may have left a process at a step: it ends when that is done. Whoever else holds the catalogue does not
 * let go of it unasked, so the recorder is told at the second refusal, some seconds after the first.
 */
async function whenUnlocked<T>(work: () => Promise<T>): Promise<T> {
  for (let refused = 0; ; ) {
    try {
      const done = await work();
      if (refused > 1) say({ locked: false });
      return done;
    } catch (e) {
      if (!isLocked(e)) throw e;
    }
    refused += 1;
    if (refused === 2) say({ locked: true });
    await wait(LOCKED_MS);
  }
}

async function takeIn(): Promise<ReplayFault[]> {
  const taken = await whenUnlocked(() => replayJournal(file, upgradeJournalFile(dataDir), Date.now()));
  return taken?.faults ?? [];
}

try {
  await whenUnlocked(migrate);
  say({ phase: 'finish', done: 0, total: 1 });
  say({ ready: true, faults: await takeIn() });
  await once(process, 'message'); // nothing more is added to the journal
  process.send?.({ finished: true, faults: await takeIn() } satisfies UpgradeSaid, () => process.exit());
} catch (e) {
  const known = diskError(e);
  const { code, detail } = known instanceof TapedeckError ? known : fail('internal', (e as Error).message);
  process.send?.({ error: { code, detail } } satisfies UpgradeSaid, () => process.exit(1));
}
