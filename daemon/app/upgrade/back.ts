import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyStanding, settleFile } from '../../catalogue/sqlite/backup/restored.js';
import { openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import { appendTo, gatherLog, OLDEST_BACK } from '../../catalogue/sqlite/upgrade/back.js';
import { describeCatalogue } from '../../catalogue/sqlite/upgrade/describe.js';
import { NEWEST_VERSION } from '../../catalogue/sqlite/upgrade/older.js';
import type { NewEntry } from '../../domain/assurance/audit.js';
import type { ListLine } from '../../domain/backup/backup.js';
import { iso } from '../../domain/days.js';
import { diskError, fail } from '../../domain/error.js';
import {
  catalogueFile,
  interimCatalogueFile,
  restoringCatalogueFile,
  upgradeJournalFile,
  upgradeProgressFile,
} from '../../domain/paths.js';
import { removeDatabase, removeWal } from '../../ops/files/database.js';
import { syncDirNow } from '../../ops/files/sync-dir.js';
import { openDataFolder } from '../../vault/data-folder.js';
import { catalogueIn, type FoundCopy, findCopies, hashOf } from './copy.js';

/**
 * The name of the catalogue that a way back replaces, beside the copy and for as long. Two in the same second have names of their own,
 * so that none takes another's place.
 */
function replacedFile(folder: string, at: string): string {
  const name = join(folder, `replaced-${at.slice(0, 19).replaceAll(/[-:]/g, '')}Z`);
  for (let nth = 1; ; nth++) {
    const file = nth === 1 ? `${name}.db` : `${name}-${nth}.db`;
    if (!existsSync(file)) return file;
  }
}

export type WayBack = {
  copy: FoundCopy;
  /** What the catalogue has now that the copy does not have: calls, recordings that are kept, entries of the audit log. */
  lost: { calls: number; recordings: number; audit: number };
};

/** Returns the copy that can be brought back, and what would be lost. Throws `upgrade_copy` where there is none. */
export function lookBack(dataDir: string): WayBack {
  const [copy] = findCopies(dataDir);
  if (!copy) throw fail('upgrade_copy', 'There is no copy from before an upgrade.');
  const { version, calls, recordings, audit } = copy.about.catalogue;
  if (version > NEWEST_VERSION)
    throw fail('upgrade_copy', `It is of version ${version}; this Tapedeck knows ${NEWEST_VERSION}.`);
  if (version < OLDEST_BACK)
    throw fail('upgrade_copy', `It is of version ${version}, which is too old: restore a backup instead.`);
  const now = describeCatalogue(catalogueFile(dataDir));
  return {
    copy,
    lost: {
      calls: Math.max(0, now.calls - calls),
      recordings: Math.max(0, now.recordings - recordings),
      audit: Math.max(0, now.audit - audit),
    },
  };
}

/**
 * Brings back the catalogue from before an upgrade, while no recorder runs. What was erased since stays erased, and what is held since
 * is held; the keys stay as they are, so that nothing that was erased can be heard and what is in both can. The catalogue that was
 * there is kept beside the copy. Whenever it is interrupted, one of the two is in place, and it can be called again. Throws
 * `already_running`, `upgrade_copy`, and `catalogue_locked` where the dashboard still reads the catalogue.
 */
export async function goBack(
  dataDir: string,
  { copy, lost }: WayBack,
  entry: NewEntry,
): Promise<{ erased: number; held: number }> {
  const folder = openDataFolder(dataDir);
  const [now, made] = [catalogueFile(dataDir), restoringCatalogueFile(dataDir)];
  try {
    if ((await hashOf(catalogueIn(copy))) !== copy.about.catalogue.sha256)
      throw fail('upgrade_copy', `${catalogueIn(copy)} is not as it was written.`);
    removeDatabase(made);
    copyFileSync(catalogueIn(copy), made);
    gatherLog(now);
    const newer = openForBackup(now);
    let applied: { erased: number; held: number };
    const { size } = newer.audit();
    const lastCertificate = newer.lastCertificate();
    try {
      applied = await applyStanding(made, lines(newer.standing()), { gone: () => {} });
    } finally {
      newer.close();
    }
    const { erased, held } = applied;
    appendTo(made, {
      ...entry,
      detail: {
        ...{ backup: 'before an upgrade', made_at: iso(copy.about.at), log_size: copy.about.catalogue.audit },
        ...{ list_at: entry.at, list_log_size: size, last_certificate: lastCertificate },
        ...{ erased, held, calls_lost: lost.calls, recordings_lost: lost.recordings },
      },
    });
    settleFile(made);
    replace(now, made, replacedFile(copy.folder, entry.at));
    for (const file of [upgradeJournalFile, interimCatalogueFile, upgradeProgressFile])
      rmSync(file(dataDir), { force: true });
    return { erased, held };
  } catch (e) {
    throw diskError(e);
  } finally {
    folder.release();
  }
}

/** One takes the place of the other in one step; a log that is left would be taken for that of the new one. */
function replace(now: string, made: string, kept: string): void {
  linkSync(now, kept);
  removeWal(now);
  renameSync(made, now);
  syncDirNow(dirname(now));
  syncDirNow(dirname(kept));
}

async function* lines(from: Iterable<ListLine>): AsyncGenerator<ListLine> {
  yield* from;
}
