// The faults below test/mutants: what each says of itself, and what it changes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const MUTANTS = 'test/mutants';

/**
 * Reads a fault. Before its diff are the fault in one sentence; `breaks:`, the beginning of the promise in ARCHITECTURE.md or of
 * the line in SECURITY.md that it breaks; and `found-by:`, a test file that finds it. Each of both may be there several times;
 * of the files the cheapest comes first.
 */
export function readMutant(name, root = '.') {
  const path = join(MUTANTS, `${name}.patch`);
  const text = readFileSync(join(root, path), 'utf8');
  const begin = text.indexOf('diff --git ');
  const head = text.slice(0, Math.max(0, begin)).split('\n');
  const all = (key) => head.flatMap((line) => (line.startsWith(key) ? [line.slice(key.length).trim()] : []));
  return {
    name,
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

/** All of them, by name. */
export const readMutants = (root = '.') =>
  readdirSync(join(root, MUTANTS))
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => readMutant(file.slice(0, -'.patch'.length), root));
