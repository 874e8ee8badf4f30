import type { Head } from './audit.js';

/**
 * A checkpoint: what the log came to at a time, signed. A signed note (c2sp.org/signed-note) with a body in the manner of
 * c2sp.org/tlog-checkpoint:
 *
 *     tapedeck/<id of the log>
 *     <number of entries>
 *     <what the chain comes to, base64>
 *     <time, ISO 8601 in UTC>
 *
 *     — tapedeck/<id of the log> <base64: 4 bytes of the key's hash, 64 bytes Ed25519 signature>
 *
 * What is signed is the body, to its last line end, without the empty line.
 */
export type Checkpoint = Head & { origin: string; at: string };

/** A note as it was read: nothing of it is believed before its signature was verified. */
export type Note = Checkpoint & { body: string; keyHash: string; signature: Uint8Array };

const KEY_HASH_BYTES = 4;
const SIGNATURE_BYTES = 64;

export const originOf = (log: string): string => `tapedeck/${log}`;

export const bodyOf = ({ origin, size, hash, at }: Checkpoint): string =>
  `${origin}\n${size}\n${hexToBase64(hash)}\n${at}\n`;

/** `keyHash` is of 4 bytes in hex: c2sp.org/signed-note has how it is made. */
export const noteOf = (body: string, origin: string, keyHash: string, signature: Uint8Array): string =>
  `${body}\n— ${origin} ${base64(Uint8Array.from([...fromHex(keyHash), ...signature]))}\n`;

const NOTE =
  /(tapedeck\/[0-9A-Z]{26})\n(\d{1,15})\n([A-Za-z0-9+/]{43}=)\n(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)\n\n— \1 ([A-Za-z0-9+/]{91}=)(?![A-Za-z0-9+/=])/g;

/**
 * Every note in a text, whatever else is in it: a file of them, a mail, JSON, or lines of a syslog server, which write a
 * line end as "\n" or "#012" and may write the dash as an escape.
 */
export function notesIn(text: string): Note[] {
  const plain = text
    .replace(/\r\n/g, '\n')
    .replace(/\\n|#012/g, '\n')
    .replace(/\\u2014|\u00e2\u0080\u0094/g, '—');
  return [...plain.matchAll(NOTE)].map(([, origin, size, hash, at, signed]) => {
    const bytes = fromBase64(signed!);
    const checkpoint = { origin: origin!, size: Number(size), hash: toHex(fromBase64(hash!)), at: at! };
    return {
      ...checkpoint,
      body: `${origin}\n${size}\n${hash}\n${at}\n`,
      keyHash: toHex(bytes.slice(0, KEY_HASH_BYTES)),
      signature: bytes.slice(KEY_HASH_BYTES, KEY_HASH_BYTES + SIGNATURE_BYTES),
    };
  });
}

/** Every note in a text with the id of the key that has signed it; those that `signerOf` knows no key for are left out. */
export const signedNotesIn = (
  text: string,
  signerOf: (note: Note) => string | null,
): (Note & { signer: string })[] =>
  notesIn(text).flatMap((note) => {
    const signer = signerOf(note);
    return signer === null ? [] : [{ ...note, signer }];
  });

/** What a note's key hash is made of, besides the 32 bytes of an Ed25519 public key that follow. */
export const keyHashPrefix = (origin: string): string => `${origin}\n\u0001`;

const fromHex = (hex: string): number[] =>
  Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
const toHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const hexToBase64 = (hex: string): string => base64(Uint8Array.from(fromHex(hex)));
