import { join } from 'node:path';
import type { Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Coverage, Segment } from '../../../daemon/domain/recording/recording.js';
import { noted } from '../words.js';
import { freshCatalogue } from './fresh.js';

export const recorded: Coverage = { status: 'recorded', why: noted('All of it.'), rule: null, missingMs: 0 };

export async function opened(t: Test, path = catalogueFile(join(t.testdir(), 'data'))) {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  return { catalogue, path };
}

export const segment = (callId: string, seq: number, more: Partial<Segment> = {}): Segment => ({
  callId,
  seq,
  legId: `${callId}-leg`,
  inStartedAt: seq * 1000,
  outStartedAt: seq * 1000,
  state: 'captured',
  because: null,
  token: '',
  mutedFrom: { in: null, out: null },
  fed: '',
  swapped: false,
  ...more,
});
