import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogueFile, keysFile, recorderFolder } from '../../daemon/domain/paths.js';

/**
 * Puts a data directory, in which nobody runs, back to what the versions before had: catalogue, lock and ballast in the
 * directory itself, which the group may write; with `keys`, keys.db too. `half`: as a recorder leaves it that is killed while
 * it takes over, with the catalogue's log already in its new place.
 */
export function asBefore(dataDir: string, { keys = false, half = false } = {}): void {
  const back = (file: string, endings: string[]) => {
    for (const ending of endings)
      if (existsSync(`${file}${ending}`))
        renameSync(`${file}${ending}`, join(dataDir, `${file.split('/').at(-1)}${ending}`));
  };
  rmSync(`${catalogueFile(dataDir)}-journal`, { force: true });
  back(catalogueFile(dataDir), half ? [''] : ['', '-wal', '-shm']);
  if (keys) back(keysFile(dataDir), ['-journal', '']);
  rmSync(recorderFolder(dataDir), { recursive: true, force: true });
  for (const name of ['daemon.lock', '.tapedeck-probe']) writeFileSync(join(dataDir, name), '');
  writeFileSync(join(dataDir, 'ballast'), 'only takes up room');
  chmodSync(dataDir, 0o2770);
}
