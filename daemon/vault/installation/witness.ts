import { mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../domain/error.js';
import { placeNow } from '../place.js';

/**
 * Beside the configuration, on another disk than the data as a rule: that this machine has data, which, where and since when. A
 * data directory that is empty, or another installation's, is known by it.
 */
export type Witness = {
  /** The id of the audit log in its catalogue. */
  catalogue: string;
  data: string;
  /** When the recorder first started with it, ISO 8601. */
  since: string;
};

export const witnessFile = (configFile: string): string => join(dirname(configFile), 'witness', 'data.json');

/** Returns null where there is none, and where it cannot be read: then the age of the master key has to do. */
export function readWitness(configFile: string): Witness | null {
  try {
    const { catalogue, data, since } = JSON.parse(readFileSync(witnessFile(configFile), 'utf8'));
    return [catalogue, data, since].every((text) => typeof text === 'string') && catalogue !== ''
      ? { catalogue, data, since }
      : null;
  } catch {
    return null;
  }
}

/**
 * Writes down which data this machine has, durable when this returns. A catalogue without calls takes the place of another: it
 * was made anew. Throws `data_other` for a catalogue with calls that is not the one that was written down, and an error of
 * the system where nothing can be written there.
 */
export function keepWitness(
  configFile: string,
  { catalogue, data, hasCalls, now }: { catalogue: string; data: string; hasCalls: boolean; now: number },
): void {
  const file = witnessFile(configFile);
  const known = readWitness(configFile);
  if (known && known.catalogue !== catalogue && hasCalls)
    throw fail(
      'data_other',
      `${data} has the catalogue ${catalogue}; by ${file} this machine has had ${known.catalogue} since ${known.since}.`,
    );
  if (known?.catalogue === catalogue && known.data === data) return;
  const since = known?.catalogue === catalogue ? known.since : new Date(now).toISOString();
  try {
    mkdirSync(dirname(file), { mode: 0o750 });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
  }
  placeNow(file, `${JSON.stringify({ catalogue, data, since })}\n`, { mode: 0o640, over: true });
}

/** After a restore: the next start writes down what it finds. Where rights are missing it says what to remove. */
export function forgetWitness(configFile: string): void {
  try {
    unlinkSync(witnessFile(configFile));
  } catch {
    // There is none, or the next start refuses with the way out.
  }
}
