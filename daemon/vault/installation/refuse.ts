import { statSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { catalogueFile, keysFile, restoringFile } from '../../domain/paths.js';
import { look } from '../aside.js';
import { readWitness, witnessFile } from './witness.js';

/** A master key that is older has been in use: it is made in the same hour as the data directory. */
const NEW_MS = 24 * 3_600_000;

/** Where the first versions had them. */
const before = (dataDir: string): string[] => [`${dataDir}/catalogue.db`, `${dataDir}/keys.db`];
const full = (path: string): boolean => (look(path)?.size ?? 0) > 0;

/** Throws `data_unmoved` where the recorder has not yet taken over what an earlier version left. */
export function refuseUnmoved(dataDir: string): void {
  const now = [catalogueFile(dataDir), keysFile(dataDir)];
  const left = before(dataDir).find((path, n) => full(path) && !look(now[n]!));
  if (left) throw fail('data_unmoved', `${left} has still to be moved.`);
}

/**
 * Throws `data_absent` where there is no data although this machine had some, by the witness beside the configuration, or by
 * a master key that is older than a day: an empty mount point would otherwise be taken for a new installation, and all
 * recordings be gone from sight.
 */
export function refuseAbsent(
  dataDir: string,
  { masterKeyFile, configFile }: { masterKeyFile: string; configFile: string },
): void {
  if ([catalogueFile(dataDir), keysFile(dataDir), ...before(dataDir)].some(full)) return;
  const nothing = `Nothing of Tapedeck is in ${dataDir}`;
  const had = readWitness(configFile);
  if (had) {
    const where = had.data === dataDir ? '' : ` in ${had.data}`;
    throw fail(
      'data_absent',
      `${nothing}; by ${witnessFile(configFile)} there has been data${where} since ${had.since}.`,
    );
  }
  const changedAt = statSync(masterKeyFile, { throwIfNoEntry: false })?.mtimeMs;
  if (changedAt === undefined || Date.now() - changedAt < NEW_MS) return;
  const days = Math.floor((Date.now() - changedAt) / NEW_MS);
  throw fail(
    'data_absent',
    `${nothing}, and ${masterKeyFile} is ${days} ${days === 1 ? 'day' : 'days'} old.`,
  );
}

/** Throws `restore_unfinished` while a restore is not over: what is there may still have to be erased. */
export function refuseUnrestored(dataDir: string): void {
  if (look(restoringFile(dataDir))) throw fail('restore_unfinished', `${restoringFile(dataDir)} is there.`);
}
