import { renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../domain/error.js';
import { catalogueFolder, keysFolder } from '../domain/paths.js';
import { syncDirNow } from '../ops/files/sync-dir.js';
import { type Lock, takeLock } from '../ops/lock.js';
import { isPlain, look, putAside } from './aside.js';

/*
 * Earlier versions had the catalogue, the lock and the ballast, and the first ones keys.db too, in the data directory itself.
 * Each database moves with SQLite's files beside it, and itself last: as long as it is in its old place nothing has opened it
 * in the new one, so that an interrupted move goes on at the next start. A dashboard that is still running keeps its open
 * files, the shared memory among them.
 */
const DATABASES = [
  { name: 'keys.db', beside: ['-journal'], to: keysFolder },
  { name: 'catalogue.db', beside: ['-shm', '-wal'], to: catalogueFolder },
];
/** Made again where they are needed. */
const LEFT = ['ballast', '.tapedeck-probe'];
/** Beside a catalogue with a write-ahead log, or the lock, none of these is ours. */
const NEVER = ['catalogue.db-journal', 'daemon.lock-journal', 'daemon.lock-wal'];

/**
 * Moves what an earlier version left, while nobody else does (its lock is taken too). May be repeated, and interrupted
 * anywhere. Returns the names of files that are not ours; they are put aside. `uid` is who owns the data. Throws `data_strange`
 * when a database that is needed is not a plain file, `already_running` when an earlier version runs.
 */
export function takeOver(dataDir: string, uid: number): string[] {
  const strange: string[] = [];
  let changed = false;
  const at = (name: string) => join(dataDir, name);
  const aside = (name: string) => void strange.push(putAside(dataDir, at(name)));

  for (const name of NEVER) if (look(at(name))) aside(name);
  const lock = lockOfBefore(at('daemon.lock'));
  try {
    for (const { name, beside, to } of DATABASES) {
      const files = [...beside.map((ending) => `${name}${ending}`), name];
      const move = needed(at(name), join(to(dataDir), name));
      changed ||= move;
      for (const file of files) {
        const found = look(at(file));
        if (!found) continue;
        // A journal that is not ours would be rolled back into the keys.
        const theirs = name === 'keys.db' && found.uid !== uid;
        if (move && theirs && file === name)
          throw fail('data_foreign', `${at(name)} belongs to user id ${found.uid}.`);
        if (move && !theirs) renameSync(at(file), join(to(dataDir), file));
        else if (file.endsWith('-shm') && isPlain(found))
          unlinkSync(at(file)); // holds nothing that lasts
        else aside(file);
      }
      if (move) syncDirNow(to(dataDir));
    }
    for (const name of [...LEFT, 'daemon.lock']) {
      const found = look(at(name));
      if (found && (found.isDirectory() || (name === 'daemon.lock' && !lock))) aside(name);
      else if (found) unlinkSync(at(name));
    }
    if (changed || lock) syncDirNow(dataDir);
  } finally {
    lock?.release();
  }
  return strange;
}

/** An earlier version may be running still: it has its lock elsewhere. */
const lockOfBefore = (file: string): Lock | null => {
  const found = look(file);
  return found && isPlain(found) ? takeLock(file) : null;
};

/** Whether a database has still to be moved. An empty file at its old place was made by an earlier version's tmpfiles.d. */
function needed(from: string, to: string): boolean {
  const old = look(from);
  if (!old) return false;
  const moved = look(to);
  if (old.isFile() && (old.size === 0 || (old.ino === moved?.ino && old.dev === moved.dev))) {
    unlinkSync(from);
    return false;
  }
  if (moved && moved.size > 0) return false;
  if (!isPlain(old))
    throw fail(
      'data_strange',
      `${from} is not a plain file: it is a link, or a second name of another file.`,
    );
  return true;
}
