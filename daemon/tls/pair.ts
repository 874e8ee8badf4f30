import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { fail } from '../domain/error.js';

/** A certificate with those that lead to its authority, and its key: both PEM. `leaf` is the first of them. */
export type Pair = { certificate: string; key: string; leaf: X509Certificate };

const WEAKEST_RSA_BITS = 2048;
const PRIVATE = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * Puts a certificate and a key together. Throws `tls_invalid` when either is not one, when they do not belong together,
 * when the key is weak, and when TLS would not take them.
 */
export function pairOf(certificate: string, key: string, what = 'The certificate'): Pair {
  let leaf: X509Certificate;
  let privateKey: KeyObject;
  try {
    leaf = new X509Certificate(certificate);
  } catch (e) {
    throw fail('tls_invalid', `${what} is not one in PEM form.`, e);
  }
  try {
    privateKey = createPrivateKey(key);
  } catch (e) {
    const why = /ENCRYPTED/.test(key) ? 'has a passphrase; take it off' : 'is not one in PEM form';
    throw fail('tls_invalid', `The key ${why}.`, e);
  }
  if (!leaf.checkPrivateKey(privateKey))
    throw fail(
      'tls_invalid',
      'The key does not belong to the certificate, which has to be the first one in its file.',
    );
  const bits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < WEAKEST_RSA_BITS)
    throw fail('tls_invalid', `The key has ${bits} bits; RSA needs ${WEAKEST_RSA_BITS} or more.`);
  try {
    createSecureContext({ cert: certificate, key });
  } catch (e) {
    throw fail('tls_invalid', `TLS does not take it: ${(e as Error).message}.`, e);
  }
  return { certificate, key, leaf };
}

/** Reads a pair that an admin has put somewhere. Throws `tls_invalid`, also when others may read the key. */
export function readPair(files: { certificate: string; key: string }): Pair {
  const certificate = read(files.certificate).text;
  const { text, mode } = read(files.key);
  if (mode & 0o027)
    throw fail(
      'tls_invalid',
      `${files.key} has mode ${mode.toString(8).padStart(4, '0')}; make it 0640 or less with "chmod 0640 ${files.key}".`,
    );
  if (!PRIVATE.test(text)) throw fail('tls_invalid', `${files.key} holds no private key in PEM form.`);
  return pairOf(certificate, text, files.certificate);
}

function read(file: string): { text: string; mode: number } {
  try {
    const fd = openSync(file, 'r');
    try {
      // Of the file that is open, so that it cannot be changed in between.
      return { mode: fstatSync(fd).mode & 0o777, text: readFileSync(fd, 'utf8') };
    } finally {
      closeSync(fd);
    }
  } catch (e) {
    throw fail('tls_invalid', `${file}: ${(e as NodeJS.ErrnoException).code ?? e}.`, e);
  }
}

/** Whether a certificate is good for a name or an address, by the rules of browsers: the common name counts nothing. */
export const goodFor = (leaf: X509Certificate, name: string): boolean =>
  (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' })) !== undefined;

export const beginsAt = (leaf: X509Certificate): number => Date.parse(leaf.validFrom);
export const endsAt = (leaf: X509Certificate): number => Date.parse(leaf.validTo);

/** Whether a certificate is good at this time (ms since 1970). */
export const goodAt = (leaf: X509Certificate, at: number): boolean =>
  beginsAt(leaf) <= at && at < endsAt(leaf);
