import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns every file and folder below one, with its owner, its mode and the hash of what is in it. */
export function treeOf(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const { uid, gid, mode } = lstatSync(join(dir, name));
    const isFile = lstatSync(join(dir, name)).isFile();
    const hash = isFile
      ? createHash('sha256')
          .update(readFileSync(join(dir, name)))
          .digest('hex')
      : 'folder';
    found[name] = `${uid}:${gid} ${(mode & 0o7777).toString(8)} ${hash}`;
  }
  return found;
}
