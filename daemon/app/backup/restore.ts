import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { identityToRecipient } from 'age-encryption';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { applyStanding, settleFile, settleRestored } from '../../catalogue/sqlite/backup/restored.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import type { NewEntry } from '../../domain/assurance/audit.js';
import {
  type BackupFile,
  type BackupStatement,
  CATALOGUE,
  CONFIGURATION,
  isDocument,
  KEYS,
  ListLine,
  type ListStatement,
  type SealedLine,
  sealedObject,
} from '../../domain/backup/backup.js';
import { createHashIndex, type HashIndex } from '../../domain/backup/hash-index.js';
import { diskError, fail } from '../../domain/error.js';
import {
  catalogueFile,
  documentsFolder,
  keysFile,
  restoredConfigurationFile,
  restoringCatalogueFile,
  restoringFile,
} from '../../domain/paths.js';
import { removeDatabase, removeWal } from '../../ops/files/database.js';
import { syncDirNow } from '../../ops/files/sync-dir.js';
import { isOfMaster, KeysLine, restoreKeys } from '../../vault/backup/keys-lines.js';
import { linesOf, readEncrypted, readObject, type Signed } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { openDataFolder } from '../../vault/data-folder.js';
import { makeDirDurably, removeDurably, writeDurably } from '../../vault/durable.js';
import { DOCUMENT_KEY } from '../../vault/keys.js';
import { placeNow } from '../../vault/place.js';
import { createDiskStore } from '../../vault/store/disk.js';
import { sealedLines } from './find.js';

export type Restoring = {
  target: BackupTarget;
  backup: Signed<BackupStatement>;
  /** The list that is applied, and where it is; null: none, by somebody's decision. */
  list: { target: BackupTarget; statement: ListStatement } | null;
  /** Of the offline recipient: it opens the list, and the key of the backup. */
  identity: string;
  /** Of this backup: it opens everything else. */
  backupKey: string;
  masterKey: Uint8Array;
  dataDir: string;
  /** Where the box is being moved: it is received in several goes, and the files that an earlier one has received stay. */
  moving?: Moving;
};

export type Moving = {
  /** Whether this is the last go. Before that no recorder may start. */
  last: boolean;
  /** What an earlier go has received whole, by the hash; null where there was none. */
  received: HashIndex | null;
  /** Called at the end of the last go: unless it resolves no recorder may start. */
  proven(): Promise<void>;
};

export type Restored = {
  /** Recordings on the list that the backup still had, holds that it did not have, and keys that were not restored. */
  erased: number;
  held: number;
  matters: number;
  keysDropped: number;
  /** Sealed files. */
  sealed: number;
  /** Where the configuration of the backed-up machine is, to be compared. */
  configuration: string;
};

/** What may be in a data directory before a restore: nothing that a recorder has made. */
const MAY_BE_THERE =
  /^(?:lost\+found|tls|web|control|owner|work|recorder\/(?:lock|ballast|restoring))(?:\/|$)/;

