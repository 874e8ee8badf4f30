import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../../domain/error.js';
import { atPlace, type Place, readAt } from '../../../ops/files/others-folder.js';
import { syncDirNow } from '../../../ops/files/sync-dir.js';
import { placeNow } from '../../../vault/place.js';
import { deviceOf, machineName } from '../machine/machine.js';
import type { Owner } from '../plan/change.js';

const KEY_BYTES = 32;

/** Makes the master key where there is none: never in place of one, with which all recordings would be lost. */
export function makeMasterKey(file: string, recorder: Owner): boolean {
  if (existsSync(file)) return false;
  const owner = { uid: recorder.uid, gid: process.getgid!() };
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`;
  atPlace(file, ({ path }) => placeNow(path, text, { mode: 0o400, owner }));
  return true;
}

/** The name of the copy, which says whose it is. */
export const copyName = (machine = machineName()): string =>
  `tapedeck-master-key-${machine.replace(/[^\w.-]/g, '_')}.txt`;

/**
 * Returns why a folder is no place for the copy, or null. A copy on the disk of the recordings, or on that of the key, is lost
 * together with them.
 */
export function copyProblem(
  folder: string,
  { key, dataDir }: { key: string; dataDir: string },
): string | null {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return `${folder} is not a folder. Mount the USB stick or the share first.`;
  if (found.dev === deviceOf(dataDir))
    return `${folder} is on the same file system as the recordings, so the copy would be lost with them.`;
  if (found.dev === deviceOf(dirname(key)))
    return `${folder} is on the same file system as the key itself, so the copy would be lost with it.`;
  return null;
}

/**
 * Writes the copy, reads it back and compares: in place, since a USB stick may know neither owners nor links. Returns its path. Throws
 * `setup_failed`, and `path_untrusted` where the folder's owner has put something in the way.
 */
export const writeCopy = (folder: string, key: string): string =>
  atPlace(join(folder, copyName()), (place) => writeCopyAt(place, readFileSync(key)));

function writeCopyAt(place: Place, text: Buffer): string {
  const { path, shown, beside } = place;
  const had = readAt(place);
  if (had && !had.bytes.equals(text))
    throw fail(
      'setup_failed',
      `${shown} is there already and holds another key. Move it away: it may be the only copy of an earlier one.`,
    );
  if (had) unlinkSync(path);
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncDirNow(beside('.'));
  if (!readAt(place)?.bytes.equals(text))
    throw fail('setup_failed', `${shown} does not read back as it was written. Use another stick or share.`);
  return shown;
}

/** Returns the sheet to print: the key in groups that can be typed again, and what shows that it was typed right. */
export function keySheet(key: string, machine = machineName(), now = new Date()): string {
  const text = readFileSync(key, 'utf8').trim();
  const groups = text.match(/.{1,4}/g)!;
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, i) =>
    groups.slice(i * 4, i * 4 + 4).join('  '),
  );
  const sum = createHash('sha256').update(`${text}\n`).digest('hex').slice(0, 8);
  return [
    `  TAPEDECK MASTER KEY of ${machine}, ${now.toISOString().slice(0, 10)}`,
    '',
    ...rows.map((row) => `      ${row}`),
    '',
    `  To restore it, type these ${text.length} characters without the spaces into`,
    `  ${key}. "sha256sum" of that file then begins with ${sum}.`,
    '  Anyone who has this sheet can open every recording: lock it away.',
  ].join('\n');
}
