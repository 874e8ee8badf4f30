import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { SignatureKeys } from '../domain/assurance/signed-lines.js';
import { fail } from '../domain/error.js';
import { signingFolder, signingKeyFile } from '../domain/paths.js';
import type { AnyKeys } from './keys.js';
import { makeFolderNow, placeNow } from './place.js';
import { unwrapWithAny, wrap } from './wrap.js';

/** Signs what Tapedeck vouches for: manifests and checkpoints of the audit log. */
export type SigningKey = {
  /** The first 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
  keyId: string;
  /** SubjectPublicKeyInfo as PEM: what "openssl pkeyutl -verify -pubin -rawin" takes. */
  publicKeyPem: string;
  /** An Ed25519 signature (RFC 8032), 64 bytes. */
  sign(bytes: Uint8Array): Buffer;
};

const AAD = 'tapedeck signing key';
const ID = /^([0-9a-f]{16})\.pem$/;

/*
 * `<data>/signing/` has the private key (`key`, mode 0600: the dashboard's user cannot sign, whatever it is made to do;
 * wrapped under the master key, so that a stolen disk or a backup cannot either) and, in a file each, every public key
 * that was ever in use, so that what an earlier one has signed can still be verified.
 */
/** Makes the signing key, durable when this returns. Throws `config_invalid` when there is one. */
export function createSigningKey(dataDir: string, masterKey: Uint8Array): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const made = asKey(privateKey);
  makeFolderNow(signingFolder(dataDir));
  placeNow(join(signingFolder(dataDir), `${made.keyId}.pem`), made.publicKeyPem, { mode: 0o640 });
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  try {
    placeNow(signingKeyFile(dataDir), `${wrap(masterKey, der, AAD).toString('base64')}\n`, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw fail(
      'config_invalid',
      `${signingKeyFile(dataDir)} exists already; it is never written over.`,
      error,
    );
  }
  return made;
}

/**
 * The signing key, opened with whichever of the master keys it is wrapped under. Throws `signing_key_missing` when there
 * is none, it cannot be read, or no key opens it.
 */
export function loadSigningKey(dataDir: string, masterKeys: readonly Uint8Array[]): SigningKey {
  const found = opened(read(dataDir) ?? '', masterKeys);
  if (!found)
    throw fail(
      'signing_key_missing',
      `${signingKeyFile(dataDir)} is damaged, or belongs to another master key.`,
    );
  return found;
}

/**
 * The same, made where there is none. One that was read and that no key opens is put aside and a new one made, because
 * calls have to be recorded: what the old one has signed can still be verified, with the public key that is kept. One that
 * cannot be read is let be: throws `signing_key_missing`. `masterKeys` is asked after it was read, the key in use first: a
 * change of the master key wraps keys.db anew before it.
 */
export async function loadOrMakeSigningKey(
  dataDir: string,
  masterKeys: AnyKeys['masterKeys'],
): Promise<{ signingKey: SigningKey; made: 'first' | 'anew' | null }> {
  const text = read(dataDir);
  const known = await masterKeys();
  const found = text === null ? null : opened(text, known);
  if (found) return { signingKey: found, made: null };
  const made = publicKeys(dataDir).size > 0 ? 'anew' : 'first';
  const file = signingKeyFile(dataDir);
  if (text !== null) renameSync(file, `${file}.unusable-${Date.now()}`);
  return { signingKey: createSigningKey(dataDir, known[0]), made };
}

/** Wraps it under another master key, durable when this returns. Does nothing where that was done, or there is none. */
export function rewrapSigningKey(dataDir: string, from: Uint8Array, to: Uint8Array): void {
  const found = unwrapped(read(dataDir) ?? '', [to, from]);
  if (!found || found.key === to) return;
  const file = signingKeyFile(dataDir);
  const text = `${wrap(to, found.plain, AAD).toString('base64')}\n`;
  placeNow(file, text, { mode: 0o600, over: true, like: file });
}

/** Null where there is none. */
function read(dataDir: string): string | null {
  const file = signingKeyFile(dataDir);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw fail('signing_key_missing', `${file} cannot be read: ${code ?? error}.`, error);
  }
}

const unwrapped = (text: string, masterKeys: readonly Uint8Array[]) =>
  unwrapWithAny(masterKeys, Buffer.from(text, 'base64'), AAD);

function opened(text: string, masterKeys: readonly Uint8Array[]): SigningKey | null {
  try {
    const key = unwrapped(text, masterKeys)?.plain;
    return key ? asKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' })) : null;
  } catch {
    return null; // it opens, and holds no key
  }
}

/** Every public key that was ever in use here, by its id. A file whose name is not that of its key is left out. */
export function publicKeys(dataDir: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(signingFolder(dataDir))) return found;
  for (const name of readdirSync(signingFolder(dataDir))) {
    const id = ID.exec(name)?.[1];
    if (!id) continue;
    try {
      const pem = readFileSync(join(signingFolder(dataDir), name), 'utf8');
      if (keyId(pem) === id) found.set(id, pem);
    } catch {
      // not a key
    }
  }
  return found;
}

/** The SHA-256 of a public key (SubjectPublicKeyInfo, DER) in hex, by which people compare it. Throws for a text that is none. */
export const fingerprint = (publicKeyPem: string): string => digestOf(createPublicKey(publicKeyPem));

/** The id of a public key. Throws for a text that is none. */
export const keyId = (publicKeyPem: string): string => idOf(createPublicKey(publicKeyPem));

/** Whether `signature` is that of these bytes by the key whose public half this is. */
export function verifySignature(publicKeyPem: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, bytes, publicKeyPem, signature);
  } catch {
    return false;
  }
}

function asKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: idOf(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}

/**
 * How the signature of a certificate or report is verified. `trusted` are public keys as PEM; null: the key in the file is taken, and its
 * fingerprint has to be compared by who reads it.
 */
export function signatureKeys(trusted: Iterable<string> | null): SignatureKeys {
  return {
    verify: (publicKey, text, signature) =>
      verifySignature(publicKey, Buffer.from(text), Buffer.from(signature, 'base64')),
    // The same key can be written in several ways; Tapedeck writes it in one.
    fingerprint(publicKey) {
      if (createPublicKey(publicKey).export({ type: 'spki', format: 'pem' }) !== publicKey)
        throw new TypeError('not a public key as Tapedeck writes it');
      return fingerprint(publicKey);
    },
    trusted: trusted === null ? null : new Set([...trusted].map(fingerprint)),
  };
}

const digestOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
const idOf = (publicKey: KeyObject): string => digestOf(publicKey).slice(0, 16);
