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
import { type LetterKind, letterKinds } from './letters.js';
import { type Exclusion, type PrivacyRequest, privacyKinds } from './request.js';

/**
 * The answer to a request, as a ZIP for the person: a letter, the list of their calls, and of each call what they said. A request of
 * which nobody knows that the person made it is answered by a letter alone.
 */

/** The files of an answer besides the recordings. */
export const ANSWER = {
  letter: 'letter.pdf',
  list: 'calls.csv',
  page: 'index.html',
  readme: 'README.txt',
  key: 'tapedeck.pem',
  statement: 'answer.json',
  sums: 'SHA256SUMS',
} as const;
export const RECORDINGS = 'recordings/';

/** So many recordings fit into one answer: who is given more has to be asked for days. */
export const MOST_GIVEN = 150;

type Contents = { list: boolean; sound: boolean };
/** Letters that say nothing of the calls: they tell nothing yet, or what they are about is not in the list. */
const UNLISTED: readonly LetterKind[] = ['extension', 'receipt', 'rectification'];
/** What is in an answer with this letter. */
export const contentsOf = ({ identity }: Pick<PrivacyRequest, 'identity'>, letter: LetterKind): Contents => ({
  list: identity !== '' && !UNLISTED.includes(letter),
  sound: letter === 'access' || letter === 'portability',
});

const Text = Type.String();
const Count = Type.Integer({ minimum: 0 });

/** What is signed of an answer: each of its files by its hash, and the request that it answers, which is not said who made. */
export const AnswerStatement = Type.Object({
  type: Type.Literal('tapedeck answer'),
  format: Type.Literal(1),
  /** The number of its entry in the audit log. */
  entry: Count,
  request: Type.Object({ number: Count, kind: Type.Enum([...privacyKinds]), received: Text }),
  letter: Type.Enum([...letterKinds]),
  files: Type.Array(
    Type.Object({ name: Text, bytes: Count, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  ),
  site: Type.Object({ name: Text, time_zone: Text }),
  made_at: Text,
  tool: Type.Object({ name: Text, version: Text }),
  key: Type.Object({ id: Text, sha256: Text }),
});
export type AnswerStatement = Static<typeof AnswerStatement>;
export type AnswerFile = AnswerStatement['files'][number];

/** What the process that makes an answer is to make. */
export type AnswerOrder = {
  dataDir: string;
  /** The directory of the archive; empty where there is none. */
  archive: string;
  request: PrivacyRequest;
  exclusions: Exclusion[];
  letter: LetterKind;
  /** The letter as the person gets it. */
  text: string;
  site: { name: string; timeZone: string };
  /** When it is made, in ms since 1970. */
  now: number;
};
/** What it asks of the recorder: the key of the recording of a call, and where the person alone is heard; that these files are signed. */
export type AnswerAsked = { open: string } | { sign: AnswerFile[] };
/** `refused`: nowhere is it certain that they alone are heard. */
export type AnswerOpened =
  | { recording: string; identity: string; them: Heard[]; us: Heard[]; refused?: undefined }
  | { refused: true };
type Heard = { fromMs: number; untilMs: number };
/** The text of `ANSWER.statement`, and the public key (PEM). */
export type AnswerSigned = { text: string; key: string };

export const answerStatementText = (statement: AnswerStatement): string => canonical(statement);

const OPENING = ',';
export const signedAnswer = (text: string, signature: string, publicKey: string): string =>
  `${STATEMENT_LINE}\n${text}\n${signatureLine(OPENING, signature, publicKey)}\n`;

export const answerFaultWords: Record<SignatureFault, string> = {
  shape: 'The file is not the statement of an answer made by Tapedeck, or its layout was changed.',
  signature:
    'The signature does not match the statement: the statement, the signature or the key was changed.',
  key: 'The answer was signed with a different key than the one it was verified with.',
};

/** Verifies the statement of an answer. The hashes of its files are compared by who has them. */
export function verifyAnswer(
  signed: string,
  keys: SignatureKeys,
): VerifiedStatement<AnswerStatement, SignatureFault> {
  const [head, text, last, end, ...rest] = signed.split('\n');
  if (head !== STATEMENT_LINE || text === undefined || last === undefined || end !== '' || rest.length > 0)
    return notAsSigned('shape');
  const lines = { text, last, before: '{"statement":0', opening: OPENING, type: 'tapedeck answer' as const };
  return verifyStatement<AnswerStatement>(lines, keys);
}

/** What the commands below write. */
const WRITTEN = { statement: 'statement.txt', signature: 'signature.bin', sums: 'signed.txt' } as const;
/** What may be in the folder of an answer besides the files that are signed. */
export const ANSWER_EXTRAS = [
  ...[ANSWER.sums, ANSWER.statement, ANSWER.key],
  ...Object.values(WRITTEN),
] as const;

/**
 * The commands that verify an answer in its folder, with coreutils, grep, sed, find and openssl alone. Each exits with 0 when it succeeds.
 * Nobody signs the list of hashes: the files are compared with the statement, and there may be no others.
 */
export const answerCommands = (): string[] => [
  `sha256sum -c ${ANSWER.sums}`,
  `sed -n 2p ${ANSWER.statement} | tr -d '\\n' > ${WRITTEN.statement}`,
  `tail -n 1 ${ANSWER.statement} | sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' | base64 -d > ${WRITTEN.signature}`,
  `openssl pkeyutl -verify -pubin -inkey ${ANSWER.key} -rawin -in ${WRITTEN.statement} -sigfile ${WRITTEN.signature}`,
  `grep -o '"name":"[^"]*","sha256":"[0-9a-f]*"' ${WRITTEN.statement} | sed 's/"name":"\\(.*\\)","sha256":"\\(.*\\)"/\\2  \\1/' > ${WRITTEN.sums}`,
  `sha256sum -c ${WRITTEN.sums}`,
  `test -z "$(find . ! -type d | cut -c 3- | grep -vxF ${ANSWER_EXTRAS.map((name) => `-e ${name}`).join(' ')} -e "$(cut -c 67- ${WRITTEN.sums})")" && echo 'No other file is here'`,
];
