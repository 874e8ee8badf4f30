import { withEntries } from '../catalogue/entries.js';
import { createNumbersInLists } from '../catalogue/listed.js';
import { createOutbox } from '../catalogue/outbox.js';
import { withMinimums } from '../catalogue/retention/guarded.js';
import { createSqliteCatalogue } from '../catalogue/sqlite/catalogue.js';
import { createStandingByNumber } from '../catalogue/standing.js';
import { entryOf, TAPEDECK } from '../domain/assurance/audit.js';
import { ballastBytes } from '../domain/operations/room.js';
import { ballastFile, catalogueFile, keysFile } from '../domain/paths.js';
import { siteOf, siteRegion } from '../ops/config.js';
import { createBallast } from '../ops/disk.js';
import { complainOf } from '../ops/log.js';
import { refuseMoved } from '../vault/backup/moved.js';
import { openDataFolder } from '../vault/data-folder.js';
import { refuseAbsent, refuseUnrestored } from '../vault/installation/refuse.js';
import { ensureMasterKey, openMasterKeys } from '../vault/master-key.js';
import { createArchiveApart } from '../vault/store/archive-apart.js';
import { createDiskStore } from '../vault/store/disk.js';
import { createTieredStore } from '../vault/store/tiers.js';
import { openToGroup } from '../vault/take-back.js';
import { createKeysApart } from './keys-apart.js';
import type { Base, Data, Parts } from './parts.js';
import { createUpgrade } from './upgrade/upgrade.js';

export const MB = 1e6;

/**
 * Opens the data directory, which is locked from then on. Throws `already_running` when another recorder has it. `passphrase`
 * opens a master key that is locked with one.
 */
export function openData(base: Base, parts: Parts, passphrase?: string): Data {
  const { config, dir, log } = base;
  refuseAbsent(dir, { masterKeyFile: config.keys.master_key_file, configFile: config.file });
  refuseUnrestored(dir);
  refuseMoved(dir);
  const folder = openDataFolder(dir); // before anything is made in it
  if (folder.keysWereOpen)
    log.warn(
      { file: keysFile(dir) },
      'Until now the dashboard could read the keys of the recordings. "tapedeck keys rotate" makes what it may have read worthless',
    );
  for (const file of [config.keys.master_key_file, keysFile(dir)])
    if (openToGroup(dir, file))
      log.warn({ file }, 'The group of the dashboard can read this file, which is for the recorder alone');
  try {
    return { folder, ...inFolder(base, parts, passphrase) };
  } catch (err) {
    folder.release();
    throw err;
  }
}

function inFolder(base: Base, parts: Parts, passphrase?: string): Omit<Data, 'folder'> {
  const { config, log, clock, dir } = base;
  const made = ensureMasterKey(config.keys.master_key_file, keysFile(dir));
  const master = openMasterKeys(config.keys.master_key_file, passphrase);
  if (made)
    log.warn(
      { file: config.keys.master_key_file },
      'A master key was made. Back it up apart from the data: without it no recording can be heard',
    );
  const unwritable = (error: string, detail = '') =>
    parts.alarming.alert.raise('catalogue_damaged', {
      severity: 'critical',
      why: { code: 'catalogue_damaged', params: { file: catalogueFile(dir), error, detail } },
    });
  const keys = createKeysApart(
    { dataDir: dir, masterKeyFile: config.keys.master_key_file, by: master.unlocked ?? passphrase },
    (err) =>
      log.error({ err }, 'The thread that has keys.db open has ended; another is started when it is needed'),
  );
  const ballast = createBallast({
    path: ballastFile(dir),
    bytes: ballastBytes(config.data.reserve_mb * MB),
  });
  const onLock = (locked: boolean) => {
    parts.operations.unlock.locked(locked);
    if (locked) return unwritable('catalogue_locked');
    parts.alarming.alert.clear('catalogue_damaged');
    void outbox.flush();
  };
  const main = createSqliteCatalogue({
    path: catalogueFile(dir),
    makeRoom: ballast.release,
    onBadRow: (bad) => parts.assurance.doubts.row(bad),
    onLock,
    onLong: complainOf(log, "The catalogue's log could not be moved to its file, and grows until it can"),
  });
  const upgrade = createUpgrade(base, parts, main, onLock);
  const entered = withEntries(upgrade.catalogue, {
    clock,
    later: (entry) => outbox.catalogue.note(entry),
  });
  const catalogue = withMinimums(entered, {
    site: siteOf(config),
    listsOf: (number) => lists.namesFor(number),
  });
  const outbox = createOutbox(catalogue, {
    log: log.child({ part: 'outbox' }),
    onWritten: () => {
      parts.alarming.alert.clear('catalogue_damaged');
      void parts.recordings.preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    },
    onWaiting: ({ code, detail }) => {
      if (code === 'catalogue_damaged' || code === 'disk_failed') unwritable(code, detail);
    },
  });
  const note: Data['note'] = (action, about) =>
    outbox.catalogue
      .note(entryOf(TAPEDECK, clock(), action, about))
      .catch(complainOf(log, 'An entry of the audit log could not be written'));
  const onChanged = (affects: (number: string) => boolean) => {
    for (const { calls } of parts.pbxes) calls.recorder.numbersChanged(affects);
  };
  const inMemory = { catalogue, clock, region: siteRegion(config), onChanged };
  const [lists, standing] = [createNumbersInLists(inMemory), createStandingByNumber(inMemory)];
  const { directory } = config.archive;
  const archive =
    directory === '' ? null : createArchiveApart({ directory, dataDir: dir, owner: catalogue.audit.id });
  const store = createTieredStore(createDiskStore(dir), archive);
  return { master, keys, ballast, catalogue, upgrade, outbox, note, lists, standing, store, archive };
}
