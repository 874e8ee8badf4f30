import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tlsFiles } from '../domain/paths.js';
import { isPlain, look } from './aside.js';

/**
 * Returns what lies in the folder of the certificates, which the dashboard may write and the recorder reads, and is not
 * Tapedeck's, as paths with a reason: names that are none of ours, and what is no plain file. Follows no link and waits for
 * nothing. Who serves a certificate may replace it, so that is not looked for.
 */
export function strangersIn(dataDir: string): string[] {
  const { dir, ...files } = tlsFiles(dataDir);
  const names = Object.values(files).map((file) => basename(file));
  // `.tmp`: one that is being written.
  const ours = new RegExp(`^(${names.join('|')})(\\.tmp)?$`);
  return entries(dir).flatMap((name) => {
    const path = join(dir, name);
    if (!ours.test(name)) return [`${path} (not a name of Tapedeck's)`];
    const found = look(path);
    return found && !isPlain(found) ? [`${path} (not a plain file)`] : [];
  });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // it does not exist yet, or is not to be read: whoever needs it says so
  }
}
