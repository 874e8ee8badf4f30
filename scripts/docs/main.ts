import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSite } from './build-site.js';
import { checkDocuments } from './check.js';
import { commandTree } from './command-tree.js';
import { generatedPages } from './generated.js';

/**
 * `npm run docs`: checks the documents and builds them as the site that the dashboard serves under Help. With `--write` it first
 * writes the pages that are made from the code, with `--check` it builds nothing.
 */
const root = join(import.meta.dirname, '../..');
const has = (option: string) => process.argv.includes(option);
if (has('--write'))
  for (const [file, text] of generatedPages(await commandTree())) writeFileSync(join(root, file), text);
const faults = await checkDocuments(root);
if (faults.length === 0 && !has('--check')) faults.push(...(await buildSite(root)));
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error(`npm run docs: ${faults.length} faults`);
  process.exitCode = 1;
}
