import { type Static, Type } from 'typebox';
import { harmless } from '../../csv.js';
import { dates, momentOf, type Site, shownTimes, startOfDay } from '../../days.js';
import { lacksCountry } from '../../phone.js';
import { repeatedOffset } from '../../written.js';
import { endText, type FileRow } from '../lists/list-file.js';
import { endOf, isNumber, isRounded, LACKS_COUNTRY } from '../lists/number-list.js';
import {
  MOST_STANDING_AT_ONCE,
  type NewStanding,
  type Standing,
  type StandingKind,
  standingKinds,
  stateOf,
} from './standing.js';

/** Standing consents and objections as a table that people edit: one a row. */

export const STANDING_COLUMNS = [
  ...['kind', 'number', 'contact', 'extensions', 'queues', 'given', 'how', 'until'],
] as const;
type Column = 'kind' | 'number' | 'contact' | 'extensions' | 'queues' | 'given' | 'how' | 'until';
const REQUIRED: readonly Column[] = ['kind', 'number', 'given', 'how'];

export const standingFaults = [
  ...['csv_broken', 'columns_wrong', 'empty', 'too_many', 'cells_many', 'kind_bad'],
  ...['number_missing', 'number_bad', 'number_country', 'number_rounded', 'contact_long', 'names_many'],
  ...['given_bad', 'given_future', 'how_missing', 'how_long', 'until_bad', 'until_past'],
] as const;
/** Why nothing was entered: the line of the file, and what of it (`text`). */
export const StandingFault = Type.Object({
  code: Type.Enum([...standingFaults]),
  line: Type.Integer(),
  text: Type.String(),
});
export type StandingFault = Static<typeof StandingFault>;
export type StandingFaultCode = StandingFault['code'];

/** What is wrong, and what to do about it. */
export function standingFaultText({ code, text }: StandingFault): string {
  const said: Record<StandingFaultCode, string> = {
    csv_broken: `This is not CSV: ${text}. Check the quotation marks of this line.`,
    columns_wrong: `The columns are "${text}". The first line names the columns: ${STANDING_COLUMNS.join(', ')}. ${REQUIRED.join(', ')} are required.`,
    empty: 'There is nothing below the names of the columns. Write one consent or objection in each line.',
    too_many: `There are more than ${MOST_STANDING_AT_ONCE} lines. Import them in several files.`,
    cells_many: 'There are more cells than columns. Put a text that contains a comma in quotation marks.',
    kind_bad: `"${text}" is neither "consent" nor "objection".`,
    number_missing: 'The number is missing.',
    number_bad: `"${text}" is not a telephone number. Write digits with or without the country code, such as +44 20 7946 0123.`,
    number_country: `"${text}" ${LACKS_COUNTRY}`,
    number_rounded: `"${text}" was rounded by a spreadsheet. Format the column as text and enter the number again.`,
    contact_long: 'The name of the contact is longer than 80 characters. Shorten it.',
    names_many: `"${text}": there can be 50 extensions and 50 queues, each of at most 80 characters, with a space between them.`,
    given_bad: `"${text}" is not a day. Write the day on which it was given as 2026-05-03 or 2026-05-03 14:30.`,
    given_future: `"${text}" is in the future. Write the day on which it was given.`,
    how_missing: 'It is not said how it was given. Write something like "contract of 3 May" or "letter".',
    how_long: 'How it was given is longer than 200 characters. Shorten it.',
    until_bad: `"${text}" is not a day. Write it as 2027-01-31 or 2027-01-31 18:00, or leave it empty.`,
    until_past: `"${text}" is in the past, or before it was given. Write a later day.`,
  };
  return said[code];
}

/** The fault of a file that is no CSV. */
export const brokenStanding = (line: number, why: string): StandingFault => ({
  ...{ code: 'csv_broken', line, text: why.slice(0, 60) },
});

export type StandingEntry = NewStanding & { line: number };

/**
 * The entries of a file, and everything that is wrong with it; nothing of a file with a fault is to be entered. The first row names
 * the columns, in whatever order. `now` in ms since 1970.
 */
