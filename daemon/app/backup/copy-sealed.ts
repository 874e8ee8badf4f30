import { createHash } from 'node:crypto';
import { constants, existsSync, readdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupReader, SealedRow } from '../../catalogue/sqlite/backup/snapshot.js';
import { type SealedLine, sealedFolder, sealedHash, sealedObject } from '../../domain/backup/backup.js';
import { createHashIndex, type HashIndex } from '../../domain/backup/hash-index.js';
import { diskError, fail, isDiskError, TapedeckError } from '../../domain/error.js';
import { documentsFolder } from '../../domain/paths.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import type { StoredFile } from '../../vault/store/store.js';
import { openRecordings } from '../../vault/store/tiers.js';
import type { BackupOrder } from './make.js';

const PIECE = 256 * 1024;
const PAGE = 500;
const SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type Sealing = {
  target: BackupTarget;
  order: Pick<BackupOrder, 'dataDir' | 'archive' | 'audio'>;
  snapshot: BackupReader;
  live: BackupReader;
  /** Sealed objects that the target has, with their bytes. */
  there: HashIndex;
  tally: {
    sealed: number;
    copied: number;
    copiedBytes: number;
    missing: number;
    erased: number;
    totalBytes: number;
  };
  progress: (done: number, total: number) => void;
  total: number;
};

/** One listing takes seconds where asking for each of a million objects would take hours. */
export async function whatIsThere(target: BackupTarget): Promise<HashIndex> {
  const there = createHashIndex();
  for await (const { name, bytes } of target.list(sealedFolder)) {
    const sha256 = sealedHash(name);
    if (sha256 && bytes !== null) there.set(sha256, bytes);
  }
  return there;
}

/** Copies the sealed files that the target has not got; yields each that is there then. */
export async function* copySealed(given: Sealing): AsyncGenerator<SealedLine> {
  const { order, snapshot, tally, progress, total } = given;
  const { dataDir } = order;
  for (const name of namesIn(documentsFolder(dataDir), /^[0-9A-HJKMNP-TV-Z]{26}\.age$/)) {
    const open = async () => pieces(await opened(join(documentsFolder(dataDir), name)));
    const line = await copyOne(given, open, { file: `documents/${name}` });
    if (line) yield line;
  }
  const store = openRecordings({ dataDir, archive: order.archive, owner: async () => snapshot.audit().id });
  let done = 0;
  for (let after = '', rows: SealedRow[] = []; order.audio; after = rows.at(-1)!.id) {
    rows = snapshot.sealed(after, PAGE);
    for (const row of rows) {
      const open = async () => stored(await store.open(row));
      const line = await copyOne(given, open, row);
      if (line) yield line;
      else if (given.live.state(row.id) === 'sealed') tally.missing += 1;
      else tally.erased += 1; // meanwhile
      done += 1;
      progress(done, total);
    }
    if (rows.length < PAGE) return;
  }
}

/** Null for a file that is gone, or is not what was sealed. */
async function copyOne(
  { target, tally, there }: Sealing,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  { file, ...known }: { file: string; bytes?: number; sha256?: string },
): Promise<SealedLine | null> {
  const counted = (line: SealedLine): SealedLine => {
    tally.sealed += 1;
    tally.totalBytes += line.bytes;
    return line;
  };
  const { bytes, sha256 } = known.sha256 ? known : ((await hashed(open)) ?? {});
  if (bytes === undefined || !sha256) return null;
  if (there.get(sha256) === bytes) return counted({ file, bytes, sha256 });
  const hash = createHash('sha256');
  const source = await open().catch((e) => {
    if (isDiskError(diskError(e))) throw e; // of this machine: nothing can be said of the file
    return null;
  });
  if (!source) return null;
  try {
    await target.put(sealedObject(sha256), verified(source, hash, sha256));
  } catch (e) {
    if (e instanceof TapedeckError && e.code === 'seal_damaged') return null;
    throw e;
  }
  there.set(sha256, bytes);
  tally.copied += 1;
  tally.copiedBytes += bytes;
  return counted({ file, bytes, sha256 });
}

/** Fails at its end unless it was what was sealed: then it gets no name at the target. */
async function* verified(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') !== sha256) throw fail('seal_damaged');
}

async function hashed(
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<{ bytes: number; sha256: string } | null> {
  const source = await open().catch(() => null);
  if (!source) return null;
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Follows no link and does not wait for a pipe. */
export async function opened(path: string): Promise<FileHandle> {
  const handle = await open(path, SAFELY);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw fail('data_strange', `${path} is no plain file.`);
}

export async function* pieces(handle: FileHandle): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; ; ) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* stored(file: StoredFile): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < file.size; ) {
      const piece = await file.read(at, PIECE);
      if (piece.length === 0) return;
      at += piece.length;
      yield piece;
    }
  } finally {
    await file.close();
  }
}

export const namesIn = (folder: string, name: RegExp): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((one) => name.test(one))
        .sort()
    : [];
