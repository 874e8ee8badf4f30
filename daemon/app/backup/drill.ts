import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import { CATALOGUE, isDocument, KEYS, sealedObject } from '../../domain/backup/backup.js';
import { fail } from '../../domain/error.js';
import { KeysLine, restoreKeys } from '../../vault/backup/keys-lines.js';
import { faultIn, linesOf, readEncrypted } from '../../vault/backup/objects.js';
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
 * Restores catalogue and keys into a temporary folder, compares the hash of every object and the number of rows, and opens recordings
 * with the keys that were restored. What it wrote is removed again. Throws `master_key_wrong`.
 */
export async function drillBackup({
  target,
  backup,
  backupKey,
  masterKey,
  progress,
}: Pick<Restoring, 'target' | 'backup' | 'backupKey' | 'masterKey'> & {
  progress: (done: number, total: number) => void;
}): Promise<Drilled> {
  const { statement } = backup;
  const { objects, bytes, faults } = await checkBackup(target, backup, progress);
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-drill-'));
  const found: Drilled = { objects, bytes, calls: 0, recordings: 0, keys: 0, opened: 0, faults };
  const content = (name: string) => {
    const file = statement.files.find((one) => one.name === name);
    if (!file) throw fail('backup_damaged', `It has no ${name}.`);
    return readEncrypted(target, file, backupKey);
  };
  try {
    for (const file of statement.files)
      if (file.name !== CATALOGUE && file.name !== KEYS) for await (const _ of content(file.name));
    await writeDurably(join(dir, CATALOGUE), content(CATALOGUE), 0o600);
    const keysDb = join(dir, 'keys.db');
    await restoreKeys(keysDb, linesOf(content(KEYS), KeysLine, KEYS), { masterKey, gone: () => false });
    const catalogue = openForBackup(join(dir, CATALOGUE));
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
      let at = 0;
      for await (const line of sealedLines(target, statement)) {
        if (isDocument(line) || at++ % every !== 0) continue;
        const id = keyOf(line);
        const store = { open: () => target.open(sealedObject(line.sha256)) };
        await hashContent(store, { id, file: line.file }, await keys.identity(id)).then(
          ({ sha256 }) => {
            if (sha256 === catalogue.hashes(id)?.plain) found.opened += 1;
            else faults.push(`Recording ${id} holds something else than what was recorded.`);
          },
          (e) => faults.push(`Recording ${id}: ${faultIn(e)}`),
        );
      }
    } finally {
      keys.stop();
      catalogue.close();
    }
  } catch (e) {
    faults.push(faultIn(e));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return found;
}
