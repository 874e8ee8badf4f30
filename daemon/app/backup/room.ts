import { statfsSync, statSync } from 'node:fs';
import { fail } from '../../domain/error.js';

/** Throws `disk_full` where copies of these databases in the data directory would leave too little room for calls. */
export function refuseFull(
  { dataDir, reserveBytes }: { dataDir: string; reserveBytes: number },
  databases: readonly string[],
): void {
  const { bavail, bsize } = statfsSync(dataDir);
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const needed = databases.reduce((sum, path) => sum + size(path) + size(`${path}-wal`), reserveBytes);
  if (bavail * bsize < needed)
    throw fail('disk_full', 'There is no room in the data directory for a copy of the catalogue.');
}
