import { CATALOGUE } from './catalogue.js';
import { DASHBOARD, FILES, KEYS } from './elsewhere.js';
import type { Fate, FileEntry, Kind, TableEntry } from './entry.js';

/**
 * The register of personal data: every place where Tapedeck keeps a telephone number, a name, free text, audio or a key, and the rule
 * by which it goes. It names every column of every database, so that a new one is looked at before it is released.
 */

export const DATABASES: Record<string, readonly TableEntry[]> = {
  'catalogue/catalogue.db': CATALOGUE,
  'keys/keys.db': KEYS,
  'web/web.db': DASHBOARD,
};

export { FILES };

/** One place. `place`: a column, or a file relative to the data directory. */
export type PersonalPlace = { file: string; place: string; holds: Kind[]; goes: Fate; how: string };

/** Returns every place with personal data: columns by database and table, then files. */
export function personalPlaces(): PersonalPlace[] {
  const columns = Object.entries(DATABASES).flatMap(([file, tables]) =>
    tables.flatMap(({ table, personal }) =>
      personal.flatMap(({ columns, holds, goes, how }) =>
        columns.map((column) => ({ file, place: `${table}.${column}`, holds, goes, how })),
      ),
    ),
  );
  const files = FILES.filter(({ holds }) => holds.length > 0).map(({ file, holds, goes, how }) => ({
    ...{ file, place: '', holds, goes, how },
  }));
  return [...columns, ...files];
}

/** Whether a file of the data directory, by its path in it, is in the register. */
export const fileEntryOf = (path: string): FileEntry | undefined =>
  FILES.find(({ pattern }) => pattern.test(path));

export const KIND_WORDS: Record<Kind, string> = {
  number: "callers' and extensions' numbers",
  name: 'names of parties',
  text: 'text that somebody typed',
  user: 'people who use Tapedeck',
  audio: 'audio, or what was made of it',
  key: 'keys, and hashes of secrets',
  id: "ids of the PBX's channels",
};

export const FATE_WORDS: Record<Fate, string> = {
  audio: 'with the recording',
  call: 'with the names of its call',
  time: 'after a time',
  person: 'when somebody removes it',
  stays: 'never',
};

/** The register as a page of the documentation. */
export function registerPage(): string {
  const places = personalPlaces();
  const rowsOf = (of: PersonalPlace[], name: (one: PersonalPlace) => string) =>
    of.map((one) => [`\`${name(one)}\``, one.holds.join(', '), FATE_WORDS[one.goes], one.how]);
  const head = ['holds', 'goes', 'how'];
  return [
    '# Register of personal data',
    '',
    'Every column and file in which Tapedeck keeps a telephone number, a name, free text, audio, a key or an id of the',
    'PBX, and how it goes.',
    '`tapedeck retention register --markdown` prints this page. Columns that are not listed hold none: the build fails when a',
    'column of a database is missing from the register.',
    '',
    ...markdownTable([['word', 'meaning'], ...Object.entries(KIND_WORDS)]),
    ...Object.keys(DATABASES).flatMap((file) => [
      ...[`## ${file}`, ''],
      ...markdownTable([
        ['column', ...head],
        ...rowsOf(
          places.filter((one) => one.file === file && one.place !== ''),
          ({ place }) => place,
        ),
      ]),
    ]),
    ...['## Files', ''],
    'Paths are relative to the data directory, unless they begin with a name in angle brackets.',
    '',
    ...markdownTable([
      ['file', ...head],
      ...rowsOf(
        places.filter(({ place }) => place === ''),
        ({ file }) => file,
      ),
    ]),
  ].join('\n');
}

/** Lines of a table, the first row as its heading, each column as wide as its longest cell. */
function markdownTable(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [head, ...rest] = rows as [string[], ...string[][]];
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line), ''];
}
