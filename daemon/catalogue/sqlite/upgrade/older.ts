import { existsSync, lstatSync } from 'node:fs';
import Database from 'better-sqlite3';
import { version } from '../db.js';
import { migrations } from '../migrations.js';

/** Returns how many migrations a catalogue has taken; null where there is none. For who may write beside it. */
export function versionOf(path: string): number | null {
  if (!existsSync(path)) return null;
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    return version(db);
  } finally {
    db.close();
  }
}

/** How many migrations this version of Tapedeck knows. */
export const NEWEST_VERSION = migrations.length;

/** Whether a catalogue is of an earlier version. One that cannot be read is not: opening it says why. */
export const isOlder = (path: string): boolean => is(path, (found) => found > 0 && found < NEWEST_VERSION);

/** Whether a catalogue is of a later version: opening it says so. */
export const isNewer = (path: string): boolean => is(path, (found) => found > NEWEST_VERSION);

function is(path: string, wanted: (version: number) => boolean): boolean {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    const found = versionOf(path);
    return found !== null && wanted(found);
  } catch {
    return false;
  }
}
