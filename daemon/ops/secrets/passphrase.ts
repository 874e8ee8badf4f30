import { readFileSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { credentialFile } from './secret.js';

/** Longer than this is no passphrase. */
const MOST = 1024;

/**
 * A passphrase that is given and not typed: from an open file descriptor (a pipe, so that it is in no argument list, no
 * environment and no file), or from the systemd credential "master-passphrase". One line end at the end does not belong to
 * it. Null when there is neither. Throws `passphrase_missing` when it cannot be read.
 */
export function givenPassphrase(fd: number | undefined): string | null {
  const from = fd ?? credentialFile('master-passphrase');
  if (from === null) return null;
  try {
    const text = readFileSync(from, 'utf8').replace(/\r?\n$/, '');
    if (text === '' || text.length > MOST) throw new Error(`It has ${text.length} characters.`);
    return text;
  } catch (e) {
    throw fail('passphrase_missing', (e as Error).message, e);
  }
}
