import { readFileSync } from 'node:fs';
import { readList } from '../../../daemon/app/backup/check.js';
import { findBackup } from '../../../daemon/app/backup/find.js';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { restoreBackup } from '../../../daemon/app/backup/restore.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { createBackupKeys } from '../../../daemon/vault/backup/backup-keys.js';
import { createFolderTarget } from '../../../daemon/vault/backup/folder.js';
import type { BackupTarget } from '../../../daemon/vault/backup/target.js';
import { openMasterKeys } from '../../../daemon/vault/master-key.js';
import { fingerprint, loadSigningKey } from '../../../daemon/vault/signing-key.js';
import { orderIn, type Site } from './box.js';

/*
 * Run as a program: makes a backup of a site, or restores it, and ends itself as kill -9 does before the step of the target whose
 * number is given: a step is the beginning of a write, a read, or a removal. Prints "done" where there are fewer.
 */
const [what, siteFile, step] = process.argv.slice(2) as ['backup' | 'restore', string, string];
const site = JSON.parse(readFileSync(siteFile, 'utf8')) as Site;
let left = Number(step);
const count = (): void => {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
};
const real = createFolderTarget(site.backups);
async function* halves(source: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of source instanceof Uint8Array ? [source] : source) {
    yield piece.subarray(0, piece.length >> 1);
    count();
    yield piece.subarray(piece.length >> 1);
  }
}
const target: BackupTarget = {
  ...real,
  put: (name, source) => (what === 'backup' ? real.put(name, halves(source)) : real.put(name, source)),
  open(name) {
    if (what === 'restore') count();
    return real.open(name);
  },
  remove(name) {
    count();
    return real.remove(name);
  },
};
const { current: masterKey } = openMasterKeys(site.masterKeyFile);
if (what === 'backup') {
  const key = loadSigningKey(site.dataDir, [masterKey]);
  await makeBackup(target, orderIn(site), {
    key: { id: key.keyId, sha256: fingerprint(key.publicKeyPem) },
    publicKey: key.publicKeyPem,
    sign: (text) => key.sign(Buffer.from(text)).toString('base64'),
  });
} else {
  const backup = await findBackup(real, null);
  const list = (await readList(real, backup.statement))!;
  await restoreBackup(
    {
      ...{ target, backup, identity: site.identity, masterKey, dataDir: site.dataDir },
      backupKey: await createBackupKeys(real, '').open(backup.statement.backup_key, site.identity),
      list: { target, statement: list.statement },
    },
    { by: entryOf(TAPEDECK, Date.now(), 'restore'), clock: Date.now, progress: () => {} },
  );
}
process.stdout.write('done');
