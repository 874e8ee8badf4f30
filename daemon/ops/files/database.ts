import { rmSync } from 'node:fs';

/** Removes what SQLite keeps beside a database that nobody has open: left there, it would be taken for that of the next one. */
export function removeWal(path: string): void {
  for (const one of [`${path}-wal`, `${path}-shm`]) rmSync(one, { force: true });
}

/** Removes a database that nobody has open, with all that SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const one of [path, `${path}-journal`]) rmSync(one, { force: true });
  removeWal(path);
}
