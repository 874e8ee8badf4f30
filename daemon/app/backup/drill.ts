import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import {
  type BackupStatement,
  CATALOGUE,
  type DrillStatement,
  drillObject,
  isDocument,
  KEYS,
  sealedObject,
} from '../../domain/backup/backup.js';
import { fail } from '../../domain/error.js';
import { KeysLine, restoreKeys } from '../../vault/backup/keys-lines.js';
import {
  faultIn,
  linesOf,
  putSigned,
  readEncrypted,
  type StatementSigner,
} from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { writeDurably } from '../../vault/durable.js';
import { countKeys, createKeys } from '../../vault/keys.js';
import { hashContent } from '../../vault/open.js';
import { checkBackup } from './check.js';
import { sealedLines } from './find.js';
import { keyOf, type Restoring } from './restore.js';

export type Drilled = {
  objects: number;
  bytes: number;
  /** As they were restored. */
  calls: number;
  recordings: number;
  keys: number;
  /** Recordings that were decrypted, and held what the catalogue says. */
  opened: number;
  faults: string[];
};

/** So many recordings are opened, evenly over all of them. */
const SAMPLES = 25;

/**
 * Restores catalogue and keys into a folder, compares the hash of every object, the number of rows and the files that the catalogue
 * has with those that are there, and opens recordings with the keys that were restored. The folder is removed again. Throws
 * `master_key_wrong`.
 */
export async function drillBackup({
  target,
  statement,
  backupKey,
  masterKey,
  folder,
  erasedSince = () => false,
  progress,
}: Pick<Restoring, 'target' | 'backupKey' | 'masterKey'> & {
  statement: BackupStatement;
  /** Nothing may be there. */
  folder: string;
  /** Whether a recording was erased since the catalogue was copied: then its key may be gone already. */
  erasedSince?: (id: string) => boolean;
  progress: (done: number, total: number) => void;
}): Promise<Drilled> {
  const { objects, bytes, faults } = await checkBackup(target, { statement }, progress);
  const found: Drilled = { objects, bytes, calls: 0, recordings: 0, keys: 0, opened: 0, faults };
  const content = (name: string) => {
    const file = statement.files.find((one) => one.name === name);
    if (!file) throw fail('backup_damaged', `It has no ${name}.`);
    return readEncrypted(target, file, backupKey);
  };
  try {
    mkdirSync(folder, { mode: 0o700 });
    for (const file of statement.files)
      if (file.name !== CATALOGUE && file.name !== KEYS) for await (const _ of content(file.name));
    await writeDurably(join(folder, CATALOGUE), content(CATALOGUE), 0o600);
    const keysDb = join(folder, 'keys.db');
    await restoreKeys(keysDb, linesOf(content(KEYS), KeysLine, KEYS), { masterKey, gone: () => false });
    const catalogue = openForBackup(join(folder, CATALOGUE));
    const keys = createKeys({ path: keysDb, masterKey, readonly: true });
    keys.start();
    try {
      catalogue.check();
      const counts = { ...catalogue.counts(), keys: countKeys(keysDb).live };
      Object.assign(found, { calls: counts.calls, recordings: counts.recordings, keys: counts.keys });
      for (const [what, n] of Object.entries(counts)) {
        const signed = statement.counts[what as keyof typeof counts];
        if (n !== signed) faults.push(`${n} ${what} were restored, and ${signed} were backed up.`);
      }
      const every = Math.max(1, Math.floor(statement.sealed.count / SAMPLES));
      let recordings = 0;
      for await (const line of sealedLines(target, statement)) {
        if (isDocument(line)) continue;
        const id = keyOf(line);
        const known = catalogue.hashes(id);
        if (known?.sealed !== line.sha256)
          faults.push(`The file of recording ${id} is not the one that the catalogue has.`);
        if (recordings++ % every !== 0) continue;
        const store = { open: () => target.open(sealedObject(line.sha256)) };
        if (!keys.has(id) && erasedSince(id)) continue; // between the copies of catalogue and keys
        const opened = keys
          .identity(id)
          .then((identity) => hashContent(store, { id, file: line.file }, identity));
        await opened.then(
          ({ sha256 }) => {
            if (sha256 === known?.plain) found.opened += 1;
            else faults.push(`Recording ${id} holds something else than what was recorded.`);
          },
          (e) => faults.push(`Recording ${id}: ${faultIn(e)}`),
        );
      }
      const { audio, missing, erased } = statement.sealed;
      if (audio && recordings !== counts.recordings - missing - erased)
        faults.push(
          `${counts.recordings} recordings are in the catalogue, and files of ${recordings} of them are there.`,
        );
    } finally {
      keys.stop();
      catalogue.close();
    }
  } catch (e) {
    faults.push(faultIn(e));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** The signed result of a drill, at the place of its backup. */
export async function putDrill(
  target: BackupTarget,
  { faults, ...found }: Drilled,
  about: Pick<DrillStatement, 'backup' | 'at' | 'site' | 'tool'>,
  signer: StatementSigner,
): Promise<void> {
  const statement: DrillStatement = {
    ...{ type: 'tapedeck restore drill', format: 1, ...about, ...found, key: signer.key },
    faults: { count: faults.length, named: faults.slice(0, 20) },
  };
  await putSigned(target, drillObject(about.backup), statement, signer);
}
