import { type Static, Type } from 'typebox';
import { canonical } from '../assurance/canonical.js';
import {
  notAsSigned,
  type SignatureFault,
  type SignatureKeys,
  STATEMENT_LINE,
  signatureLine,
  type VerifiedStatement,
  verifyStatement,
} from '../assurance/signed-lines.js';
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

/** What the last line of the signature file begins with: it is a signed document (assurance/signed-lines) and has nothing else. */
const OPENING = ',';

export const signedReport = ({ text, signature }: MadeReport, publicKey: string): string =>
  `${STATEMENT_LINE}\n${text}\n${signatureLine(OPENING, signature, publicKey)}\n`;

/** Why a report is not as it was signed. */
export type ReportFault = SignatureFault | 'file';
export const reportFaultWords: Record<ReportFault, string> = {
  shape: 'The signature file is not one of Tapedeck, or its layout was changed.',
  signature:
    'The signature does not match the statement: the statement, the signature or the key was changed.',
  file: 'The file of the report differs from the one that was signed.',
  key: 'The report was signed with a different key than the one it was verified with.',
};

export type VerifiedReport = VerifiedStatement<ReportStatement, ReportFault>;

/** Verifies the signature file of a report whose file has this SHA-256. */
export function verifyReport(signed: string, fileSha256: string, keys: SignatureKeys): VerifiedReport {
  const [head, text, last, end, ...rest] = signed.split('\n');
  if (head !== STATEMENT_LINE || text === undefined || last === undefined || end !== '' || rest.length > 0)
    return notAsSigned('shape');
  const lines = { text, last, before: '{"statement":0', opening: OPENING, type: 'tapedeck report' as const };
  const found = verifyStatement<ReportStatement>(lines, keys);
  if (found.fault !== null || found.statement.file.sha256 === fileSha256) return found;
  return notAsSigned('file', found.fingerprint);
}

/** The commands that verify a report with sed and openssl alone, for a POSIX shell. Each exits with 0 when it succeeds. */
export const reportCommands = (file: string, signed: string, key = 'tapedeck.pem'): string[] => [
  `sed -n 2p ${signed} | tr -d '\\n' > statement.json`,
  `tail -n 1 ${signed} | sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' | base64 -d > signature.bin`,
  `openssl pkeyutl -verify -pubin -inkey ${key} -rawin -in statement.json -sigfile signature.bin`,
  `sha256sum ${file} | cut -c 1-64 > file.txt`,
  'grep -q -f file.txt statement.json && echo Report verified',
];