/** Returns the `tapedeck.toml` of the machine that was backed up. Throws `backup_damaged`. */
export async function readConfiguration(
  target: BackupTarget,
  statement: BackupStatement,
  backupKey: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content(target, statement, CONFIGURATION, backupKey)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Throws `backup_identity` unless this identity opens the backup. */
export async function refuseIdentity(statement: BackupStatement, identity: string): Promise<void> {
  const recipient = await identityToRecipient(identity).catch(() => '');
  if (recipient !== statement.recipient)
    throw fail('backup_identity', `The backup was made for ${statement.recipient}.`);
}

/** Throws `master_key_wrong` unless the keys in a backup are wrapped under this master key. */
export async function refuseMasterKey({
  target,
  backup,
  backupKey,
  masterKey,
}: Pick<Restoring, 'target' | 'backup' | 'backupKey' | 'masterKey'>): Promise<void> {
  for await (const line of linesOf(content(target, backup.statement, KEYS, backupKey), KeysLine, KEYS)) {
    if (!isOfMaster(line, masterKey)) throw fail('master_key_wrong', 'The backup was made with another one.');
    return;
  }
  throw fail('backup_damaged', `${KEYS} is empty.`);
}

/**
 * Restores a backup into an empty data directory. May be interrupted and called again for the same backup. In this order, so that
 * nothing can be served before the list was applied:
 *   mark, which keeps a recorder from starting -> signing keys, prompts, configuration -> catalogue under another name -> list
 *   applied to it -> keys, without those of what is on the list -> sealed files, without those -> entry in the audit log ->
 *   the catalogue gets its name -> mark removed
 * Throws `restore_occupied`, `backup_damaged`, `already_running`.
 */
export async function restoreBackup(
  given: Restoring,
  {
    by,
    clock,
    progress,
  }: { by: NewEntry; clock: () => number; progress: (done: number, total: number) => void },
): Promise<Restored> {
  const { target, backup, dataDir, backupKey, masterKey } = given;
  const { statement } = backup;
  const { moving } = given;
  const log = moving ? statement.audit.id : '';
  const mark = (received: string) => {
    const lines = [statement.id, ...(moving ? [log, received] : [])];
    placeNow(restoringFile(dataDir), `${lines.join('\n')}\n`, { mode: 0o600, over: true });
  };
  const before = readRestoring(dataDir);
  await refuseOccupied(dataDir, statement.id, log);
  const folder = openDataFolder(dataDir);
  try {
    mark(before?.received ?? '');
    for (const file of statement.files) {
      const to = placeIn(dataDir, file);
      if (!to) continue;
      await makeDirDurably(dirname(to.path));
      await writeDurably(to.path, readEncrypted(target, file, backupKey), to.mode);
    }
    const made = restoringCatalogueFile(dataDir);
    removeMade(made);
    await writeDurably(made, content(target, statement, CATALOGUE, backupKey), 0o640);
    await withCatalogue(made, async () => {}); // as this version has it
    settleRestored(made, { at: clock(), audio: statement.sealed.audio });
    const gone = await applyList(given, made);
    const keysDropped = await restoreKeys(
      keysFile(dataDir),
      linesOf(content(target, statement, KEYS, backupKey), KeysLine, KEYS),
      { masterKey, gone: (key) => gone.keys.has(key) },
    );
    const kept = createHashIndex();
    let sealed = 0;
    for await (const line of sealedLines(target, statement)) {
      if (!gone.keys.has(keyOf(line))) {
        await restoreSealed(given, line);
        if (moving) kept.set(hashOfName(line.file), 1);
      }
      sealed += 1;
      progress(sealed, statement.sealed.count);
    }
    if (moving) await removeOthers(dataDir, (file) => kept.get(hashOfName(file)) !== null);
    const { erased, held, matters } = gone.applied;
    const restored: Restored = {
      ...{ erased, held, matters, keysDropped, sealed },
      configuration: restoredConfigurationFile(dataDir),
    };
    if (moving && !moving.last) {
      mark(statement.id);
      return restored;
    }
    const entry = {
      ...by,
      detail: {
        ...{ backup: statement.id, made_at: statement.made_at, list_at: given.list?.statement.at ?? null },
        ...{ log_size: statement.audit.size, list_log_size: given.list?.statement.audit.size ?? null },
        last_certificate: given.list?.statement.last_certificate ?? statement.counts.certificates,
        ...{ erased, held, matters, keys_dropped: keysDropped, sealed },
      },
    };
    await withCatalogue(made, async (catalogue) => void (await catalogue.audit.append(entry)));
    await rename(made, catalogueFile(dataDir));
    syncDirNow(dirname(made));
    await moving?.proven();
    await removeDurably(restoringFile(dataDir));
    return restored;
  } catch (e) {
    throw diskError(e);
  } finally {
    folder.release();
  }
}

/** Which backup is being restored here, of which log it is moved, and which backup was received whole before. */
export function readRestoring(dataDir: string): { id: string; log: string; received: string } | null {
  if (!existsSync(restoringFile(dataDir))) return null;
  const [id = '', log = '', received = ''] = readFileSync(restoringFile(dataDir), 'utf8').split('\n');
  return { id, log, received };
}

/**
 * Throws `restore_occupied` where something is in the way, and names it; what a restore of the same backup has left is not, nor what an
 * earlier go of a move of the box with this log has.
 */
export async function refuseOccupied(dataDir: string, id: string, log = ''): Promise<void> {
  const going = readRestoring(dataDir);
  if (going && (going.id === id || (log !== '' && going.log === log))) return;
  if (going) throw fail('restore_occupied', `A restore of backup ${going.id} was begun in ${dataDir}.`);
  const found = await firstFile(dataDir, '');
  if (found) throw fail('restore_occupied', `${join(dataDir, found)} is there.`);
}

async function firstFile(root: string, below: string): Promise<string | null> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch((e) => {
    if (e.code === 'ENOENT') return [];
    throw e;
  });
  for (const entry of entries) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (MAY_BE_THERE.test(name)) continue;
    const found = entry.isDirectory() ? await firstFile(root, name) : name;
    if (found) return found;
  }
  return null;
}

