import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ulid } from 'ulid';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import { makeInterim, removeUnnamed } from '../../catalogue/sqlite/upgrade/interim.js';
import { createUpgradeJournal } from '../../catalogue/sqlite/upgrade/journal.js';
import { isNewer, isOlder } from '../../catalogue/sqlite/upgrade/older.js';
import { replayLines } from '../../catalogue/sqlite/upgrade/replay.js';
import { createUpgradingCatalogue } from '../../catalogue/sqlite/upgrade/upgrading.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { UpgradeProgress } from '../../domain/operations/upgrade.js';
import {
  catalogueFile,
  interimCatalogueFile,
  restoringCatalogueFile,
  upgradeJournalFile,
  upgradeProgressFile,
} from '../../domain/paths.js';
import { removeDatabase } from '../../ops/files/database.js';
import { complainOf } from '../../ops/log.js';
import { version } from '../../ops/process/version.js';
import { repeatedly } from '../../ops/turns.js';
import { placeNow } from '../../vault/place.js';
import type { Base, Parts } from '../parts.js';
import { tidyCopies } from './copy.js';
import { runUpgrade } from './run.js';

/** So long a start waits for the upgrade, in ms: most are over by then, and calls begin to be captured well within ten seconds. */
const PATIENCE_MS = 1_500;
const RETRY_MS = 60_000;
const TIDY_MS = 3_600_000;
const TELL_MS = 5_000;
const FAILED = 'How far the upgrade is could not be written down';
const ALARM = 'upgrade_failed';
const MB = 1e6;

export type Upgrade = Pick<ReturnType<typeof createUpgradingCatalogue>, 'upgrading' | 'whole'> & {
  /** Removes copies from before earlier upgrades when their time is over, until `stop`. */
  start(): void;
  stop(): Promise<void>;
};

/**
 * The catalogue, which is upgraded by a process of its own where it is of an earlier version. `onLock` is told when that process is
 * kept from writing because somebody else has the catalogue, and when it no longer is.
 */
export function createUpgrade(
  { config, log: whole, clock, dir }: Pick<Base, 'config' | 'log' | 'clock' | 'dir'>,
  parts: Pick<Parts, 'alarming'>,
  main: Catalogue,
  onLock: (locked: boolean) => void,
  { patienceMs = PATIENCE_MS, retryMs = RETRY_MS } = {},
): Upgrade & { catalogue: Catalogue } {
  const log = whole.child({ part: 'upgrade' });
  const file = catalogueFile(dir);
  const journal = createUpgradeJournal(upgradeJournalFile(dir));
  const interimFile = interimCatalogueFile(dir);
  let now: UpgradeProgress | null = null;
  let locked = false;
  const began = () => now?.since ?? clock();
  const tidying = repeatedly(
    TIDY_MS,
    async () => tidyCopies(dir, clock()),
    (err) => log.error({ err }, 'Copies from before an upgrade could not be removed'),
  );
  const telling = repeatedly(TELL_MS, async () => tell({}), complainOf(log, FAILED));

  /** Tells the dashboard, which cannot read the catalogue meanwhile, how far the upgrade is. A failure to write it does not stop the upgrade. */
  function tell(changed: Partial<UpgradeProgress>): void {
    const at = clock();
    now = { phase: 'migrate', done: 0, total: 1, since: at, problem: null, ...now, ...changed, seenAt: at };
    try {
      placeNow(upgradeProgressFile(dir), JSON.stringify(now), { mode: 0o640, over: true });
    } catch (err) {
      log.warn({ err }, FAILED);
    }
  }

  /** Removes what a kill has left half made: of this, and of a way back. No restore is unfinished where a recorder starts. */
  function tidyUp(): void {
    removeUnnamed(interimFile);
    removeDatabase(restoringCatalogueFile(dir));
    const progress = upgradeProgressFile(dir);
    for (const name of readdirSync(dirname(progress)))
      if (name.startsWith(`${basename(progress)}.`)) rmSync(join(dirname(progress), name), { force: true });
  }

  async function over(): Promise<void> {
    await telling.stop();
    now = null;
    rmSync(upgradeProgressFile(dir), { force: true });
    removeDatabase(interimFile);
  }

  const {
    catalogue,
    upgrading,
    whole: done,
  } = createUpgradingCatalogue({
    main,
    journal,
    older: () => isOlder(file),
    mint: () => ulid(clock()),
    patienceMs,
    retryMs,
    removeInterim: () => removeDatabase(interimFile),
    run: () =>
      runUpgrade(
        { dataDir: dir, reserveBytes: config.data.reserve_mb * MB, by: version() },
        {
          log,
          locked(now) {
            if (locked === now) return;
            locked = now;
            if (now) log.warn('Another program keeps the catalogue locked: its upgrade waits');
            onLock(now);
          },
          progress(at) {
            const news = at.phase !== now?.phase;
            log[news ? 'info' : 'debug'](at, 'Upgrade of the catalogue');
            if (now === null) telling.start();
            tell({ ...at, problem: null });
          },
        },
      ),
    async interim() {
      log.warn(
        'The catalogue is still being upgraded. Calls are followed and captured; recordings are made when it is finished',
      );
      makeInterim(file, interimFile);
      const made = createSqliteCatalogue({ path: interimFile, mustExist: true });
      await made.start();
      await replayLines(made, journal.file);
      return made;
    },
    onFault(err) {
      if (err === null) {
        parts.alarming.alert.clear(ALARM);
        log.info({ ms: clock() - began() }, 'The catalogue has been upgraded');
        return;
      }
      const { code, detail, message, hint } =
        err instanceof TapedeckError ? err : fail('internal', (err as Error).message);
      log.error(
        { err },
        'The catalogue could not be upgraded; it is tried again, and calls are still captured',
      );
      tell({ problem: { code, message, hint } });
      parts.alarming.alert.raise(ALARM, {
        severity: 'critical',
        why: { code: 'upgrade_failed', params: { error: code, detail } },
      });
    },
  });
  return {
    catalogue: {
      ...catalogue,
      async start() {
        // Refused at once, also where an upgrade was interrupted before: nothing may be captured by what it has.
        if (isNewer(file)) return main.start();
        tidyUp();
        await catalogue.start();
        if (upgrading()) void done().then((whole) => (whole ? over() : undefined));
        else await over();
      },
    },
    upgrading,
    whole: done,
    start() {
      tidying.start();
      void tidying.now();
    },
    async stop() {
      await Promise.all([tidying.stop(), telling.stop()]);
    },
  };
}
