import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Cdr } from '../domain/assurance/cdr.js';
import { fail } from '../domain/error.js';
import { type CdrReader, endedIn } from './source.js';

/** Records are written when calls end, or in batches: so many ms before the time asked for nothing is missed. */
const UNORDERED = 3_600_000;
/** How far from its end a file is looked at first, in bytes. */
const FIRST_STEP = 1 << 18;
/** Enough for any record, in bytes. */
const PEEK = 1 << 16;
/** A record may hold line ends; so many lines are tried together. */
const MOST_LINES = 4;

/**
 * cdr_csv's Master.csv, and Master.csv.1 that logrotate has made of it. Only the end of a file is read: it is looked for
 * backwards, in growing steps, where the time asked for begins.
 */
export function createCsvReader(deps: { path: string; toCdr: (fields: string[]) => Cdr | null }): CdrReader {
  return {
    name: 'cdr_csv',
    async read(range) {
      try {
        const { cdrs, whole } = await readFile(deps.path, range);
        return whole ? [...(await older(range)), ...cdrs] : cdrs;
      } catch (e) {
        throw fail('cdr_unreadable', `${deps.path}: ${(e as Error).message}`, e);
      }
    },
  };

  async function older(range: { from: number; to: number }): Promise<Cdr[]> {
    try {
      return (await readFile(`${deps.path}.1`, range)).cdrs;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw e;
    }
  }

  async function readFile(
    path: string,
    range: { from: number; to: number },
  ): Promise<{ cdrs: Cdr[]; whole: boolean }> {
    // The PBX writes there: a named pipe would be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error('it is no plain file');
      const { size } = found;
      const start = await beginning(file, size, range.from);
      const cdrs: Cdr[] = [];
      if (size === 0) return { cdrs, whole: true };
      const wanted = endedIn(range);
      const source = { fd: file, autoClose: false, start, end: size - 1, encoding: 'utf8' } as const;
      for await (const cdr of records(createReadStream('', source))) if (wanted(cdr)) cdrs.push(cdr);
      return { cdrs, whole: start === 0 };
    } finally {
      await file.close();
    }
  }

  /** Where a line begins that is from well before this time; the start of the file when there is none. */
  async function beginning(file: FileHandle, size: number, from: number): Promise<number> {
    for (let step = FIRST_STEP; step < size; step *= 4) {
      const at = size - step;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PEEK), 0, PEEK, at);
      const head = buffer.subarray(0, bytesRead);
      const line = head.indexOf('\n') + 1;
      if (line === 0) continue;
      for await (const cdr of records([head.subarray(line).toString()])) {
        if (cdr.endAt < from - UNORDERED) return at + line;
        break;
      }
    }
    return 0;
  }

  /** Line by line, so that a broken record spoils no other: only what makes no sense alone is tried with what follows. */
  async function* records(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Cdr> {
    let rest = '';
    let held: string[] = [];
    for await (const chunk of chunks) {
      const lines = (rest + chunk).split('\n');
      // What has no line end yet is still being written.
      rest = lines.pop()!.slice(0, PEEK);
      for (const line of lines) {
        if (line.length > PEEK) continue;
        const cdr = record(line) ?? (held.length > 0 ? record([...held, line].join('\n')) : null);
        held = cdr ? [] : [...held, line].slice(1 - MOST_LINES);
        if (cdr) yield cdr;
      }
    }
  }

  function record(text: string): Cdr | null {
    try {
      const [fields] = parse(text, { relax_column_count: true, skip_empty_lines: true }) as string[][];
      return fields ? deps.toCdr(fields) : null;
    } catch {
      return null;
    }
  }
}
