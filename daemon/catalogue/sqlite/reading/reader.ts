import { fail, type TapedeckError } from '../../../domain/error.js';
import type { Catalogue } from '../../catalogue.js';
import type { OnBadRow } from '../catalogue.js';
import { createReader } from '../checked.js';
import { createNouns } from '../nouns.js';
import { type Read, verbsOf } from '../verbs.js';
import { createFollowing } from './following.js';

/**
 * The catalogue for a process that only reads it, as another user: it follows what the recorder writes, waits for a catalogue
 * that is not there (yet, or at the moment) and opens one that has taken its place. While it cannot be read every verb throws
 * `catalogue_missing`, `catalogue_away`, `catalogue_older`, `catalogue_newer`, `data_strange` or `catalogue_damaged`; `start()`
 * throws nothing. Verbs that write throw `internal`.
 */
export function createSqliteReader(deps: {
  path: string;
  /** How much of the file may be kept in memory, in MB; what SQLite takes when left out (16). */
  cacheMb?: number;
  onBadRow?: OnBadRow;
  /** Called when it can be read again, with null, and when it cannot be any more, with why. */
  onChange?: (fault: TapedeckError | null) => void;
}): Catalogue {
  const reader = createReader(deps.onBadRow ?? (() => {}));
  const following = createFollowing({ ...deps, make: (db) => createNouns(db, reader) });
  const read: Read = async (verb) => following.read(verb);
  const no = async (): Promise<never> => {
    throw fail('internal', 'The catalogue is open for reading only.');
  };
  const catalogue: Catalogue = {
    start: async () => following.start(),
    stop: async () => following.stop(),
    ...verbsOf(read, no),
    audited: no,
    checkpoint: no,
    schemaFaults: () => read((n) => n.schemaFaults()),
    changeCount: () => read((n) => n.changes.count()),
  };
  return catalogue;
}
