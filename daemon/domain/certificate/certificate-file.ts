import { sha256Of } from '../assurance/canonical.js';
import {
  notAsSigned,
  parsedObject,
  type SignatureFault,
  type SignatureKeys,
  STATEMENT_LINE,
  signatureLine,
  type VerifiedStatement,
  verifyStatement,
} from '../assurance/signed-lines.js';
import type { Certificate, CertificateItem, CertificateStatement } from './certificate.js';

/*
 * The file of a certificate is a signed document (assurance/signed-lines) with these lines between statement and signature:
 *
 *     ,"items":[
 *     <one item a line, as canonical JSON>,
 *     <the last one without a comma>
 *
 * The statement has the number of items and the SHA-256 of their lines, each with its line end and without its comma.
 */
const BEFORE_ITEMS = ',"items":[';
const OPENING = '],';

/** The pieces of the file of a certificate: its beginning, each line of its items, and its end. */
export const certificateStart = ({ text }: Pick<Certificate, 'text'>): string =>
  `${STATEMENT_LINE}\n${text}\n${BEFORE_ITEMS}\n`;
export const certificateLine = (line: string, last: boolean): string => `${line}${last ? '' : ','}\n`;
export const certificateEnd = ({ signature }: Pick<Certificate, 'signature'>, publicKey: string): string =>
  `${signatureLine(OPENING, signature, publicKey)}\n`;

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

/** Why a file is not a certificate as it was signed. */
export type CertificateFault = SignatureFault | 'items';
export const certificateFaultWords: Record<CertificateFault, string> = {
  shape: 'The file is not a certificate of erasure, or its layout was changed.',
  signature:
    'The signature does not match the statement: the statement, the signature or the key was changed.',
  items: 'The list of recordings differs from the list that was signed.',
  key: 'The certificate was signed with a different key than the one it was verified with.',
};

export type VerifiedCertificate = VerifiedStatement<CertificateStatement, CertificateFault>;

/**
 * Verifies the file of a certificate. `line` is given its lines one after the other, without their ends, and returns the item in
 * one that has an item, of which nothing is known yet; `end` returns what was found. Holds one line at a time.
 */
export function certificateReader(keys: SignatureKeys) {
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
    const read = parsedObject<CertificateItem>(bare);
    if (read === null) fault ??= 'items';
    return read;
  }

  return {
    line(line: string): CertificateItem | null {
      at += 1;
      if (last !== null || (at === 1 && line !== STATEMENT_LINE) || (at === 3 && line !== BEFORE_ITEMS))
        fault ??= 'shape';
      if (at === 2) text = line;
      if (at < 4 || last !== null) return null;
      if (!line.startsWith(']')) return item(line);
      last = line;
      return null;
    },

    end(): VerifiedCertificate {
      if (fault !== null) return notAsSigned(fault);
      if (last === null || open === null || open.endsWith(',')) return notAsSigned('shape');
      const signed = {
        ...{ text, last, before: '{"items":[', opening: OPENING },
        type: 'tapedeck certificate of erasure' as const,
      };
      const found = verifyStatement<CertificateStatement>(signed, keys);
      if (found.fault !== null) return found;
      const { count, sha256 } = digest.end();
      const { items } = found.statement;
      return items.count === count && items.sha256 === sha256
        ? found
        : notAsSigned('items', found.fingerprint);
    },
  };
}

/** The commands that verify a certificate with sed and openssl alone, for a POSIX shell. Each exits with 0 when it succeeds. */
export const opensslCommands = (file: string, key = 'tapedeck.pem'): string[] => [
  `sed -n 2p ${file} | tr -d '\\n' > statement.json`,
  `tail -n 1 ${file} | sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' | base64 -d > signature.bin`,
  `openssl pkeyutl -verify -pubin -inkey ${key} -rawin -in statement.json -sigfile signature.bin`,
  `sed '1,3d;$d' ${file} | sed 's/},$/}/' | sha256sum | cut -c 1-64 > items.txt`,
  'grep -q -f items.txt statement.json && echo Items verified',
];
