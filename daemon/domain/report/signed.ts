import { type Static, Type } from 'typebox';
import { canonical } from '../assurance/canonical.js';
import { reportFormats, reportNames } from './report.js';

const Text = Type.String();
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Count = Type.Integer({ minimum: 0 });

/** What is signed of a report that was given out: its file by its hash, what was asked, by whom, and where in the audit log. */
export const ReportStatement = Type.Object({
  type: Type.Literal('tapedeck report'),
  format: Type.Literal(1),
  entry: Count,
  report: Type.Enum([...reportNames]),
  file: Type.Object({
    name: Text,
    format: Type.Enum([...reportFormats]),
    bytes: Count,
    sha256: Hash,
  }),
  site: Type.Object({ name: Text, time_zone: Text }),
  period: Type.Object({ from: Text, to: Text }),
  times: Type.Object({ from: Text, to: Text }),
  made: Type.Object({ at: Text, by: Text, address: Text }),
  tool: Type.Object({ name: Text, version: Text }),
  query: Text,
  audit: Type.Object({ log: Text, size: Count, hash: Hash }),
  key: Type.Object({ id: Text, sha256: Hash }),
});
export type ReportStatement = Static<typeof ReportStatement>;

/** A report that was given out, as it is kept: its statement as canonical JSON, the bytes that are signed. */
export type MadeReport = {
  /** The number of its entry in the audit log. */
  entry: number;
  text: string;
  /** Ed25519, base64. */
  signature: string;
  keyId: string;
  madeAt: number;
};

export const reportStatementText = (statement: ReportStatement): string => canonical(statement);

/*
 * The file that travels beside a report is JSON in four lines, so that sed and openssl can verify it:
 *
 *     {"statement":
 *     <the statement as canonical JSON: the bytes that are signed>
 *     ,"signature":"<Ed25519, base64>","public_key":"<PEM>"}
 */
const HEAD = '{"statement":';
/** 64 bytes in base64, written in the one way. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;
const tail = (signature: string, publicKey: string): string =>
  `,"signature":${JSON.stringify(signature)},"public_key":${JSON.stringify(publicKey)}}`;

export const signedReport = ({ text, signature }: MadeReport, publicKey: string): string =>
  `${HEAD}\n${text}\n${tail(signature, publicKey)}\n`;

/** Why a report is not as it was signed. `key`: it was signed by another key than the one that is trusted. */
export type ReportFault = 'shape' | 'signature' | 'file' | 'key';
export const reportFaultWords: Record<ReportFault, string> = {
  shape: 'The signature file is not one of Tapedeck, or its layout was changed.',
  signature:
    'The signature does not match the statement: the statement, the signature or the key was changed.',
  file: 'The file of the report differs from the one that was signed.',
  key: 'The report was signed with a different key than the one it was verified with.',
};

export type ReportKeys = {
  verify(publicKey: string, text: string, signature: string): boolean;
  /** SHA-256 of a public key (DER), in hex. Throws for a text that is none. */
  fingerprint(publicKey: string): string;
  trusted: ReadonlySet<string> | null;
};

export type VerifiedReport =
  | { fault: null; statement: ReportStatement; fingerprint: string }
  | { fault: ReportFault; statement: null; fingerprint: string | null };

/** Verifies the signature file of a report whose file has this SHA-256. */
export function verifyReport(signed: string, fileSha256: string, keys: ReportKeys): VerifiedReport {
  const wrong = (fault: ReportFault, fingerprint: string | null = null): VerifiedReport => ({
    ...{ fault, fingerprint, statement: null },
  });
  const [head, text, last, end, ...rest] = signed.split('\n');
  if (head !== HEAD || text === undefined || last === undefined || end !== '' || rest.length > 0)
    return wrong('shape');
  const parts = parsed<{ signature: unknown; public_key: unknown }>(`{"statement":0${last}`);
  if (typeof parts?.signature !== 'string' || typeof parts.public_key !== 'string') return wrong('shape');
  const { signature, public_key: publicKey } = parts;
  if (last !== tail(signature, publicKey)) return wrong('shape');
  let fingerprint: string;
  try {
    fingerprint = keys.fingerprint(publicKey);
  } catch {
    return wrong('signature');
  }
  if (keys.trusted !== null && !keys.trusted.has(fingerprint)) return wrong('key', fingerprint);
  if (!SIGNATURE.test(signature) || !keys.verify(publicKey, text, signature))
    return wrong('signature', fingerprint);
  const statement = parsed<ReportStatement>(text);
  if (statement?.type !== 'tapedeck report' || statement.key?.sha256 !== fingerprint)
    return wrong('signature', fingerprint);
  if (statement.file.sha256 !== fileSha256) return wrong('file', fingerprint);
  return { fault: null, statement, fingerprint };
}

function parsed<T extends object>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : null;
  } catch {
    return null;
  }
}

/** The commands that verify a report with sed and openssl alone, for a POSIX shell. Each exits with 0 when it succeeds. */
export const reportCommands = (file: string, signed: string, key = 'tapedeck.pem'): string[] => [
  `sed -n 2p ${signed} | tr -d '\\n' > statement.json`,
  `tail -n 1 ${signed} | sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' | base64 -d > signature.bin`,
  `openssl pkeyutl -verify -pubin -inkey ${key} -rawin -in statement.json -sigfile signature.bin`,
  `sha256sum ${file} | cut -c 1-64 > file.txt`,
  'grep -q -f file.txt statement.json && echo Report verified',
];
