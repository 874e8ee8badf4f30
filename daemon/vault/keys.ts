import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { fail } from '../domain/error.js';

export type Keys = {
  /** Opens the file, making it if need be. Throws master_key_wrong; read-only, key_missing when there is no file. */
  start(): void;
  stop(): void;
  /**
   * Makes a recording's key, durable when this resolves. A recording that has one keeps it: a step may be repeated.
   * Throws key_missing when the recording's key was destroyed.
   */
  create(recordingId: string): Promise<{ identity: string; recipient: string }>;
  /** The age identity (AGE-SECRET-KEY-1...). Throws key_missing when it was destroyed or never made. */
  identity(recordingId: string): Promise<string>;
  /** Destroys a recording's key: durable when this resolves. Gives false if there was none. */
  destroy(recordingId: string): Promise<boolean>;
  has(recordingId: string): boolean;
};

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE key (slot INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL) STRICT;
  PRAGMA user_version = 1;
`;

const destroyed = '(wrapped = zeroblob(length(wrapped)))';

const cipherName = 'chacha20-poly1305';
const nonceBytes = 12;
const tagBytes = 16;

function wrap(masterKey: Uint8Array, plain: Uint8Array, aad: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, masterKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(aad), { plaintextLength: plain.length });
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(masterKey: Uint8Array, wrapped: Uint8Array, aad: string): Buffer {
  const body = wrapped.subarray(nonceBytes, -tagBytes);
  const nonce = wrapped.subarray(0, nonceBytes);
  const decipher = createDecipheriv(cipherName, masterKey, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(aad), { plaintextLength: body.length });
  decipher.setAuthTag(wrapped.subarray(-tagBytes));
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

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
 */
export function createKeys({
  path,
  masterKey,
  readonly = false,
}: {
  path: string;
  masterKey: Uint8Array;
  readonly?: boolean;
}): Keys {
  let opened:
    | { db: Database.Database; find: Find; insert: Database.Statement; blank: Database.Statement }
    | undefined;
  type Find = Database.Statement<[string], { wrapped: Buffer; destroyed: 0 | 1 }>;

  function store() {
    if (!opened) throw fail('internal', 'The key store is not open.');
    return opened;
  }

  function identityOf(recordingId: string): string {
    const row = store().find.get(recordingId);
    if (!row) throw fail('key_missing', `Recording ${recordingId}.`);
    if (row.destroyed) throw fail('key_missing', `The key of recording ${recordingId} was destroyed.`);
    try {
      return unwrap(masterKey, row.wrapped, recordingId).toString('latin1');
    } catch (error) {
      throw fail('key_missing', `The key of recording ${recordingId} is damaged.`, error);
    }
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
          find: db.prepare(`SELECT wrapped, ${destroyed} AS destroyed FROM key WHERE recording_id = ?`),
          insert: db.prepare('INSERT INTO key (recording_id, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING'),
          blank: db.prepare(
            `UPDATE key SET wrapped = zeroblob(length(wrapped)) WHERE recording_id = ? AND NOT ${destroyed}`,
          ),
        };
      } catch (error) {
        db.close();
        throw error;
      }
    },
    stop() {
      opened?.db.close();
      opened = undefined;
    },
    async create(recordingId) {
      if (!recordingId) throw fail('internal', 'A recording without an id gets no key.');
      const made = await generateX25519Identity();
      store().insert.run(recordingId, wrap(masterKey, Buffer.from(made, 'latin1'), recordingId));
      const identity = identityOf(recordingId);
      return { identity, recipient: await identityToRecipient(identity) };
    },
    async identity(recordingId) {
      return identityOf(recordingId);
    },
    async destroy(recordingId) {
      const { blank, find } = store();
      const { changes } = blank.run(recordingId);
      if (find.get(recordingId)?.destroyed === 0) {
        throw fail('internal', `The key of recording ${recordingId} could not be destroyed.`);
      }
      return changes > 0;
    },
    has(recordingId) {
      return store().find.get(recordingId)?.destroyed === 0;
    },
  };
}

/** SQLite would make the file as open as the umask allows; its journal takes the file's mode. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o640));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function prepare(db: Database.Database, masterKey: Uint8Array, readonly: boolean): void {
  if (!readonly) {
    db.pragma('journal_mode = DELETE');
    db.pragma('synchronous = EXTRA'); // FULL, and fsync of the directory once the journal is gone: that is the commit
    db.pragma('secure_delete = ON');
    db.pragma('temp_store = MEMORY');
    const found = ['journal_mode', 'synchronous', 'secure_delete'].map((name) =>
      db.pragma(name, { simple: true }),
    );
    if (found.join() !== 'delete,3,1') throw fail('internal', `keys.db has the settings ${found.join()}.`);
    db.transaction(() => {
      if (db.pragma('user_version', { simple: true }) === 0) {
        db.exec(schema);
        // The associated data is empty, which no recording's id is.
        db.prepare("INSERT INTO meta VALUES ('check', ?)").run(wrap(masterKey, Buffer.from('tapedeck'), ''));
      }
    }).immediate();
  }
  const version = db.pragma('user_version', { simple: true });
  if (version === 0) throw fail('key_missing', 'keys.db is empty; start the daemon first.');
  if (version !== 1) throw fail('catalogue_newer', `keys.db has version ${version}, not 1.`);
  const check = db.prepare<[], { value: Buffer }>("SELECT value FROM meta WHERE name = 'check'").get();
  try {
    if (!check) throw new Error('no check value');
    unwrap(masterKey, check.value, '');
  } catch (error) {
    throw fail('master_key_wrong', '', error);
  }
}
