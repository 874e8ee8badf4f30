import { TapedeckError } from '../domain/error.js';
import { keepWitness, witnessFile } from '../vault/installation/witness.js';
import type { Base, Data } from './parts.js';

/**
 * Writes down beside the configuration which data this machine has; the catalogue is open. Throws `data_other`. Where nothing
 * can be written there only the age of the master key tells of an empty data disk: the log says so.
 */
export async function bearWitness(
  { config, dir, clock, log }: Base,
  { catalogue }: Data,
  hasCalls: boolean,
): Promise<void> {
  try {
    const id = await catalogue.audit.id();
    if (id === '') return; // the audit log of a new catalogue begins with this start
    keepWitness(config.file, { catalogue: id, data: dir, hasCalls, now: clock() });
  } catch (err) {
    if (err instanceof TapedeckError) throw err;
    log.warn(
      { err, file: witnessFile(config.file) },
      'It cannot be written down that this machine has data: in the first day a data disk that is not mounted would be taken for a new installation',
    );
  }
}
