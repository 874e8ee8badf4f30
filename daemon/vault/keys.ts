import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { databaseError, diskError, fail } from '../domain/error.js';
import { makeFolderNow } from './place.js';
import { type Register, registerIn, registerSchema } from './register.js';
import { destroyInCopies } from './upgrade/key-copies.js';
import { unwrapWithAny, wrap } from './wrap.js';

export type Keys = {
  /** Opens the file, making it if need be. Throws master_key_wrong; read-only, key_missing when there is no file. */
  start(): void;
  stop(): void;
  /**
   * Makes a recording's key, durable when this resolves. A recording that has one keeps it: a step may be repeated.
   * Throws key_missing when the recording's key was destroyed, disk_full and its like when it cannot be written.
   */
  create(recordingId: string): Promise<{ identity: string; recipient: string }>;
  /** The age identity (AGE-SECRET-KEY-1...). Throws key_missing when it was destroyed or never made. */
  identity(recordingId: string): Promise<string>;
  /** Destroys a recording's key: durable when this resolves. Gives false if there was none. */
  destroy(recordingId: string): Promise<boolean>;
  /** The same for several, which wait for the disk together: all of them are destroyed, or none. */
  destroyAll(recordingIds: readonly string[]): Promise<void>;
  has(recordingId: string): boolean;
  /** What was sealed with these keys, in the same file. */
  register(): Register;
  /** The master keys that are known, the one that rows are wrapped under now first. Throws master_key_wrong. */
  masterKeys(): [Uint8Array, ...Uint8Array[]];
};

/** These verbs, answered at once or later: callers await them. */
export type Awaitable<T> = {
  [Verb in keyof T]: T[Verb] extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Answer | Promise<Awaited<Answer>>
    : never;
};
/** The same verbs, in this thread or in one of their own. */
export type AnyKeys = Awaitable<Omit<Keys, 'register'>> & { register(): Awaitable<Register> };

