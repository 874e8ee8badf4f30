import Database from 'better-sqlite3';
import type { NewEntry } from '../../../domain/assurance/audit.js';
import { databaseError, fail } from '../../../domain/error.js';
import { createAudit } from '../audit.js';
import { createReader } from '../checked.js';
import { migrations } from '../migrations.js';

/** The first version that can be given what was erased and held since. */
export const OLDEST_BACK =
  migrations.findIndex((sql) => sql.includes('ALTER TABLE consents ADD COLUMN erased_at')) + 1;

/** Writes an entry of the audit log into a catalogue of any version that has one, without upgrading it. */
export function appendTo(path: string, entry: NewEntry): void {
  const db = new Database(path, { fileMustExist: true, timeout: 5_000 });
  try {
    createAudit(
      db,
      createReader(() => {}),
    ).append(entry);
  } catch (e) {
    throw databaseError(e, path);
  } finally {
    db.close();
  }
}

/**
 * Moves the log of a catalogue that nobody writes into its file, so that the file alone is all of it. Throws `catalogue_locked` where
 * somebody still reads it, such as the dashboard.
 */
export function gatherLog(path: string): void {
  const db = new Database(path, { fileMustExist: true, timeout: 5_000 });
  try {
    const [done] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (done?.busy !== 0) throw fail('catalogue_locked', `${path} is still being read.`);
  } catch (e) {
    throw databaseError(e, path);
  } finally {
    db.close();
  }
}
