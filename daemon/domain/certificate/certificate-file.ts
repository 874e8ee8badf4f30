import { sha256Of } from '../assurance/canonical.js';
import type { Certificate, CertificateItem, CertificateStatement } from './certificate.js';

/*
 * The file of a certificate is JSON, written in lines so that sed and openssl can verify it:
 *
 *     {"statement":
 *     <the statement as canonical JSON: the bytes that are signed>
 *     ,"items":[
 *     <one item a line, as canonical JSON>,
 *     <the last one without a comma>
 *     ],"signature":"<Ed25519, base64>","public_key":"<PEM>"}
 *
 * The statement has the number of items and the SHA-256 of their lines, each with its line end and without its comma.
 */
const HEAD = '{"statement":';
const BEFORE_ITEMS = ',"items":[';
/** 64 bytes in base64, written in the one way: no bit is left that could be changed. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;
const tail = (signature: string, publicKey: string): string =>
  `],"signature":${JSON.stringify(signature)},"public_key":${JSON.stringify(publicKey)}}`;

/** The pieces of the file of a certificate: its beginning, each line of its items, and its end. */
export const certificateStart = ({ text }: Pick<Certificate, 'text'>): string =>
  `${HEAD}\n${text}\n${BEFORE_ITEMS}\n`;
export const certificateLine = (line: string, last: boolean): string => `${line}${last ? '' : ','}\n`;
export const certificateEnd = ({ signature }: Pick<Certificate, 'signature'>, publicKey: string): string =>
  `${tail(signature, publicKey)}\n`;

/** Counts and hashes the lines of items as a statement has them. */
export function itemsDigest() {
  const hash = sha256Of();
  let count = 0;
  return {
    add(line: string): void {
      hash.add(`${line}\n`);
      count += 1;
    },
    end: () => ({ count, sha256: hash.hex() }),
  };
}

/** Why a file is not a certificate as it was signed. `key`: it was signed by another key than those that are trusted. */
export type CertificateFault = 'shape' | 'signature' | 'items' | 'key';
export const certificateFaultWords: Record<CertificateFault, string> = {
  shape: 'The file is not a certificate of erasure, or its layout was changed.',
  signature:
    'The signature does not match the statement: the statement, the signature or the key was changed.',
  items: 'The list of recordings differs from the list that was signed.',
  key: 'The certificate was signed with a different key than the one it was verified with.',
};

export type CertificateKeys = {
  /** Whether `signature` (base64) is that of these bytes by this public key (PEM). */
  verify(publicKey: string, text: string, signature: string): boolean;
  /** SHA-256 of a public key (DER), in hex. Throws for a text that is none. */
  fingerprint(publicKey: string): string;
  /** Fingerprints that are trusted; null: that of the file is returned, to be compared by its reader. */
  trusted: ReadonlySet<string> | null;
};

export type VerifiedCertificate =
  | { fault: null; statement: CertificateStatement; fingerprint: string }
  | { fault: CertificateFault; statement: null; fingerprint: string | null };

/**
 * Verifies the file of a certificate. `line` is given its lines one after the other, without their ends, and returns the item in
 * one that has an item, of which nothing is known yet; `end` returns what was found. Holds one line at a time.
 */
export function certificateReader(keys: CertificateKeys) {
  const digest = itemsDigest();
  let at = 0;
  let text = '';
  let last: string | null = null;
  /** The item before, which has to end with a comma once another one follows. */
  let open: string | null = null;
  let fault: CertificateFault | null = null;

  function item(line: string): CertificateItem | null {
    if (open !== null && !open.endsWith('},')) fault ??= 'shape';
    open = line;
    const bare = line.endsWith('},') ? line.slice(0, -1) : line;
    digest.add(bare);
    const read = parsed<CertificateItem>(bare);
    if (read === null) fault ??= 'items';
    return read;
  }

  return {
    line(line: string): CertificateItem | null {
      at += 1;
      if (last !== null || (at === 1 && line !== HEAD) || (at === 3 && line !== BEFORE_ITEMS))
        fault ??= 'shape';
      if (at === 2) text = line;
      if (at < 4 || last !== null) return null;
      if (!line.startsWith(']')) return item(line);
      last = line;
      return null;
    },

    end(): VerifiedCertificate {
      const wrong = (fault: CertificateFault, fingerprint: string | null = null): VerifiedCertificate => ({
        ...{ fault, fingerprint, statement: null },
      });
      if (fault !== null) return wrong(fault);
      if (last === null || open === null || open.endsWith(',')) return wrong('shape');
      const end = parsed<{ signature: unknown; public_key: unknown }>(`{"items":[${last}`);
      if (typeof end?.signature !== 'string' || typeof end.public_key !== 'string') return wrong('shape');
      const { signature, public_key: publicKey } = end;
      if (last !== tail(signature, publicKey)) return wrong('shape');
      const fingerprint = fingerprintOf(keys, publicKey);
      if (fingerprint === null) return wrong('signature');
      if (keys.trusted !== null && !keys.trusted.has(fingerprint)) return wrong('key', fingerprint);
      if (!SIGNATURE.test(signature) || !keys.verify(publicKey, text, signature))
        return wrong('signature', fingerprint);
      const statement = parsed<CertificateStatement>(text);
      if (statement?.type !== 'tapedeck certificate of erasure' || statement.key?.sha256 !== fingerprint)
        return wrong('signature', fingerprint);
      const { count, sha256 } = digest.end();
      if (statement.items.count !== count || statement.items.sha256 !== sha256)
        return wrong('items', fingerprint);
      return { fault: null, statement, fingerprint };
    },
  };
}

function parsed<T extends object>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : null;
  } catch {
    return null;
  }
}

function fingerprintOf(keys: CertificateKeys, publicKey: string): string | null {
  try {
    return keys.fingerprint(publicKey);
  } catch {
    return null;
  }
}

/** The commands that verify a certificate with sed and openssl alone, for a POSIX shell. Each exits with 0 when it succeeds. */
export const opensslCommands = (file: string, key = 'tapedeck.pem'): string[] => [
  `sed -n 2p ${file} | tr -d '\\n' > statement.json`,
  `tail -n 1 ${file} | sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' | base64 -d > signature.bin`,
  `openssl pkeyutl -verify -pubin -inkey ${key} -rawin -in statement.json -sigfile signature.bin`,
  `sed '1,3d;$d' ${file} | sed 's/},$/}/' | sha256sum | cut -c 1-64 > items.txt`,
  'grep -q -f items.txt statement.json && echo Items verified',
];
