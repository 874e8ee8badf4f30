import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TapedeckError } from '../../domain/error.js';
import { catalogueFile } from '../../domain/paths.js';
import type { Config } from '../../ops/config-schema.js';
import { refuseAbsent } from '../../vault/installation/refuse.js';
import { readWitness, witnessFile } from '../../vault/installation/witness.js';
import { bad, type Finding, ok, warn } from './finding.js';

const CHECK = 'data disk';

/** Whether the data is there that this machine had, and whether a lost data disk would be noticed. */
export async function witness({ data: { dir }, keys, file }: Config): Promise<Finding[]> {
  try {
    refuseAbsent(dir, { masterKeyFile: keys.master_key_file, configFile: file });
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    return [bad(CHECK, `${e.detail} The recorder does not start so.`, e.hint)];
  }
  const had = readWitness(file);
  if (had !== null || !existsSync(catalogueFile(dir)))
    return had === null
      ? []
      : [ok(CHECK, `This machine has data in ${had.data} since ${had.since.slice(0, 10)}.`)];
  return [
    warn(
      CHECK,
      `${witnessFile(file)} does not exist: an empty mount point could be taken for a new installation.`,
      `systemd-tmpfiles --create tapedeck.conf (or give ${dirname(witnessFile(file))} to the recorder's user), then restart the recorder, which writes it.`,
    ),
  ];
}
