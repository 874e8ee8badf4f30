import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Cdr } from '../domain/assurance/cdr.js';
import { diskError } from '../domain/error.js';
import { FIRST, PbxId } from '../domain/pbx.js';

/** A CDR and when it was heard, ms since 1970. */
export type Heard = { at: number; cdr: Cdr };
/** Lines of versions that knew one PBX do not name it. */
const Written = Type.Object({
  at: Type.Number(),
  cdr: Type.Object({ ...Cdr.properties, pbx: Type.Optional(PbxId) }),
});

export type CdrJournal = ReturnType<typeof createCdrJournal>;

/** Some 30,000 CDRs. */
const MAX_BYTES = 16 << 20;
const NEWLINE = 0x0a;
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * CDRs that are not in the catalogue yet, one line of JSON each. What `append` has written survives the end of this
 * process at once, and a power cut once `sync` has resolved. Lines may be read twice: the catalogue knows each CDR.
 * All verbs throw `disk_full`, `disk_failed` and the like.
 */
export function createCdrJournal({ file, maxBytes = MAX_BYTES }: { file: string; maxBytes?: number }) {
  let fd: number | null = null;
  /** The name of the file survives a power cut. */
  let named = false;

  function opened(): number {
    if (fd !== null) return fd;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const made = openSync(file, FLAGS, 0o600);
    try {
      if (!fstatSync(made).isFile())
        throw Object.assign(new Error(`${file} is not a plain file.`), { code: 'EIO' });
      endLine(made);
    } catch (e) {
      closeSync(made);
      throw e;
    }
    fd = made;
    return made;
  }

  return {
    file,
    /** Adds one line. Throws `disk_full` when the journal has reached its limit. */
    append(heard: Heard): void {
      try {
        const to = opened();
        const line = Buffer.from(`${JSON.stringify(heard)}\n`);
        const { size } = fstatSync(to);
        if (size + line.length > maxBytes)
          throw Object.assign(new Error(`${file} has reached ${maxBytes} bytes.`), { code: 'ENOSPC' });
        if (writeSync(to, line) === line.length) return;
        ftruncateSync(to, size);
        throw Object.assign(new Error(`${file} could not be written whole.`), { code: 'ENOSPC' });
      } catch (e) {
        throw diskError(e);
      }
    },
    /** Resolves when all that was appended is durable. After a failure the lines have to be appended again. */
    async sync(): Promise<void> {
      try {
        await promisify(fsync)(opened());
        if (!named) await syncFolder(dirname(file));
        named = true;
      } catch (e) {
        throw diskError(e);
      }
    },
    /** Returns what an earlier process left, and how many lines were not whole or made no sense. */
    read(): { heard: Heard[]; unreadable: number } {
      try {
        const lines = contents(opened()).split('\n').filter(Boolean);
        const heard = lines.flatMap((line) => parsed(line) ?? []);
        return { heard, unreadable: lines.length - heard.length };
      } catch (e) {
        throw diskError(e);
      }
    },
    /** Empties it. Not durable: after a power cut the lines may be there again. */
    clear(): void {
      try {
        ftruncateSync(opened(), 0);
      } catch (e) {
        throw diskError(e);
      }
    },
    stop(): void {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A line that was cut off by a crash must not swallow the next one. */
function endLine(fd: number): void {
  const { size } = fstatSync(fd);
  if (size === 0) return;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  if (last[0] !== NEWLINE) writeSync(fd, '\n');
}

/** Never more than this writes, whatever was put there. */
function contents(fd: number): string {
  const buffer = Buffer.alloc(Math.min(fstatSync(fd).size, 2 * MAX_BYTES));
  let done = 0;
  for (let n = -1; n !== 0 && done < buffer.length; done += n)
    n = readSync(fd, buffer, done, buffer.length - done, done);
  return buffer.toString('utf8', 0, done);
}

function parsed(line: string): Heard | null {
  try {
    const value: unknown = JSON.parse(line);
    return Value.Check(Written, value)
      ? { ...value, cdr: { ...value.cdr, pbx: value.cdr.pbx ?? FIRST } }
      : null;
  } catch {
    return null;
  }
}
