import { lstatSync } from 'node:fs';
import Database from 'better-sqlite3';
import { diskError, fail, TapedeckError } from '../../../domain/error.js';
import type { Db } from '../db.js';
import { migrations } from '../migrations.js';

/** How often a catalogue that cannot be read is tried again, in ms. */
const RETRY_MS = 1_000;
/** How long a read waits for a lock, in ms: nobody else is served meanwhile. Readers wait for the recovery of a log only. */
const BUSY_MS = 1_000;
/** How often a read is begun again because the shared memory was replaced meanwhile. */
const MOST_TRIES = 3;

/** Where a name leads. Another file in its place has another one. */
type Place = string | null;

type Open<T> = { db: Db; nouns: T; file: Place; memory: Place };

/**
 * Reads a catalogue that another process writes, as a user who may write nothing of it.
 *
 * SQLite lets such a reader follow the log as long as the log is there: while the recorder runs, and after it has stopped for as
 * long as a reader stays. Once the last of them has gone, nobody can read the file before the recorder has opened it again,
 * since a reader may not make a log (SQLite 3.53).
 *
 * The file is another one when a backup was restored, and the shared memory when the recorder made it anew: what is read by
 * the old ones is not what is written. So both are looked at before each read, and the memory after it too.
 */
export function createFollowing<T>(deps: {
  path: string;
  cacheMb?: number | undefined;
  make: (db: Db) => T;
  /** Called when it can be read again, with null, and when it cannot be any more, with why. */
  onChange?: (fault: TapedeckError | null) => void;
}) {
  const memory = `${deps.path}-shm`;
  let open: Open<T> | null = null;
  let fault: TapedeckError | null = null;
  let retry: NodeJS.Timeout | undefined;

  function close(): void {
    open?.db.close();
    open = null;
  }
  /** Returns the catalogue, opened. Throws why it cannot be. */
  function opened(): Open<T> {
    if (open && open.file === placeOf(deps.path) && open.memory === placeOf(memory)) return open;
    close();
    try {
      open = openNow();
    } catch (e) {
      throw gone(e);
    }
    if (fault) deps.onChange?.(null);
    fault = null;
    return open;
  }
  function openNow(): Open<T> {
    const found = lstatSync(deps.path, { throwIfNoEntry: false });
    if (!found) throw fail('catalogue_missing', `${deps.path}.`);
    if (!found.isFile()) throw fail('data_strange', `${deps.path} is not a plain file.`);
    const file = placeOf(deps.path);
    const db = new Database(deps.path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    try {
      if (deps.cacheMb !== undefined) db.pragma(`cache_size = ${-1_000 * deps.cacheMb}`);
      refuseOther(db);
      return { db, nouns: deps.make(db), file, memory: placeOf(memory) };
    } catch (e) {
      db.close();
      throw e;
    }
  }
  /** Closes it and remembers why; it is tried again by the timer. */
  function gone(e: unknown): TapedeckError {
    close();
    const why = inOurWords(e, deps.path);
    const news = why.code !== fault?.code;
    fault = why;
    if (news) deps.onChange?.(why);
    return why;
  }

  function look(): void {
    try {
      opened();
    } catch {
      // `fault` says why
    }
  }

  return {
    start(): void {
      retry ??= setInterval(look, RETRY_MS).unref();
      look();
    },
    stop(): void {
      clearInterval(retry);
      retry = undefined;
      close();
    },
    /** Returns what `verb` reads, in one transaction. Throws why the catalogue cannot be read. */
    read<R>(verb: (nouns: T) => R): R {
      if (!retry) throw new Error('The catalogue is not open.');
      if (!open && fault) throw fault; // asked about each second, however many ask here
      for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
        const { db, nouns, memory: before } = opened();
        const same = () => before === placeOf(memory);
        try {
          const whole = db.transaction(() => {
            refuseOther(db);
            return verb(nouns);
          });
          const given = whole.deferred();
          if (same()) return given;
        } catch (e) {
          if (same()) throw isAway(e) || isOther(e) ? gone(e) : diskError(e);
        }
      }
      throw gone(fail('catalogue_away', 'It was replaced again and again while it was read.'));
    },
  };
}

function placeOf(path: string): Place {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found ? `${found.dev} ${found.ino}` : null;
}

/** Throws `catalogue_older` or `catalogue_newer` for a schema that this version does not know. */
function refuseOther(db: Db): void {
  const found = db.pragma('user_version', { simple: true }) as number;
  const detail = `It is at version ${found}; this Tapedeck knows ${migrations.length}.`;
  if (found < migrations.length) throw fail('catalogue_older', detail);
  if (found > migrations.length) throw fail('catalogue_newer', detail);
}

const isOther = (e: unknown): boolean =>
  e instanceof TapedeckError && (e.code === 'catalogue_older' || e.code === 'catalogue_newer');

/** SQLite says these where it would have to make a log, or may not open one. */
const isAway = (e: unknown): boolean =>
  e instanceof Database.SqliteError && /^SQLITE_(CANTOPEN|READONLY|PROTOCOL)/.test(e.code);

function inOurWords(e: unknown, path: string): TapedeckError {
  if (isAway(e)) return fail('catalogue_away', `${(e as Error).message}.`, e);
  const known = diskError(e);
  return known instanceof TapedeckError
    ? known
    : fail('catalogue_damaged', `${path}: ${(e as Error).message}.`, e);
}
