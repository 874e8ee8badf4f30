import { createHash, createPublicKey } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { canonical } from '../../domain/assurance/canonical.js';
import { signedParts, signedText } from '../../domain/backup/backup.js';
import { fail, isDestinationError, isDiskError, TapedeckError } from '../../domain/error.js';
import { openSealed } from '../open.js';
import { sealStream } from '../seal.js';
import { fingerprint, verifySignature } from '../signing-key.js';
import type { BackupTarget } from './target.js';

/** Signs the text of a statement, with the key whose public half this is. */
export type StatementSigner = {
  key: { id: string; sha256: string };
  publicKey: string;
  sign(text: string): Promise<string> | string;
};

const PIECE = 256 * 1024;
/** No signed statement is longer, in bytes. */
const LONGEST = 16_000_000;
/** No line of a list is longer, in characters. */
const LONGEST_LINE = 100_000;

type Described = { object: string; bytes: number; sha256: string };
type Sealed = Described & { plain_bytes: number; plain_sha256: string };

/** Encrypts a stream to the recipient and stores it, in constant memory. */
export async function putEncrypted(
  target: BackupTarget,
  object: string,
  source: AsyncIterable<Uint8Array>,
  recipient: string,
): Promise<Sealed> {
  const store = { put: (_: unknown, bytes: AsyncIterable<Uint8Array>) => target.put(object, bytes) };
  const made = await sealStream(store, { id: object, file: object }, source, { recipient });
  return {
    ...{ object, bytes: made.sealedBytes, sha256: made.sealedSha256 },
    ...{ plain_bytes: made.plainBytes, plain_sha256: made.plainSha256 },
  };
}

/**
 * The content of an encrypted object, piece by piece. Nothing of it may be put to use before all of it was read: the last step
 * throws `backup_damaged` when it is not what was described.
 */
export async function* readEncrypted(
  target: BackupTarget,
  described: Sealed,
  identity: string,
): AsyncGenerator<Uint8Array> {
  const { object, bytes, plain_bytes: plainBytes, plain_sha256: sha256 } = described;
  if ((await target.size(object)) !== bytes) throw fail('backup_damaged', `${object} has another length.`);
  const place = { id: object, file: object };
  const opened = await openSealed({ open: () => target.open(object) }, place, identity).catch((e) => {
    throw damaged(e, object);
  });
  const hash = createHash('sha256');
  try {
    if (opened.size !== plainBytes) throw fail('backup_damaged', `${object} holds another length.`);
    for await (const piece of opened.read(0, opened.size - 1)) {
      hash.update(piece as Buffer);
      yield piece as Buffer;
    }
  } catch (e) {
    throw damaged(e, object);
  } finally {
    await opened.close();
  }
  if (hash.digest('hex') !== sha256) throw fail('backup_damaged', `${object} holds something else.`);
}

function damaged(e: unknown, object: string): unknown {
  if (e instanceof TapedeckError && e.code === 'seal_damaged')
    return fail('backup_damaged', `${object}: ${e.detail}`, e);
  return e;
}

/** Throws `backup_damaged` unless an object is there with this length and this hash. `pause` waits between two pieces. */
export async function verifyObject(
  target: BackupTarget,
  { object, bytes, sha256 }: Described,
): Promise<void> {
  const hash = createHash('sha256');
  for await (const piece of readObject(target, object, bytes)) hash.update(piece);
  if (hash.digest('hex') !== sha256) throw fail('backup_damaged', `${object} was changed.`);
}

/** The bytes of an object. Throws `backup_damaged` unless it has this length. */
export async function* readObject(
  target: BackupTarget,
  object: string,
  bytes: number,
): AsyncGenerator<Buffer> {
  const file = await target.open(object);
  try {
    if (file.size !== bytes)
      throw fail('backup_damaged', `${object} has ${file.size} bytes instead of ${bytes}.`);
    for (let at = 0; at < bytes; ) {
      const piece = await file.read(at, PIECE);
      if (piece.length === 0) throw fail('backup_damaged', `${object} was cut.`);
      at += piece.length;
      yield piece;
    }
  } finally {
    await file.close();
  }
}

/** The lines of a text, each as this shape has it. Throws `backup_damaged` for any other. */
export async function* linesOf<S extends TSchema>(
  source: AsyncIterable<Uint8Array>,
  shape: S,
  what: string,
): AsyncGenerator<Static<S>> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of source) {
    rest += decoder.write(piece as Buffer);
    const lines = rest.split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) throw fail('backup_damaged', `${what} has a line that is too long.`);
    for (const line of lines) yield parsed(line, shape, what);
  }
  if (rest !== '') throw fail('backup_damaged', `${what} ends in the middle of a line.`);
}

function parsed<S extends TSchema>(text: string, shape: S, what: string): Static<S> {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(shape, value)) return value as Static<S>;
  } catch {
    // no JSON
  }
  throw fail('backup_damaged', `${what} holds something that Tapedeck did not write.`);
}

/** Signs a statement and stores it. */
export async function putSigned(
  target: BackupTarget,
  object: string,
  statement: object,
  { publicKey, sign }: StatementSigner,
): Promise<void> {
  const text = canonical(statement);
  await target.put(object, Buffer.from(signedText(text, await sign(text), publicKey)));
}

export type Signed<T> = { statement: T; publicKey: string; fingerprint: string };

/**
 * Reads a signed statement. It is signed by the key that is in it, or by one of `trusted` (PEM) if they are given: who has no copy
 * of the key has to compare the fingerprint. Throws `backup_damaged`.
 */
export async function readSigned<S extends TSchema>(
  target: BackupTarget,
  object: string,
  shape: S,
  trusted: readonly string[] | null = null,
): Promise<Signed<Static<S>>> {
  const size = await target.size(object);
  if (size === null) throw fail('backup_damaged', `${object} is missing.`);
  if (size > LONGEST) throw fail('backup_damaged', `${object} is too long.`);
  const pieces: Buffer[] = [];
  for await (const piece of readObject(target, object, size)) pieces.push(piece);
  const parts = signedParts(Buffer.concat(pieces).toString('utf8'));
  if (!parts) throw fail('backup_damaged', `${object} is not a signed statement.`);
  const { statement: text, signature, publicKey } = parts;
  const print = printOf(publicKey);
  if (!print || !verifySignature(publicKey, Buffer.from(text), Buffer.from(signature, 'base64')))
    throw fail('backup_damaged', `The signature of ${object} is not valid.`);
  if (trusted && !trusted.some((pem) => printOf(pem) === print))
    throw fail('backup_damaged', `${object} was signed with a different key.`);
  const statement = parsed(text, shape, object);
  if ((statement as { key?: { sha256?: string } }).key?.sha256 !== print)
    throw fail('backup_damaged', `${object} names a different key.`);
  return { statement, publicKey, fingerprint: print };
}

function printOf(pem: string): string | null {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'ed25519' ? fingerprint(pem) : null;
  } catch {
    return null;
  }
}

/** What is wrong with a backup, in words; errors of a disk or of the place say nothing of the backup, and are thrown on. */
export function faultIn(e: unknown): string {
  if (e instanceof TapedeckError && e.code === 'backup_damaged') return e.detail;
  if (e instanceof TapedeckError && !isDiskError(e) && !isDestinationError(e))
    return `${e.message} ${e.detail}`.trim();
  throw e;
}
