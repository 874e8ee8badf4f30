import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fail, TapedeckError } from '../domain/error.js';
import { credentialFile } from '../ops/secrets/secret.js';
import { type Locked, parseLocked, type Unlocked, unlock } from './passphrase.js';
import { placeNow } from './place.js';
import { CREDENTIAL, unseal } from './systemd-creds.js';

const keyBytes = 32;

/**
 * Where the master key comes from. What the file holds says which it is: the key itself as base64 or hex, the key locked
 * with a passphrase, or a credential sealed by systemd, to a TPM or to the machine. As a service, systemd has opened the
 * last and hands it over (LoadCredentialEncrypted=master-key:...); a credential of that name comes before the file.
 */
export type Source = 'file' | 'passphrase' | 'sealed' | 'credential';

export type MasterKeys = {
  source: Source;
  /** The one that was read: the credential's or the configured file. */
  file: string;
  current: Uint8Array;
  /** While a rotation is under way: the key that comes after it. */
  next: Uint8Array | null;
  /** The old key is overwritten already and only the name of the new one is still to be changed. */
  spent: boolean;
  /** What opens it again where it is locked. */
  unlocked: Unlocked | null;
  /** Whatever keys are there by now, the current first. Never throws. */
  reread(): Uint8Array[];
};

/** Beside the master key until a rotation is over. */
export const nextOf = (file: string): string => `${file}.next`;

/** Whether the key that would be read is locked with a passphrase, or the one that comes after it. */
export function needsPassphrase(file: string): boolean {
  const place = placeOf(file).file;
  return [place, nextOf(place)].some((of) => {
    try {
      return parseLocked(readFileSync(of, 'utf8').trim()) !== undefined;
    } catch {
      return false;
    }
  });
}

/**
 * Reads the master key. Throws master_key_missing when the file cannot be read, holds something else, or is open to more
 * people than its owner and (for reading) its group; passphrase_missing and passphrase_wrong where it is locked.
 */
export function openMasterKeys(file: string, passphrase?: string | Unlocked): MasterKeys {
  const { file: path, credential } = placeOf(file);
  const next = existsSync(nextOf(path)) ? nextOf(path) : null;
  let unlocked: Unlocked | null = null;

  function key(of: string, text = readClosed(of)): { key: Uint8Array; source: Source } {
    const plain = decode(text);
    if (plain) return { key: plain, source: credential ? 'credential' : 'file' };
    const locked = parseLocked(text);
    if (locked) {
      unlocked = open(locked, unlocked ?? passphrase);
      return { key: unlocked.key, source: 'passphrase' };
    }
    if (!credential && SEALED.test(text)) {
      const opened = decode(unseal(text).trim());
      if (opened) return { key: opened, source: 'sealed' };
    }
    throw withoutKey(of);
  }

  /** At the end of a rotation the old key is overwritten with zeros; if that was all, the next one is the key. */
  function all(): Pick<MasterKeys, 'current' | 'next' | 'source' | 'spent'> {
    const text = readClosed(path);
    if (next !== null && text.includes('\0')) {
      const only = key(next);
      return { current: only.key, source: only.source, next: null, spent: true };
    }
    const first = key(path, text);
    return {
      current: first.key,
      source: first.source,
      next: next === null ? null : key(next).key,
      spent: false,
    };
  }

  return {
    ...all(),
    file: path,
    get unlocked() {
      return unlocked;
    },
    reread: () =>
      [path, nextOf(path)].flatMap((of) => {
        try {
          return existsSync(of) ? [key(of).key] : [];
        } catch {
          return [];
        }
      }),
  };
}

/** The master key alone, as `openMasterKeys` reads it. */
export const loadMasterKey = (file: string, passphrase?: string): Uint8Array =>
  openMasterKeys(file, passphrase).current;

/**
 * Throws master_key_missing where the next start could not read the master key: its file is gone, cannot be opened, is open to others or
 * holds none. Opens no key. What systemd hands over is let be: that file is root's.
 */
export function checkMasterKey(file: string): void {
  const { file: path, credential } = placeOf(file);
  if (credential) return;
  const text = readClosed(path);
  if (existsSync(nextOf(path)) || decode(text) || parseLocked(text) || SEALED.test(text)) return;
  throw withoutKey(path);
}

const SEALED = /^[A-Za-z0-9+/=\s]{100,}$/;
const withoutKey = (file: string) =>
  fail('master_key_missing', `${file} does not hold 32 bytes as base64 or hex.`);

function placeOf(file: string): { file: string; credential: boolean } {
  const given = credentialFile(CREDENTIAL);
  return given ? { file: given, credential: true } : { file, credential: false };
}

function open(locked: Locked, by: string | Unlocked | undefined): Unlocked {
  if (by === undefined) throw fail('passphrase_missing');
  return unlock(locked, by);
}

function readClosed(file: string): string {
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
  return text;
}

function decode(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

/** A master key as a file or a credential holds it. */
export const masterKeyText = (key: Uint8Array): string => `${Buffer.from(key).toString('base64')}\n`;

export const newMasterKey = (): Uint8Array => randomBytes(keyBytes);

/**
 * Makes the master key where there is none, as at the first start, and says whether it did. Throws master_key_missing when
 * it cannot be made or `keysDb` is there already: then the key was lost, and a new one would open nothing.
 */
export function ensureMasterKey(file: string, keysDb: string): boolean {
  const place = placeOf(file);
  if (place.credential || existsSync(file) || existsSync(nextOf(file))) return false;
  if (existsSync(keysDb)) throw fail('master_key_missing', `${file} is gone; ${keysDb} was made with it.`);
  try {
    createMasterKey(file);
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw fail('master_key_missing', `${file} does not exist and cannot be made (${code}).`, error);
  }
  return true;
}

/**
 * Makes a new random master key, mode 0600, durable when this returns, and gives it. Throws config_invalid when the file is there already: a master key is never written over, because every recording
 * would be lost with it.
 */
export function createMasterKey(file: string): Uint8Array {
  const key = newMasterKey();
  try {
    placeNow(file, masterKeyText(key), { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw fail('config_invalid', `${file} exists already; a master key is never written over.`, error);
  }
  return key;
}
