import type { Contents } from './disk.js';

const LOG = '-wal';
const HEADER = 32;
const FRAME_HEADER = 24;
/** What SQLite reads of a database's file itself, whatever its log has: the size of a page is there. */
const FILE_HEADER = 100;
/** Of a log whose checksums are of words with their lowest byte first, as on x86 and ARM. */
const LITTLE_ENDIAN = 0x377f0682;

/**
 * The same files as SQLite reads them: of each log only what was committed, as pages of its database. Two disks for which this is
 * the same are the same to whoever opens them: a page in the file counts for nothing where the log has it, and a frame of the
 * log counts for nothing after the last commit whose checksums fit (https://sqlite.org/fileformat2.html#walformat).
 */
export function asRead(contents: Contents): Contents {
  const read: Contents = new Map(contents);
  for (const [path, log] of contents) {
    const file = path.slice(0, -LOG.length);
    const database = contents.get(file);
    // A log beside no database, or an empty one, is not read.
    if (!path.endsWith(LOG) || !log || !database || database.length < FILE_HEADER) continue;
    read.delete(path);
    read.set(file, together(database, log));
  }
  return read;
}

/** The last one asked for of each log: the same files come again and again. */
const known = new WeakMap<Buffer, { database: Buffer; bytes: Buffer }>();

function together(database: Buffer, log: Buffer): Buffer {
  const before = known.get(log);
  if (before?.database === database) return before.bytes;
  const committed = committedIn(log);
  const bytes = committed ? withPages(database, committed) : database;
  known.set(log, { database, bytes });
  return bytes;
}

type Committed = { pageBytes: number; pages: number; frames: Map<number, Buffer> };
/** How far a log was read: its frames up to `at` fit, and `sums` are the checksums there. */
type Reading = {
  log: Buffer;
  at: number;
  sums: [number, number];
  committed: Committed | null;
  waiting: [page: number, bytes: Buffer][];
};
const readings = new WeakMap<Buffer, Reading | null>();
/** The one before: most logs are that one, and a frame more. */
let last: Reading | null = null;

/** The pages that a log has committed, and of how many the database is then; null where there are none. */
function committedIn(log: Buffer): Committed | null {
  if (!readings.has(log)) readings.set(log, readLog(log));
  const found = readings.get(log)!;
  if (found) last = found;
  return found?.committed ?? null;
}

function readLog(log: Buffer): Reading | null {
  if (log.length < HEADER || log.readUInt32BE(0) !== LITTLE_ENDIAN) return null;
  const reading =
    last && last.at <= log.length && last.log.subarray(0, last.at).equals(log.subarray(0, last.at))
      ? { ...last, log }
      : beginning(log);
  if (!reading) return null;
  const pageBytes = log.readUInt32BE(8);
  for (;;) {
    const at = reading.at;
    const end = at + FRAME_HEADER + pageBytes;
    // The salts of the header are in each frame of the same log.
    if (end > log.length || !log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) return reading;
    const sums = summed(log, at + FRAME_HEADER, pageBytes, summed(log, at, 8, reading.sums));
    if (!fits(log, at + 16, sums)) return reading;
    reading.at = end;
    reading.sums = sums;
    reading.waiting = [...reading.waiting, [log.readUInt32BE(at), log.subarray(at + FRAME_HEADER, end)]];
    const pages = log.readUInt32BE(at + 4);
    if (pages === 0) continue;
    const frames = new Map([...(reading.committed?.frames ?? []), ...reading.waiting]);
    reading.committed = { pageBytes, pages, frames };
    reading.waiting = [];
  }
}

function beginning(log: Buffer): Reading | null {
  const sums = summed(log, 0, 24, [0, 0]);
  return fits(log, 24, sums) ? { log, at: HEADER, sums, committed: null, waiting: [] } : null;
}

const fits = (log: Buffer, at: number, [a, b]: [number, number]): boolean =>
  a === log.readUInt32BE(at) && b === log.readUInt32BE(at + 4);

function summed(log: Buffer, from: number, bytes: number, [a, b]: [number, number]): [number, number] {
  for (let at = from; at < from + bytes; at += 8) {
    a = (a + log.readUInt32LE(at) + b) >>> 0;
    b = (b + log.readUInt32LE(at + 4) + a) >>> 0;
  }
  return [a, b];
}

function withPages(database: Buffer, { pageBytes, pages, frames }: Committed): Buffer {
  const bytes = Buffer.alloc(pages * pageBytes + FILE_HEADER);
  database.copy(bytes, 0, 0, pages * pageBytes);
  for (const [page, content] of frames) if (page <= pages) content.copy(bytes, (page - 1) * pageBytes);
  database.copy(bytes, pages * pageBytes, 0, FILE_HEADER);
  return bytes;
}
