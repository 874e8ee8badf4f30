import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import { findCalls } from '../../../daemon/catalogue/privacy/find-calls.js';
import { createStandingByNumber } from '../../../daemon/catalogue/standing.js';
import type { Asked } from '../../../daemon/domain/privacy/matching.js';
import type { Keys } from '../../../daemon/vault/keys.js';
import { createDocuments } from '../../../daemon/vault/store/documents.js';

/** What the recorder has in memory of numbers, how it finds the calls with some, and where it keeps signed documents. */
export const numbersIn = (
  catalogue: Catalogue,
  { region, clock, dataDir, keys }: { region: string; clock: () => number; dataDir: string; keys: Keys },
) => ({
  lists: createNumbersInLists({ catalogue, clock, region }),
  standing: createStandingByNumber({ catalogue, clock, region }),
  callsAsked: (asked: Asked) => findCalls(catalogue, catalogue.calls.list, asked),
  documents: createDocuments({ dataDir, keys, recovery: '' }),
});
