import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import { createStandingByNumber } from '../../../daemon/catalogue/standing.js';
import type { Keys } from '../../../daemon/vault/keys.js';
import { createDocuments } from '../../../daemon/vault/store/documents.js';

/** What the recorder has in memory of numbers, and where it keeps signed documents. */
export const numbersIn = (
  catalogue: Catalogue,
  { region, clock, dataDir, keys }: { region: string; clock: () => number; dataDir: string; keys: Keys },
) => ({
  lists: createNumbersInLists({ catalogue, clock, region }),
  standing: createStandingByNumber({ catalogue, clock, region }),
  documents: createDocuments({ dataDir, keys, recovery: '' }),
});
