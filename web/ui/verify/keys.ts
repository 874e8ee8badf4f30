import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { hex } from './pack.js';

/** An Ed25519 key as SubjectPublicKeyInfo (RFC 8410): this, and 32 bytes. */
const PREFIX = '302a300506032b6570032100';
const PEM = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\r?\n?$/;

export type Key = { raw: Uint8Array; fingerprint: string };

export function keyIn(pem: string | null): Key | null {
  const der = bytesOf(PEM.exec(pem ?? '')?.[1]?.replace(/\s/g, ''));
  if (der?.length !== 44 || bytesToHex(der.slice(0, 12)) !== PREFIX) return null;
  return { raw: der.slice(12), fingerprint: hex(der) };
}

/** What base64 stands for; null for what is none, or could be written otherwise and be the same. */
export function bytesOf(base64: string | undefined): Uint8Array | null {
  try {
    const bytes = atob(base64 ?? '');
    return btoa(bytes) === base64 ? Uint8Array.from(bytes, (sign) => sign.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

/** RFC 8032 to the letter: openssl takes the same ones. */
export function signed(key: Key | null, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return key !== null && ed25519.verify(signature, message, key.raw, { zip215: false });
  } catch {
    return false;
  }
}

export type Checkpoint = {
  origin: string;
  size: number;
  hash: string;
  at: string;
  body: string;
  signature: Uint8Array;
};

const NOTE =
  /^((tapedeck\/[0-9A-Z]{26})\n(\d{1,15})\n([A-Za-z0-9+/]{43}=)\n(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)\n)\n\u2014 \2 ([A-Za-z0-9+/]{91}=)\n$/;

/** What checkpoint.txt says; null when it is none. The four bytes before the signature name the key (c2sp.org/signed-note). */
export function checkpointIn(note: string | null, key: Key | null): Checkpoint | null {
  const [, body, origin, size, hash, at, signedBy] = NOTE.exec(note ?? '') ?? [];
  const bytes = bytesOf(signedBy);
  const root = bytesOf(hash);
  if (!body || !origin || !at || !bytes || !root || !key) return null;
  if (bytesToHex(bytes.slice(0, 4)) !== hex(`${origin}\n\u0001`, key.raw).slice(0, 8)) return null;
  return { origin, size: Number(size), hash: bytesToHex(root), at, body, signature: bytes.slice(4) };
}
