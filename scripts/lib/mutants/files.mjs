// The faults below test/mutants: what each says of itself, and what it changes.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const MUTANTS = 'test/mutants';

/**
 * Reads a fault. Before its diff are the fault in one sentence; `breaks:`, the beginning of the promise in ARCHITECTURE.md or of
 * the line in SECURITY.md that it breaks; and `found-by:`, a test file that finds it. Each of both may be there several times;
 * of the files the cheapest comes first.
 */
function readMutant(path, root) {
  const text = readFileSync(join(root, path), 'utf8');
  const begin = text.indexOf('diff --git ');
  const head = text.slice(0, Math.max(0, begin)).split('\n');
  const all = (key) => head.flatMap((line) => (line.startsWith(key) ? [line.slice(key.length).trim()] : []));
  return {
    name: basename(path, '.patch'),
    path,
    fault: head
      .filter((line) => !/^(breaks|found-by):/.test(line))
      .join(' ')
      .trim(),
    breaks: all('breaks:'),
    foundBy: all('found-by:'),
    files: [...text.slice(begin).matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, file]) => file),
  };
}

/** Returns all of them, by name. `path` is from the root of the repository. */
export const readMutants = (root = '.') =>
  readdirSync(join(root, MUTANTS), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.patch'))
    .map((file) => readMutant(join(MUTANTS, file), root))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
