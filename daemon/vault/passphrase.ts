import { randomBytes } from 'node:crypto';
import { hashRawSync } from '@node-rs/argon2';
import { fail } from '../domain/error.js';
import { unwrap, wrap } from './wrap.js';

/**
 * A master key locked with a passphrase: the random key, wrapped under what argon2id (RFC 9106) makes of the passphrase.
 * The file holds the parameters and the salt; the passphrase can be changed without touching any other key.
 */
export type Locked = {
  tapedeck: typeof KIND;
  kdf: 'argon2id';
  memory_kib: number;
  passes: number;
  lanes: number;
  salt: string;
  wrapped: string;
};

/** The key that a passphrase makes, and how it was made. In memory only. */
export type Unlocked = { key: Uint8Array; kek: Uint8Array; how: Omit<Locked, 'wrapped'> };

const KIND = 'master key, locked with a passphrase';
const AAD = 'tapedeck master key';
/** Once at a start, so it may take a second: 256 MiB, three passes. */
const COST = { memory_kib: 256 * 1024, passes: 3, lanes: 1 };
/** A file that asks for more than this was not made by us. */
const MOST = { memory_kib: 1024 * 1024, passes: 20, lanes: 16 };
/** RFC 9106, 3.1: so much memory for each lane, at least. */
const LANE_KIB = 8;
const SALT_BYTES = 16;

/** Whether this is the text of a locked key; undefined when it is something else. */
export function parseLocked(text: string): Locked | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const found = JSON.parse(text) as Partial<Locked>;
    const within = (name: keyof typeof MOST) =>
      Number.isInteger(found[name]) && found[name]! >= 1 && found[name]! <= MOST[name];
    const whole =
      found.tapedeck === KIND &&
      found.kdf === 'argon2id' &&
      within('memory_kib') &&
      within('passes') &&
      within('lanes') &&
      found.memory_kib! >= LANE_KIB * found.lanes! &&
      typeof found.salt === 'string' &&
      Buffer.from(found.salt, 'base64').length === SALT_BYTES &&
      typeof found.wrapped === 'string';
    return whole ? (found as Locked) : undefined;
  } catch {
    return undefined;
  }
}

/** Locks a master key with a new passphrase. `cost` is for tests. */
export function lock(key: Uint8Array, passphrase: string, cost = COST): { text: string; unlocked: Unlocked } {
  const how = {
    tapedeck: KIND,
    kdf: 'argon2id',
    ...cost,
    salt: randomBytes(SALT_BYTES).toString('base64'),
  } as const;
  const unlocked = { key, kek: derive(passphrase, how), how };
  return { text: lockedText(unlocked, key), unlocked };
}

/** The text that locks this key with a passphrase that was given before. */
export function lockedText({ kek, how }: Unlocked, key: Uint8Array): string {
  return `${JSON.stringify({ ...how, wrapped: wrap(kek, key, AAD).toString('base64') }, null, 2)}\n`;
}

/** Opens a locked key with a passphrase, or with what one has made before. Throws `passphrase_wrong`. */
export function unlock(locked: Locked, by: string | Unlocked): Unlocked {
  const { wrapped, ...how } = locked;
  const same = typeof by !== 'string' && by.how.salt === how.salt;
  if (typeof by !== 'string' && !same) throw fail('passphrase_wrong', 'It was changed since the start.');
  const kek = typeof by === 'string' ? derive(by, how) : by.kek;
  try {
    return { key: unwrap(kek, Buffer.from(wrapped, 'base64'), AAD), kek, how };
  } catch (error) {
    throw fail('passphrase_wrong', '', error);
  }
}

function derive(passphrase: string, how: Unlocked['how']): Uint8Array {
  return hashRawSync(passphrase.normalize('NFC'), {
    algorithm: 2, // argon2id
    version: 1, // 0x13
    memoryCost: how.memory_kib,
    timeCost: how.passes,
    parallelism: how.lanes,
    outputLen: 32,
    salt: Buffer.from(how.salt, 'base64'),
  });
}
