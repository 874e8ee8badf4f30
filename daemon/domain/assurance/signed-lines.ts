/*
 * Signed documents are JSON, written in lines so that sed and openssl can verify them:
 *
 *     {"statement":
 *     <the statement as canonical JSON: the bytes that are signed>
 *     ... what only some documents have ...
 *     <opening>"signature":"<Ed25519, base64>","public_key":"<PEM>"}
 */
export const STATEMENT_LINE = '{"statement":';
/** 64 bytes in base64, written in the one way: no bit is left that could be changed. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** The last line. `opening` is what it begins with. */
export const signatureLine = (opening: string, signature: string, publicKey: string): string =>
  `${opening}"signature":${JSON.stringify(signature)},"public_key":${JSON.stringify(publicKey)}}`;

export type SignatureKeys = {
  /** Whether `signature` (base64) is that of these bytes by this public key (PEM). */
  verify(publicKey: string, text: string, signature: string): boolean;
  /** SHA-256 of a public key (DER), in hex. Throws for a text that is none. */
  fingerprint(publicKey: string): string;
  /** Fingerprints that are trusted; null: that of the file is returned, to be compared by its reader. */
  trusted: ReadonlySet<string> | null;
};

/** Why a document is not as it was signed. `key`: it was signed by another key than those that are trusted. */
export type SignatureFault = 'shape' | 'signature' | 'key';

type Statement = { type: string; key: { sha256: string } };
export type VerifiedStatement<S, Fault extends string> =
  | { fault: null; statement: S; fingerprint: string }
  | { fault: Fault; statement: null; fingerprint: string | null };

/** Returns what stands for a document that is not as it was signed. */
export const notAsSigned = <Fault extends string>(fault: Fault, fingerprint: string | null = null) => ({
  ...{ fault, fingerprint, statement: null },
});

/**
 * Verifies the signature of a statement, which is `text`, by the last line. `before` and `last` are one JSON object together;
 * `opening` is what the last line begins with.
 */
export function verifyStatement<S extends Statement>(
  {
    text,
    last,
    before,
    opening,
    type,
  }: Record<'text' | 'last' | 'before' | 'opening', string> & { type: S['type'] },
  keys: SignatureKeys,
): VerifiedStatement<S, SignatureFault> {
  const end = parsedObject<{ signature: unknown; public_key: unknown }>(before + last);
  if (typeof end?.signature !== 'string' || typeof end.public_key !== 'string') return notAsSigned('shape');
  const { signature, public_key: publicKey } = end;
  if (last !== signatureLine(opening, signature, publicKey)) return notAsSigned('shape');
  let fingerprint: string;
  try {
    fingerprint = keys.fingerprint(publicKey);
  } catch {
    return notAsSigned('signature');
  }
  if (keys.trusted !== null && !keys.trusted.has(fingerprint)) return notAsSigned('key', fingerprint);
  if (!SIGNATURE.test(signature) || !keys.verify(publicKey, text, signature))
    return notAsSigned('signature', fingerprint);
  const statement = parsedObject<S>(text);
  if (statement?.type !== type || statement.key?.sha256 !== fingerprint)
    return notAsSigned('signature', fingerprint);
  return { fault: null, statement, fingerprint };
}

/** The JSON object that a text is; null for any other text. */
export function parsedObject<T extends object>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : null;
  } catch {
    return null;
  }
}
