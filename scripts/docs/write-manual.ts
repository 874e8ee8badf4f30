import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../daemon/ops/process/version.js';
import { commandTree } from './command-tree.js';
import { bashCompletion } from './completion.js';
import { manPage } from './man-page.js';

/** Writes dist/man/tapedeck.1 and dist/completion/tapedeck.bash, which `npm run build` leaves beside the program. */
const dist = join(import.meta.dirname, '../../dist');
/** Reproducible builds say when the version was made. */
const made = process.env.SOURCE_DATE_EPOCH
  ? new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000)
  : new Date();
const date = made.toISOString().slice(0, 10);
const tree = await commandTree();
for (const [folder, file, text] of [
  ['man', 'tapedeck.1', manPage(tree, { version: version(), date })],
  ['completion', 'tapedeck.bash', bashCompletion(tree)],
] as const) {
  mkdirSync(join(dist, folder), { recursive: true });
  writeFileSync(join(dist, folder, file), text);
}
