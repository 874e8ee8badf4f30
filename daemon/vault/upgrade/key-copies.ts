import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { databaseError, diskError } from '../../domain/error.js';
import { upgradeFolder } from '../../domain/paths.js';

/** The name of the keys in a copy that was made before an upgrade. */
export const KEYS_COPY = 'keys.db';

/** How many pages are copied between two looks at whether somebody wants to write. */
const PAGES_AT_ONCE = 500;

/**
 * Copies keys.db into a new file, as it is at one moment. Whoever writes it waits for some hundred pages at most. A key that is
 * destroyed meanwhile is not in the copy.
 */
export async function copyKeys(from: string, to: string): Promise<void> {
  const db = new Database(from, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    await db.backup(to, { progress: () => PAGES_AT_ONCE });
  } catch (e) {
    throw diskError(databaseError(e, from));
  } finally {
    db.close();
  }
}

/** The copies of a keys.db that lie beside it, those that are being made among them. */
function copiesOf(keysFile: string): string[] {
  const folder = upgradeFolder(dirname(dirname(keysFile)));
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name, KEYS_COPY))
    .filter((file) => existsSync(file));
}

/**
 * Destroys keys in every copy from before an upgrade: to be called before they are destroyed in keys.db, so that a crash in between
 * leaves none. A copy that cannot be changed, because it is damaged, is removed as a whole.
 */
export function destroyInCopies(keysFile: string, recordingIds: readonly string[]): void {
  for (const copy of copiesOf(keysFile)) {
    try {
      destroyIn(copy, recordingIds);
    } catch (e) {
      if (e instanceof Error && 'code' in e && /^SQLITE_BUSY|^SQLITE_FULL|^SQLITE_IOERR/.test(String(e.code)))
        throw diskError(e);
      for (const one of [copy, `${copy}-journal`]) rmSync(one, { force: true });
    }
  }
}

function destroyIn(copy: string, recordingIds: readonly string[]): void {
  const db = new Database(copy, { fileMustExist: true, timeout: 10_000 });
  try {
    db.pragma('synchronous = EXTRA');
    db.pragma('secure_delete = ON');
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'key'").get() === undefined) return;
    const blank = db.prepare('UPDATE key SET wrapped = zeroblob(length(wrapped)) WHERE recording_id = ?');
    db.transaction(() => {
      for (const id of recordingIds) blank.run(id);
    }).immediate();
  } finally {
    db.close();
  }
}