export function readStandingRows(
  rows: readonly FileRow[],
  site: Site,
  now: number,
): { entries: StandingEntry[]; faults: StandingFault[] } {
  const [head, ...body] = rows;
  const columns = head?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const known = columns.every((name) => (STANDING_COLUMNS as readonly string[]).includes(name));
  const none = (code: StandingFaultCode, line = head?.line ?? 1, text = '') => ({
    entries: [],
    faults: [{ code, line, text: text.slice(0, 60) }],
  });
  if (!known || !REQUIRED.every((name) => columns.includes(name)) || new Set(columns).size < columns.length)
    return none('columns_wrong', undefined, columns.join(', '));
  if (body.length === 0) return none('empty');
  if (body.length > MOST_STANDING_AT_ONCE) return none('too_many', body[MOST_STANDING_AT_ONCE]!.line);
  const entries: StandingEntry[] = [];
  const faults: StandingFault[] = [];
  for (const { line, cells } of body) {
    const cell = (name: Column) => unquoted(cells[columns.indexOf(name)] ?? '');
    if (cells.length > columns.length) faults.push({ code: 'cells_many', line, text: '' });
    const read = entryOf(cell, site, now);
    entries.push({ ...read.entry, line });
    faults.push(...read.faults.map(([code, text]) => ({ code, line, text: text.slice(0, 60) })));
  }
  return { entries, faults };
}

function entryOf(cell: (name: Column) => string, { timeZone, region }: Site, now: number) {
  const faults: [code: StandingFaultCode, text: string][] = [];
  const say = (code: StandingFaultCode, text = '') => faults.push([code, text]);
  const [kind, number, contact, how] = [
    cell('kind').toLowerCase(),
    cell('number'),
    cell('contact'),
    cell('how'),
  ];
  if (!(standingKinds as readonly string[]).includes(kind)) say('kind_bad', kind);
  if (number === '') say('number_missing');
  else if (isRounded(number)) say('number_rounded', number);
  else if (!isNumber(number) || number.length > 40) say('number_bad', number);
  else if (lacksCountry(number, region)) say('number_country', number);
  if (contact.length > 80) say('contact_long');
  const [extensions, queues] = [namesIn(cell('extensions')), namesIn(cell('queues'))];
  for (const names of [extensions, queues])
    if (names.length > 50 || names.some((name) => name.length > 80)) say('names_many', names.join(' '));
  const given = momentIn(cell('given'), timeZone);
  if (given === null) say('given_bad', cell('given'));
  else if (given > now) say('given_future', cell('given'));
  if (how === '') say('how_missing');
  if (how.length > 200) say('how_long');
  const ends = cell('until');
  const until = ends === '' ? null : endOf(ends, timeZone);
  if (ends !== '' && until === null) say('until_bad', ends);
  else if (until !== null && (until <= now || until <= (given ?? 0))) say('until_past', ends);
  const entry: NewStanding = {
    ...{ kind: kind as StandingKind, number, contact, extensions, queues },
    ...{ givenAt: given ?? 0, how, until },
  };
  return { entry, faults };
}

/** "2026-05-03" is the beginning of that day. */
const momentIn = (text: string, zone: string): number | null =>
  /^\d{4}-\d\d-\d\d$/.test(text)
    ? momentOf(`${text} 12:00`, zone) === null
      ? null
      : startOfDay(text, zone)
    : momentOf(text, zone);

const namesIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ''))];

/** An apostrophe that keeps a spreadsheet from taking a cell for a formula is none of what it says. */
const unquoted = (cell: string): string =>
  cell
    .trim()
    .replace(/^'(?=[+\-=@])/, '')
    .trim();

/** What a table that is given out has beside the columns that are read. */
export const STANDING_TABLE = [
  ...STANDING_COLUMNS,
  ...['state', 'withdrawn', 'withdrawn_by', 'entered', 'entered_by', 'document_sha256', 'document_erased'],
  ...['erased', 'erased_by', 'erased_why'],
] as const;

/** The cells of one, in the order of these columns, safe for a spreadsheet. */
export function standingCells(standing: Standing, zone: string, now: number): string[] {
  const { kind, number, contact, extensions, queues, givenAt, how, until } = standing;
  const { withdrawnAt, withdrawnBy, addedAt, addedBy, document, erasedAt, erasedBy, erasedWhy } = standing;
  const time = (ms: number | null | undefined) =>
    ms == null ? '' : `${shownTimes(zone)(ms).slice(0, 16)}${repeatedOffset(ms, zone)}`;
  return [
    ...[kind, number, contact, extensions.join(' '), queues.join(' '), givenText(givenAt, zone), how],
    ...[endText(until, zone), stateOf(standing, now), time(withdrawnAt), withdrawnBy, time(addedAt), addedBy],
    ...[document?.sha256 ?? '', time(document?.erasedAt), time(erasedAt), erasedBy, erasedWhy],
  ].map(harmless);
}

/** When one was given, as it is read: a day where it began with that. */
export function givenText(givenAt: number, zone: string): string {
  const dateAt = dates(zone);
  const day = dateAt(givenAt);
  return dateAt(givenAt - 1) === day ? shownTimes(zone)(givenAt).slice(0, 16) : day;
}
