import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** It may be removed at any time; what is missing is made again. */
const KEPT_IN = resolve('.test/made');

const fileOf = (of: readonly string[]): string =>
  join(KEPT_IN, createHash('sha256').update(of.join('\0')).digest('hex'));

function keep(file: string, bytes: Buffer): Buffer {
  mkdirSync(KEPT_IN, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
  return bytes;
}

/**
 * Returns the bytes that `make` makes, and keeps them for every test to come. `of` is all that they follow from: other bytes have
 * another name.
 */
export function madeOnce(of: readonly string[], make: () => Buffer): Buffer {
  const file = fileOf(of);
  return existsSync(file) ? readFileSync(file) : keep(file, make());
}

/** The same of what takes its time to be made. */
export async function keptFrom(of: readonly string[], make: () => Promise<Buffer>): Promise<Buffer> {
  const file = fileOf(of);
  return existsSync(file) ? readFileSync(file) : keep(file, await make());
}