/** Where a file of a backup goes; null for those that are restored in another way. */
function placeIn(dataDir: string, { name }: BackupFile): { path: string; mode: number } | null {
  if (name === CATALOGUE || name === KEYS) return null;
  if (name === CONFIGURATION) return { path: restoredConfigurationFile(dataDir), mode: 0o600 };
  return { path: join(dataDir, name), mode: name === 'signing/key' ? 0o600 : 0o640 };
}

async function* content(
  target: BackupTarget,
  { files }: BackupStatement,
  name: string,
  backupKey: string,
): AsyncGenerator<Uint8Array> {
  const file = files.find((one) => one.name === name);
  if (!file) throw fail('backup_damaged', `It has no ${name}.`);
  yield* readEncrypted(target, file, backupKey);
}

/** Makes the catalogue agree with the list, and finds out which keys have to go. */
async function applyList({ list, identity }: Restoring, catalogue: string) {
  const keys = new Set<string>();
  if (!list) return { keys, applied: { erased: 0, held: 0, matters: 0, consents: 0 } };
  const lines = linesOf(
    readEncrypted(list.target, list.statement, identity),
    ListLine,
    list.statement.object,
  ) as AsyncGenerator<never>;
  const applied = await applyStanding(catalogue, lines, {
    gone: (what) => keys.add('recording' in what ? what.recording : DOCUMENT_KEY + what.document),
  });
  return { keys, applied };
}

/** Under which name the key of a sealed file is. */
export function keyOf(line: SealedLine): string {
  const id = line.file.slice(line.file.lastIndexOf('/') + 1).split('.')[0]!;
  return isDocument(line) ? DOCUMENT_KEY + id : id;
}

/** Puts a sealed file in its place, unless it is there. */
async function restoreSealed({ target, dataDir, moving }: Restoring, line: SealedLine): Promise<void> {
  const source = () => verified(readObject(target, sealedObject(line.sha256), line.bytes), line);
  if (isDocument(line)) {
    await writeDurably(join(documentsFolder(dataDir), line.file.slice('documents/'.length)), source(), 0o600);
    return;
  }
  const store = createDiskStore(dataDir);
  const place = { id: keyOf(line), file: line.file };
  if ((await store.exists(place))?.bytes === line.bytes) {
    // What an earlier go has written and synced is not read again, because no recorder runs meanwhile.
    if (moving?.received?.get(line.sha256) === line.bytes) return;
    if ((await store.hash(place))?.sha256 === line.sha256) return;
  }
  await store.put(place, source());
}

const hashOfName = (name: string): string => createHash('sha256').update(name).digest('hex');

/** Removes sealed files of an earlier go that the backup has not: what was erased in between. */
async function removeOthers(dataDir: string, isKept: (file: string) => boolean): Promise<void> {
  const store = createDiskStore(dataDir);
  for await (const { place } of store.list()) if (place && !isKept(place.file)) await store.remove(place);
  for (const name of await readdir(documentsFolder(dataDir)).catch(() => []))
    if (!isKept(`documents/${name}`)) await removeDurably(join(documentsFolder(dataDir), name));
}

async function* verified(
  source: AsyncIterable<Uint8Array>,
  { sha256 }: SealedLine,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') !== sha256) throw fail('backup_damaged', `${sealedObject(sha256)} was changed.`);
}

/** Opens a restored catalogue as the recorder does, which brings it up to date. It is one file again afterwards. */
async function withCatalogue(path: string, work: (catalogue: Catalogue) => Promise<void>): Promise<void> {
  const catalogue = createSqliteCatalogue({ path, mustExist: true });
  await catalogue.start();
  try {
    await work(catalogue);
  } finally {
    await catalogue.stop();
  }
  settleFile(path);
  removeWal(path);
}

function removeMade(path: string): void {
  rmSync(`${path}.tmp`, { force: true });
  removeDatabase(path);
}