/** Without the register, which is its second version. */
export const keysSchema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE key (slot INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL) STRICT;
`;

/** The keys of signed documents have this before the id of their document. */
export const DOCUMENT_KEY = 'document-';

/** What the key of a recording wraps to is all zeros once it was destroyed. */
export const destroyed = '(wrapped = zeroblob(length(wrapped)))';

/** Wrapped under the master key that is in use: how a wrong one is told, and that another has come. */
const CHECK = 'tapedeck';

/**
 * The keys of the recordings: one age X25519 identity each, wrapped (chacha20-poly1305, random nonce, the recording's id
 * as associated data) under the 32-byte master key, in a SQLite file of its own. Several processes may have it open;
 * those that only play should say `readonly`.
 *
 * The file has a rollback journal and secure_delete, because both a WAL and freed pages would keep a destroyed key. That
 * is not enough: when SQLite splits or joins pages it moves rows, and now and then a copy stays behind in a page's unused
 * part (2 of 6391 destroyed keys, SQLite 3.53). So rows here never move: they are only ever added at the end, and a
 * destroyed key is overwritten with zeros in its place, same length. The row that is left also keeps a destroyed key from
 * being made again. What a file system or a disk keeps of a deleted journal is out of our hands; it is still wrapped.
 *
 * The master key may change while the file is open (rotation.ts): `reread` gives those that there are by now, and is asked
 * when something does not open.
 */
export function createKeys({
  path,
  masterKey,
  reread = () => [],
  readonly = false,
}: {
  path: string;
  masterKey: Uint8Array;
  reread?: () => readonly Uint8Array[];
  readonly?: boolean;
}): Keys {
  let opened:
    | {
        db: Database.Database;
        find: Find;
        check: Database.Statement<[], Buffer>;
        insert: Database.Statement;
        blank: Database.Statement;
        register: Register;
      }
    | undefined;
  type Find = Database.Statement<[string], { wrapped: Buffer; destroyed: 0 | 1 }>;
  let ring: readonly Uint8Array[] = [masterKey];

  /** Opens it with a key that is known, or with one that is there by now. */
  function open(wrapped: Uint8Array, aad: string) {
    const found = unwrapWithAny(ring, wrapped, aad);
    if (found) return found;
    ring = [...reread(), ...ring].slice(0, 4);
    return unwrapWithAny(ring, wrapped, aad);
  }

  /** The key that rows are wrapped under now. Throws master_key_wrong. */
  function inUse(): Uint8Array {
    const check = store().check.get();
    const found = check && open(check, '');
    if (!found) throw fail('master_key_wrong');
    return found.key;
  }

  function store() {
    if (!opened) throw fail('internal', 'The key store is not open.');
    return opened;
  }

  function identityOf(recordingId: string): string {
    const row = store().find.get(recordingId);
    if (!row) throw fail('key_missing', `Recording ${recordingId}.`);
    if (row.destroyed) throw fail('key_missing', `The key of recording ${recordingId} was destroyed.`);
    const found = open(row.wrapped, recordingId);
    if (found) return found.plain.toString('latin1');
    inUse(); // if the master key was changed and is not known here, that is what is wrong
    throw fail('key_missing', `The key of recording ${recordingId} is damaged.`);
  }

  return {
    start() {
      if (masterKey.length !== 32) throw fail('master_key_wrong', 'It is not 32 bytes long.');
      if (readonly && !existsSync(path))
        throw fail('key_missing', `${path} is not there; start the daemon first.`);
      if (!readonly) createPrivately(path);
      const db = new Database(path, { readonly, fileMustExist: true, timeout: 5000 });
      try {
        prepare(db, masterKey, readonly);
        opened = {
          db,
          check: checkIn(db),
          find: db.prepare(`SELECT wrapped, ${destroyed} AS destroyed FROM key WHERE recording_id = ?`),
          insert: db.prepare('INSERT INTO key (recording_id, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING'),
          blank: db.prepare(
            `UPDATE key SET wrapped = zeroblob(length(wrapped)) WHERE recording_id = ? AND NOT ${destroyed}`,
          ),
          register: registerIn(db),
        };
        inUse();
      } catch (error) {
        opened = undefined;
        db.close();
        throw databaseError(error, path);
      }
    },
    stop() {
      opened?.db.close();
      opened = undefined;
    },
    async create(recordingId) {
      if (!recordingId) throw fail('internal', 'A recording without an id gets no key.');
      // Whoever only reads keys does not load it.
      const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
      const made = await generateX25519Identity();
      const { db, insert } = store();
      // In one transaction with the look at which key is in use: a rotation may end at any time, and the old key with it.
      const add = () => insert.run(recordingId, wrap(inUse(), Buffer.from(made, 'latin1'), recordingId));
      onDisk(() => db.transaction(add).immediate());
      const identity = identityOf(recordingId);
      return { identity, recipient: await identityToRecipient(identity) };
    },
    async identity(recordingId) {
      return identityOf(recordingId);
    },
    async destroy(recordingId) {
      const { blank, find } = store();
      destroyInCopies(path, [recordingId]);
      const { changes } = onDisk(() => blank.run(recordingId));
      if (find.get(recordingId)?.destroyed === 0) {
        throw fail('internal', `The key of recording ${recordingId} could not be destroyed.`);
      }
      return changes > 0;
    },
    async destroyAll(recordingIds) {
      const { db, blank, find } = store();
      destroyInCopies(path, recordingIds);
      const all = db.transaction(() => {
        for (const id of recordingIds) blank.run(id);
      });
      onDisk(() => all.immediate());
      const left = recordingIds.find((id) => find.get(id)?.destroyed === 0);
      if (left !== undefined) throw fail('internal', `The key of recording ${left} could not be destroyed.`);
    },
    has(recordingId) {
      return store().find.get(recordingId)?.destroyed === 0;
    },
    register: () => store().register,
    masterKeys() {
      const now = inUse();
      return [now, ...ring.filter((key) => key !== now)];
    },
  };
}

function onDisk<T>(write: () => T): T {
  try {
    return write();
  } catch (e) {
    throw diskError(e);
  }
}

/** What stands in keys.db for the master key in use. The associated data is empty, which no recording's id is. */
export const checkOf = (masterKey: Uint8Array): Buffer => wrap(masterKey, Buffer.from(CHECK), '');

/** Finds it in a keys.db. */
export const checkIn = (db: Database.Database) =>
  db.prepare<[], Buffer>("SELECT value FROM meta WHERE name = 'check'").pluck();

/** Throws master_key_wrong unless this is the master key that the keys in this keys.db are wrapped under. */
export function mustOpen(path: string, masterKey: Uint8Array): void {
  const db = new Database(path, { fileMustExist: true, timeout: 5000 });
  try {
    const check = checkIn(db).get();
    if (!check || !unwrapWithAny([masterKey], check, '')) throw fail('master_key_wrong');
  } finally {
    db.close();
  }
}

/** SQLite would make the file as open as the umask allows; its journal takes the file's mode. */
export function createPrivately(path: string): void {
  makeFolderNow(dirname(path));
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** How the file is written, so that nothing is lost and nothing destroyed is kept. Throws when SQLite will not have it so. */
export function writeSafely(db: Database.Database): void {
  db.pragma('journal_mode = DELETE');
  db.pragma('synchronous = EXTRA'); // FULL, and fsync of the directory once the journal is gone: that is the commit
  db.pragma('secure_delete = ON');
  db.pragma('temp_store = MEMORY');
  const found = ['journal_mode', 'synchronous', 'secure_delete'].map((name) =>
    db.pragma(name, { simple: true }),
  );
  if (found.join() !== 'delete,3,1') throw fail('internal', `keys.db has the settings ${found.join()}.`);
}

function prepare(db: Database.Database, masterKey: Uint8Array, readonly: boolean): void {
  if (!readonly) {
    writeSafely(db);
    db.transaction(() => {
      const at = db.pragma('user_version', { simple: true });
      if (at === 0) {
        db.exec(keysSchema);
        db.prepare("INSERT INTO meta VALUES ('check', ?)").run(checkOf(masterKey));
      }
      if (at === 0 || at === 1) db.exec(registerSchema);
    }).immediate();
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version === 0) throw fail('key_missing', 'keys.db is empty; start the daemon first.');
  // Who may only read finds the one of the version before until the recorder has started.
  if (version > 2) throw fail('keys_newer', `It has version ${version}; this Tapedeck knows 2.`);
}

/** How many keys of recordings there are in a keys.db, and how many were destroyed. Needs no master key. */
export function countKeys(path: string): { live: number; destroyed: number } {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  try {
    return db
      .prepare<[], { live: number; destroyed: number }>(
        `SELECT count(*) - coalesce(sum(${destroyed}), 0) AS live, coalesce(sum(${destroyed}), 0) AS destroyed FROM key
          WHERE recording_id NOT LIKE '${DOCUMENT_KEY}%'`,
      )
      .get()!;
  } catch (error) {
    throw databaseError(error, path);
  } finally {
    db.close();
  }
}

/** Looks up which keys of a keys.db are not destroyed. Needs no master key. */
export function lookForKeys(path: string): { has(id: string): boolean; close(): void } {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  const live = db.prepare<[string], 1>(`SELECT 1 FROM key WHERE recording_id = ? AND NOT ${destroyed}`);
  return { has: (id) => live.get(id) !== undefined, close: () => void db.close() };
}
