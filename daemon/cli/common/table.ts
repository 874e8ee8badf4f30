import { times } from '../../domain/days.js';

/** Narrowest width, in characters, at which a column of text is still readable beside others. */
const NARROWEST = 12;
/** A word up to this long, such as an id or a number, is never broken: somebody may want to copy it. */
const LONGEST_WHOLE = 40;
const GAP = 2;
const INDENT = '    ';

type Options = {
  /** Columns of text, which may take several lines. Ids, numbers and times stay whole, so that they can be copied. */
  wrap?: readonly number[];
  /** Characters in a line; without it those of the terminal, and no limit where the output goes to a file or a pipe. */
  width?: number;
};

/**
 * Returns rows as columns, two spaces apart, without spaces at the end, and no line longer than the terminal is wide. No
 * cell can send anything but text to a terminal.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: Options = {},
): string => lines([head, ...rows], options);

/** The same without a heading; here the last column is the one that wraps. */
export function lines(
  rows: readonly (readonly string[])[],
  {
    wrap = [(rows[0] ?? []).length - 1],
    width = process.stdout.columns ?? Number.POSITIVE_INFINITY,
  }: Options = {},
): string {
  const cells = rows.map((row) => row.map((cell) => cell.replace(/[\p{Cc}\p{Cf}]/gu, ' ')));
  const natural = (rows[0] ?? []).map((_, i) => Math.max(...cells.map((row) => length(row[i] ?? ''))));
  const least = natural.map((_, i) => Math.max(NARROWEST, ...cells.map((row) => longestWord(row[i] ?? ''))));
  const widths = fit(natural, least, wrap, width);
  return (
    widths
      ? cells.flatMap((row) => beside(row, widths))
      : cells.flatMap((row) => below(row, natural, wrap, width))
  ).join('\n');
}

const length = (text: string): number => [...text].length;
const padded = (cell: string, to: number): string => cell + ' '.repeat(Math.max(0, to - length(cell)));

const longestWord = (text: string): number =>
  Math.min(LONGEST_WHOLE, Math.max(...text.split(' ').map(length)));

/** The widths of all columns, those that wrap made narrower as far as needed; null where there is no room for them. */
function fit(
  natural: readonly number[],
  least: readonly number[],
  wrap: readonly number[],
  width: number,
): number[] | null {
  const widths = [...natural];
  for (let over = widths.reduce((sum, w) => sum + w + GAP, -GAP) - width; over > 0; over -= 1) {
    const [widest] = wrap.filter((i) => widths[i]! > least[i]!).sort((a, b) => widths[b]! - widths[a]!);
    if (widest === undefined) return null;
    widths[widest]! -= 1;
  }
  return widths;
}

function beside(row: readonly string[], widths: readonly number[]): string[] {
  const parts = row.map((cell, i) => wrapped(cell, widths[i]!));
  const height = Math.max(...parts.map((part) => part.length));
  return Array.from({ length: height }, (_, n) =>
    parts
      .map((part, i) => padded(part[n] ?? '', widths[i]!))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** What wraps stands on lines of its own, below the rest of its row. */
function below(
  row: readonly string[],
  natural: readonly number[],
  wrap: readonly number[],
  width: number,
): string[] {
  const rest = row.flatMap((cell, i) => (wrap.includes(i) ? [] : [padded(cell, natural[i]!)]));
  const text = wrap.map((i) => row[i] ?? '').filter((cell) => cell !== '');
  return [
    rest.join(' '.repeat(GAP)).trimEnd(),
    ...wrapped(text.join(', '), Math.max(NARROWEST, width - INDENT.length)).map((line) => INDENT + line),
  ];
}

/** Breaks a text at spaces; a word that is longer than a line is broken where the line ends. */
function wrapped(text: string, width: number): string[] {
  const out: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line !== '' && length(line) + 1 + length(word) > width) {
      out.push(line);
      line = '';
    }
    for (; length(word) > width; word = [...word].slice(width).join('')) {
      if (line !== '') out.push(line);
      line = '';
      out.push([...word].slice(0, width).join(''));
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...out, line];
}

/** Returns what writes times (ms since 1970) in a zone as the domain does; "-" for none. */
export function timesIn(zone: string): (ms: number | null) => string {
  const time = times(zone);
  return (ms) => (ms === null ? '-' : time(ms));
}

/** The name and the number of somebody, as far as they are known. */
export const who = (party: { name: string; number: string; removed?: true }): string =>
  [party.name, party.number].filter(Boolean).join(' ') || (party.removed ? 'removed' : 'unknown');
