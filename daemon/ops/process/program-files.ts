import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns the path of a file of Tapedeck's own, given from the folder of its package.json: `dist/web/ui`. */
export const programFile = (path: string): string => join(home, path);

/** The same for the sources and for what is built of them, wherever in it this piece has come to be. */
const home = above(fileURLToPath(import.meta.url));

function above(path: string): string {
  const folder = dirname(path);
  return existsSync(join(folder, 'package.json')) || folder === path ? folder : above(folder);
}
