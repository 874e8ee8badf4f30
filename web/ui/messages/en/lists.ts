import type { ListFaultCode } from '../../../../daemon/domain/policy/lists/list-file.js';
import { count, listAnd, plural } from '../locale.js';

const numbers = (n: number) => plural(n, { one: '1 number', other: `${count(n)} numbers` });
type About = { text: string; other: number };

/** What is wrong with a line of a file, and what to do about it. */
const faults: Record<ListFaultCode, (about: About) => string> = {
  csv_broken: ({ text }) => `This is not CSV: ${text}. Check the quotation marks of this line.`,
  columns_wrong: ({ text }) =>
    `The columns are “${text}”. The first line must name the columns: number, and optionally note and until.`,
  empty: () => 'The file contains no numbers. Put one number in each line below the column names.',
  too_many: () => `The file has more than ${count(10_000)} numbers. Split it into several files.`,
  number_missing: () => 'The number is missing. Enter one or delete the line.',
  number_bad: ({ text }) =>
    `“${text}” is not a telephone number. Use digits with or without the country code, such as +44 20 7946 0123.`,
  number_country: ({ text }) =>
    `“${text}” has no country code, and the country of this site is not set, so no call would match it. Enter it with its country code, such as +44 20 7946 0123.`,
  number_rounded: ({ text }) =>
    `“${text}” was rounded by a spreadsheet. Format the column as text and enter the number again.`,
  note_long: () => `The note is longer than ${count(200)} characters. Shorten it.`,
  until_bad: ({ text }) =>
    `“${text}” is not a date. Use 2027-01-31 or 2027-01-31 18:00, or leave the cell empty.`,
  until_past: ({ text }) => `“${text}” is in the past. Use a later date or delete the line.`,
  cells_many: () =>
    'The line has more cells than columns. Put text that contains a comma in quotation marks.',
  twice: ({ text, other }) =>
    `“${text}” is the same number as in line ${count(other)}. Delete one of the two lines.`,
  listed_already: ({ text }) =>
    `“${text}” is already on the list. Delete the line, or replace the whole list.`,
};

/** The messages of the lists of numbers. */
export const listsText = {
  title: 'Number lists',
  back: 'All lists',
  intro:
    'Recording rules can refer to a list, such as “VIP” or “Do not record”. Changes apply to calls that start from now on.',
  summary: ({ lists, n }: { lists: number; n: number }) =>
    lists === 0
      ? 'No lists yet.'
      : `${plural(lists, { one: '1 list', other: `${count(lists)} lists` })} with ${numbers(n)}.`,
  columns: { name: 'List', numbers: 'Numbers', used: 'Used by' },
  numbers: ({ n }: { n: number }) => numbers(n),
  unused: 'No rule',
  usedBy: ({ rules }: { rules: string[] }) => listAnd(rules.map((name) => `“${name}”`)),
  create: 'Create a list',
  createButton: 'Create list',
  creating: 'Creating…',
  name: 'Name',
  nameHelp: 'Rules refer to the list by its name, so it cannot be changed later.',
  badName: 'Enter a name of 1 to 80 characters.',
  note: 'Note',
  listNoteHelp: 'Optional. Why this list exists.',
  made: ({ who, when }: { who: string; when: string }) => `Created by ${who} on ${when}.`,
  inUse: ({ rules }: { rules: string[] }) => `Used by ${listAnd(rules.map((name) => `“${name}”`))}.`,
  notInUse: 'No rule in force refers to this list.',
  empty: 'No numbers on this list.',
  emptyHelp: 'Add a number or import a CSV file.',
  noMatch: ({ digits }: { digits: string }) => `No number on this list contains ${digits}.`,
  onList: 'Numbers',
  search: 'Find a number',
  searchHelp: 'Any digits in a row.',
  table: { number: 'Number', note: 'Note', until: 'Until', added: 'Added', act: 'Action' },
  never: 'No end',
  remove: 'Remove',
  removeThat: ({ number }: { number: string }) => `Remove ${number}`,
  removed: ({ number }: { number: string }) => `${number} was removed.`,
  more: 'Show more',
  add: {
    title: 'Add a number',
    number: 'Number',
    numberHelp: 'With or without the country code.',
    noteHelp: 'Optional. Why this number is on the list.',
    until: 'Until',
    untilHelp: 'Optional. The number leaves the list at the end of this day.',
    button: 'Add number',
    busy: 'Adding…',
    done: ({ number }: { number: string }) => `${number} was added.`,
    none: 'Enter a number.',
  },
  import: {
    title: 'Import and export',
    help: 'The first line names the columns: number, note, until. Only number is required.',
    add: 'Add to the numbers on this list',
    replace: ({ n }: { n: number }) => `Replace the ${numbers(n)} on this list`,
    how: 'Import mode',
    button: 'Import numbers',
    done: ({ added, removed }: { added: number; removed: number }) =>
      removed > 0
        ? `${numbers(added)} imported, replacing ${count(removed)}.`
        : `${numbers(added)} imported.`,
    also: ({ n, list }: { n: number; list: string }) =>
      plural(n, {
        one: `1 of these numbers is also on “${list}”.`,
        other: `${count(n)} of these numbers are also on “${list}”.`,
      }),
    export: 'Export as CSV',
  },
  faults,
  delete: {
    button: 'Delete list',
    title: ({ name }: { name: string }) => `Delete “${name}”?`,
    what: ({ n }: { n: number }) =>
      n === 0 ? 'The list is empty.' : `The list and the ${numbers(n)} on it will be deleted.`,
    busy: 'Deleting…',
    used: 'Remove the list from these rules before you delete it.',
  },
};
