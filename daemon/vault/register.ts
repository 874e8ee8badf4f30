import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { databaseError, diskError, fail } from '../domain/error.js';
import type { RecordingId } from '../domain/recording/recording.js';
import type { Registered } from '../domain/recording/registered.js';

/**
 * What the recorder has sealed, beside the keys in keys.db: the dashboard neither reads nor writes it, and a catalogue that was
 * edited or restored does not change it. An entry stays when its key is destroyed; it names nobody.
 *
 * `settled`: the row of the recording has been in the catalogue. Until then the recording may be sealed again under the same id;
 * from then on its file is never replaced, also not by a recorder whose catalogue is older than that.
 */
export type Register = {
  /** Null when nothing was sealed under this id. */
  find(id: RecordingId): (Registered & { settled: boolean }) | null;
  /** Notes what is being sealed, durable when this returns. Throws `internal` when the entry is settled. */
  seal(entry: Registered): void;
  settle(id: RecordingId): void;
  /** Sealed, and not known to be in the catalogue. */
  unsettled(): RecordingId[];
  /** A manifest was signed later. One that is noted already stays. */
  signed(id: RecordingId, manifestSha256: string): void;
  /** Notes recordings of before there was a register, as the catalogue has them at `at` (ms since 1970). Known ones stay. */
  takeIn(entries: readonly Registered[], at: number): void;
  /** Whether all of those are noted: from then on a recording without an entry is none that was sealed here. */
  isComplete(): boolean;
  complete(): void;
};

export const registerSchema = `
  CREATE TABLE sealed (
    recording_id TEXT PRIMARY KEY,
    plain_sha256 TEXT NOT NULL,
    sealed_sha256 TEXT NOT NULL,
    manifest_sha256 TEXT,
    settled INTEGER NOT NULL,
    taken_in_at INTEGER
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 2;
`;

type Row = Registered & { settled: 0 | 1 };

/** The register in an open keys.db. One that has none yet, for who may only read it, is empty and incomplete. */
export function registerIn(db: Database.Database): Register {
  if ((db.pragma('user_version', { simple: true }) as number) < 2) return NONE;
  const find = db.prepare<[string], Row>(`
    SELECT recording_id AS recordingId, plain_sha256 AS plainSha256, sealed_sha256 AS sealedSha256,
      manifest_sha256 AS manifestSha256, settled FROM sealed WHERE recording_id = ?`);
  const seal = db.prepare(`
    INSERT INTO sealed VALUES ($recordingId, $plainSha256, $sealedSha256, $manifestSha256, 0, NULL)
    ON CONFLICT (recording_id) DO UPDATE SET plain_sha256 = excluded.plain_sha256,
      sealed_sha256 = excluded.sealed_sha256, manifest_sha256 = excluded.manifest_sha256 WHERE settled = 0`);
  const settle = db.prepare('UPDATE sealed SET settled = 1 WHERE recording_id = ? AND settled = 0');
  const unsettled = db.prepare<[], string>('SELECT recording_id FROM sealed WHERE settled = 0').pluck();
  const signed = db.prepare(
    'UPDATE sealed SET manifest_sha256 = ? WHERE recording_id = ? AND manifest_sha256 IS NULL',
  );
  const takeIn = db.prepare(`
    INSERT INTO sealed VALUES ($recordingId, $plainSha256, $sealedSha256, $manifestSha256, 1, $at)
    ON CONFLICT DO NOTHING`);
  const isComplete = db.prepare("SELECT 1 FROM meta WHERE name = 'register_complete'");
  const complete = db.prepare("INSERT INTO meta VALUES ('register_complete', x'01') ON CONFLICT DO NOTHING");
  const onDisk = <T>(write: () => T): T => {
    try {
      return write();
    } catch (e) {
      throw diskError(e);
    }
  };
  return {
    find(id) {
      const row = find.get(id);
      return row ? { ...row, settled: row.settled === 1 } : null;
    },
    seal(entry) {
      if (onDisk(() => seal.run(entry)).changes === 0)
        throw fail('internal', `Recording ${entry.recordingId} was sealed before.`);
    },
    settle: (id) => void onDisk(() => settle.run(id)),
    unsettled: () => unsettled.all(),
    signed: (id, sha256) => void onDisk(() => signed.run(sha256, id)),
    takeIn(entries, at) {
      const all = db.transaction(() => {
        for (const entry of entries) takeIn.run({ ...entry, at });
      });
      onDisk(() => all.immediate());
    },
    isComplete: () => isComplete.get() !== undefined,
    complete: () => void onDisk(() => complete.run()),
  };
}

const refuse = (): never => {
  throw fail('internal', 'The register cannot be written here.');
};
const NONE: Register = {
  find: () => null,
  unsettled: () => [],
  isComplete: () => false,
  ...{ seal: refuse, settle: refuse, signed: refuse, takeIn: refuse, complete: refuse },
};

/** What is noted of a recording; null for nothing, undefined where it may still have to be taken in. */
export const knownOf = (register: Pick<Register, 'find' | 'isComplete'>, id: RecordingId) =>
  register.find(id) ?? (register.isComplete() ? null : undefined);

/** Reads what a keys.db has noted of a recording, as `knownOf`; undefined where there is no such file. Needs no master key. */
export function readRegistered(path: string, id: RecordingId): Registered | null | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
    try {
      return knownOf(registerIn(db), id);
    } finally {
      db.close();
    }
  } catch (error) {
    throw databaseError(error, path);
  }
}
