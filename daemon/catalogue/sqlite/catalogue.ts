import { diskError, fail, isLocked, TapedeckError } from '../../domain/error.js';
import { type Entries, entriesFor } from '../audit.js';
import type { BadRow, Catalogue } from '../catalogue.js';
import { createReader } from './checked.js';
import { closeBesideReaders, type Db, type Opening, openDb } from './db.js';
import { createNouns, type Prepared } from './nouns.js';
import { type Read, verbsOf, type Write } from './verbs.js';
import { createWal, type Wal } from './writing/wal.js';
import { createWrites } from './writing/writes.js';

/** Called for each row that cannot be read, and so was left out; again whenever it is met. */
export type OnBadRow = (bad: BadRow) => void;

/**
 * The catalogue in one SQLite file, for the process that writes it. With `readonlyOk` a file that this process may not write is
 * opened for reading; what writes then throws. `start()` throws `catalogue_newer`, `catalogue_missing`, `data_strange`,
 * and `catalogue_locked`, as every verb does then until it is started.
 */
export function createSqliteCatalogue(
  deps: Opening & {
    path: string;
    /** Called when the disk is full; when it has made some room what was to be written is tried again. */
    makeRoom?: () => boolean;
    onBadRow?: OnBadRow;
    /** Told when a write was refused because another process has locked the catalogue, and when the next one succeeds. */
    onLock?: (locked: boolean) => void;
    /** Told why the write-ahead log could not be moved to the file, and goes on growing. */
    onLong?: (e: unknown) => void;
    /** For tests. */
    beginThread?: Parameters<typeof createWal>[1];
  },
): Catalogue {
  let open: { db: Db; nouns: Prepared; wal: Wal; writes: ReturnType<typeof createWrites> } | null = null;

  /** Why it could not be opened. */
  let shut: unknown;
  const opened = () => {
    if (!open) throw shut ?? new Error('The catalogue is not open.');
    return open;
  };
  const read: Read = async (verb) => {
    const o = opened();
    try {
      return o.db.transaction(() => verb(o.nouns)).deferred();
    } catch (e) {
      throw diskError(e);
    }
  };
  const writer =
    (after: <T>(n: Prepared, given: T) => void): Write =>
    async (verb, { shows = () => true, soon } = {}) => {
      const { nouns, writes } = opened();
      return writes.write(() => {
        const before = nouns.changes.rows();
        const value = verb(nouns);
        const counts = nouns.changes.rows() > before && shows(value);
        after(nouns, value);
        return { value, counts };
      }, soon);
    };
  const write = writer(() => {});
  /** The same, with what is to be written of it in the audit log: both are there, or neither. */
  const witnessed = <T>(entries: Entries<T>): Write =>
    writer((n, given) => {
      for (const entry of entriesFor(entries, given as unknown as T)) n.audit.append(entry);
    });
  /** One work in a transaction of its own. */
  const transact = <T>(work: () => T): T => {
    const o = opened();
    for (;;) {
      try {
        return o.db.transaction(work).immediate();
      } catch (e) {
        const error = o.db.readonly ? e : diskError(e);
        const full = error instanceof TapedeckError && error.code === 'disk_full';
        if (!full || !deps.makeRoom?.()) throw error;
      }
    }
  };

  const catalogue: Catalogue = {
    async start() {
      if (open) return;
      const db = await openDb(deps.path, deps).catch((e) => {
        shut = isLocked(e) ? e : undefined;
        throw e;
      });
      const nouns = createNouns(db, createReader(deps.onBadRow ?? (() => {})));
      const wal = createWal(db, deps.beginThread);
      const writes = createWrites(db, wal, transact, nouns.changes.bump, deps);
      open = { db, nouns, wal, writes };
    },
    async stop() {
      if (!open) return;
      const { db, wal, writes } = open;
      await writes.finish();
      open = null;
      wal.stop();
      closeBesideReaders(db);
    },
    ...verbsOf(read, write),
    audited: (entries, verb) => verb(verbsOf(notRead, once(witnessed(entries)))),
    checkpoint: async () => opened().writes.move('TRUNCATE'),
    schemaFaults: () => read((n) => n.schemaFaults()),
    changeCount: () => read((n) => n.changes.count()),
  };
  return catalogue;
}

const notRead: Read = async () => {
  throw fail('internal', 'What is written with an entry of the audit log has to write.');
};

/** An entry tells of one deed: a second one would be in the log twice, or not as what it was. */
function once(write: Write): Write {
  let written = false;
  return async (verb, shows) => {
    if (written) throw fail('internal', 'One entry of the audit log was to cover two deeds.');
    written = true;
    return write(verb, shows);
  };
}
