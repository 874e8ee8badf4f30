import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { endOfDay, startOfDay } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { type PbxId, readPbx } from '../../domain/pbx.js';

/** A day of the calendar. */
export function day(text: string): string {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('Write a day as 2026-11-25.');
  return text;
}

/** When these days, both included, begin and end in a zone, in ms since 1970. */
export const spanOf = ({ from, to }: { from?: string; to?: string }, zone: string) => ({
  from: from === undefined ? undefined : startOfDay(from, zone),
  to: to === undefined ? undefined : endOfDay(to, zone),
});

export function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 100_000) throw new InvalidArgumentError('Write 1 to 100000.');
  return n;
}

export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Word => {
    const known = words.find((word) => word === text);
    if (!known) throw new InvalidArgumentError(`Write one of ${words.join(', ')}.`);
    return known;
  };

/** The id of a PBX as it is written: "first" is the one without an id. */
export function pbxId(text: string): PbxId {
  const id = readPbx(text);
  if (id === null) throw new InvalidArgumentError('Write the id of a PBX, or "first".');
  return id;
}

/** What a file holds, or with "-" standard input. Throws `request_invalid`. */
export function contents(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (e) {
    throw fail('request_invalid', `${file}: ${(e as Error).message}`, e);
  }
}
