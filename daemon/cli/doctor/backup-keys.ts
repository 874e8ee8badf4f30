import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Config } from '../../ops/config-schema.js';
import { hasDestination } from '../../vault/backup/destination.js';
import { bad, type Finding, ok, warn } from './finding.js';

const NAME = 'backup keys';

/** Whether the keys of backups are kept where they outlive this machine and are in no copy of the backups. */
export async function backupKeys({ backup, data }: Config): Promise<Finding[]> {
  if (!hasDestination(backup)) return [];
  const { key_path: folder, path } = backup;
  if (folder === '')
    return [
      warn(
        NAME,
        'The keys of backups lie beside the backups: a copy of both can be opened for as long as it exists.',
        'Name a folder of which nobody makes copies in [backup] key_path (docs/operate/backup.md).',
      ),
    ];
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory())
    return [bad(NAME, `${folder} is not there: no backup can be made.`, 'Mount its storage ("findmnt").')];
  const writable = await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return [
      bad(
        NAME,
        `The recorder cannot write ${folder}.`,
        "Give it to the recorder's user, and name it in ReadWritePaths= of its unit (docs/operate/backup.md).",
      ),
    ];
  const deviceOf = async (of: string) => (await stat(of).catch(() => null))?.dev;
  if ((await deviceOf(data.dir)) === found.dev)
    return [
      bad(
        NAME,
        `${folder} is on the disk of the data directory: if this machine is lost, no backup can be opened.`,
        'Name a folder on another machine or medium in [backup] key_path. Keys of earlier backups stay where they are: copy the folder "keys" there.',
      ),
    ];
  if (path !== '' && (await deviceOf(path)) === found.dev)
    return [
      warn(
        NAME,
        `${folder} is on the storage of the backups: a snapshot of it has both.`,
        'Name a folder on other storage in [backup] key_path, or exclude this one from snapshots.',
      ),
    ];
  return [ok(NAME, `${folder}: apart from the backups and from this machine's data.`)];
}
