import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** It may be removed at any time; what is missing is made again. */
const KEPT_IN = resolve('.test/made');

/**
 * Returns the bytes that `make` makes, and keeps them for every test to come. `of` is all that they follow from: other bytes have
 * another name.
 */
export function madeOnce(of: readonly string[], make: () => Buffer): Buffer {
  const file = join(KEPT_IN, createHash('sha256').update(of.join('\0')).digest('hex'));
  if (existsSync(file)) return readFileSync(file);
  const bytes = make();
  mkdirSync(KEPT_IN, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
  return bytes;
}
