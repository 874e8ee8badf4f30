import { type Static, Type } from 'typebox';
import { harmless } from '../../csv.js';
import { dates, type Site, shownTimes } from '../../days.js';
import { lacksCountry, numberKeys } from '../../phone.js';
import {
  endOf,
  isNumber,
  isRounded,
  LACKS_COUNTRY,
  type Listed,
  MOST_AT_ONCE,
  type NewListed,
} from './number-list.js';

/** A list as a table that people edit: a number a row. */

export const LIST_COLUMNS = ['number', 'note', 'until'] as const;
/** A row of a file: the line that it begins on, and its cells. */
export type FileRow = { line: number; cells: string[] };

export const listFaults = [
  ...['csv_broken', 'columns_wrong', 'empty', 'too_many'],
  ...[
    'number_missing',
    'number_bad',
    'number_country',
    'number_rounded',
    'note_long',
    'until_bad',
    'until_past',
    'cells_many',
  ],
  ...['twice', 'listed_already'],
] as const;
/** Why a file was not imported: the line, and what of it (`text`), or which other line has the same number (`other`). */
export const ListFault = Type.Object({
  code: Type.Enum([...listFaults]),
  line: Type.Integer(),
  text: Type.String(),
  other: Type.Union([Type.Integer(), Type.Null()]),
});
export type ListFault = Static<typeof ListFault>;
export type ListFaultCode = ListFault['code'];

/** What is wrong with a line, and what to do about it. */
export function listFaultText({ code, line, text, other }: ListFault): string {
  const said: Record<ListFaultCode, string> = {
    csv_broken: `This is not CSV: ${text}. Check the quotation marks of this line.`,
    columns_wrong: `The columns are "${text}". The first line names the columns: number, and if you like note and until.`,
    empty: 'There is no number in the file. Put a number in each line below the names of the columns.',
    too_many: `There are more than ${MOST_AT_ONCE} numbers. Import them in several files.`,
    number_missing: 'The number is missing. Write one, or delete the line.',
    number_bad: `"${text}" is not a telephone number. Write digits with or without the country code, such as +44 20 7946 0123.`,
    number_country: `"${text}" ${LACKS_COUNTRY}`,
    number_rounded: `"${text}" was rounded by a spreadsheet. Format the column as text and enter the number again.`,
    note_long: 'The note is longer than 200 characters. Shorten it.',
    until_bad: `"${text}" is not a day. Write it as 2027-01-31 or 2027-01-31 18:00, or leave the cell empty.`,
    until_past: `"${text}" is in the past. Write a later day, or delete the line.`,
    cells_many: 'There are more cells than columns. Put a text that contains a comma in quotation marks.',
    twice: `"${text}" is the same number as in line ${other}. Delete one of the two lines.`,
    listed_already: `"${text}" is on the list already. Delete the line, or replace the whole list.`,
  };
  return `line ${line}: ${said[code]}`;
}

const fault = (code: ListFaultCode, line: number, text = '', other: number | null = null): ListFault => ({
  ...{ code, line, text: text.slice(0, 60), other },
});

export type FileEntry = NewListed & { line: number };

/**
 * The entries of a file, and everything that is wrong with it; nothing of a file with a fault is to be imported. The first row names
 * the columns, in whatever order. `now` in ms since 1970.
 */
export function readListRows(
  rows: readonly FileRow[],
  { timeZone, region }: Site,
  now: number,
): { entries: FileEntry[]; faults: ListFault[] } {
  const [head, ...body] = rows;
  const columns = head?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const known = columns.every((name) => (LIST_COLUMNS as readonly string[]).includes(name));
  if (!known || !columns.includes('number') || new Set(columns).size < columns.length)
    return { entries: [], faults: [fault('columns_wrong', head?.line ?? 1, columns.join(', '))] };
  if (body.length === 0) return { entries: [], faults: [fault('empty', head?.line ?? 1)] };
  if (body.length > MOST_AT_ONCE)
    return { entries: [], faults: [fault('too_many', body[MOST_AT_ONCE]!.line)] };
  const entries: FileEntry[] = [];
  const faults: ListFault[] = [];
  const lines = new Map<string, number>();
  for (const { line, cells } of body) {
    const cell = (name: (typeof LIST_COLUMNS)[number]) => unquoted(cells[columns.indexOf(name)] ?? '');
    const [number, note, until] = [cell('number'), cell('note'), cell('until')];
    const found: ListFault[] = [];
    if (cells.length > columns.length) found.push(fault('cells_many', line));
    if (number === '') found.push(fault('number_missing', line));
    else if (isRounded(number)) found.push(fault('number_rounded', line, number));
    else if (!isNumber(number) || number.length > 40) found.push(fault('number_bad', line, number));
    else if (lacksCountry(number, region)) found.push(fault('number_country', line, number));
    if (note.length > 200) found.push(fault('note_long', line));
    const end = until === '' ? null : endOf(until, timeZone);
    if (until !== '' && end === null) found.push(fault('until_bad', line, until));
    else if (end !== null && end <= now) found.push(fault('until_past', line, until));
    const keys = numberKeys(number, region);
    const same = keys.map((key) => lines.get(key)).find((other) => other !== undefined);
    if (found.length === 0 && same !== undefined) found.push(fault('twice', line, number, same));
    for (const key of keys) if (!lines.has(key)) lines.set(key, line);
    faults.push(...found);
    entries.push({ line, number, note, until: end });
  }
  return { entries, faults };
}

/** The fault of an entry that the list has already. */
export const listedAlready = ({ line, number }: FileEntry): ListFault =>
  fault('listed_already', line, number);
export const brokenCsv = (line: number, text: string): ListFault => fault('csv_broken', line, text);

/** An apostrophe that keeps a spreadsheet from taking a cell for a formula is none of what it says. */
const unquoted = (cell: string): string =>
  cell
    .trim()
    .replace(/^'(?=[+\-=@])/, '')
    .trim();

/** When an entry ends, as `endOf` reads it: a day where it ends with that. */
export function endText(until: number | null, zone: string): string {
  if (until === null) return '';
  const dateAt = dates(zone);
  const day = dateAt(until - 1);
  return dateAt(until) === day ? shownTimes(zone)(until).slice(0, 16) : day;
}

/** The cells of an entry, in the order of the columns, safe for a spreadsheet. */
export const listCells = ({ number, note, until }: Listed, zone: string): string[] =>
  [number, note, endText(until, zone)].map(harmless);
