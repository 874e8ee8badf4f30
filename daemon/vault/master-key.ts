import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../domain/error.js';

const keyBytes = 32;

/**
 * Reads the appliance's master key: 32 bytes, written as base64 or as hex, surrounding white space ignored.
 * Throws master_key_missing when the file cannot be read, holds something else, or is open to more people than its
 * owner and (for reading) its group.
 */
export function loadMasterKey(file: string): Uint8Array {
  let text: string;
  let mode: number;
  try {
    const fd = openSync(file, 'r');
    try {
      mode = fstatSync(fd).mode & 0o777; // of the file that is open, so that it cannot be changed in between
      text = readFileSync(fd, 'utf8').trim();
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fail('master_key_missing', `${file}: ${(error as NodeJS.ErrnoException).code ?? error}.`, error);
  }
  if (mode & 0o027) {
    const seen = mode.toString(8).padStart(4, '0');
    throw fail(
      'master_key_missing',
      `${file} has mode ${seen}; make it 0640 or less with "chmod 0600 ${file}".`,
    );
  }
  const key = decode(text);
  if (!key) throw fail('master_key_missing', `${file} does not hold 32 bytes as base64 or hex.`);
  return key;
}

function decode(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

/**
 * Makes a new random master key, mode 0640 so that the dashboard's user may read it, durable when this returns, and gives it. Throws config_invalid when the
 * file is there already: a master key is never written over, because every recording would be lost with it.
 */
export function createMasterKey(file: string): Uint8Array {
  const key = randomBytes(keyBytes);
  const tmp = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const fd = openSync(tmp, 'wx', 0o640);
  try {
    try {
      writeSync(fd, `${key.toString('base64')}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(tmp, file); // fails if the name is taken, and never shows a half-written key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw fail('config_invalid', `${file} exists already; a master key is never written over.`, error);
  } finally {
    unlinkSync(tmp);
  }
  const dir = openSync(dirname(file), 'r');
  try {
    fsyncSync(dir);
  } finally {
    closeSync(dir);
  }
  return key;
}
