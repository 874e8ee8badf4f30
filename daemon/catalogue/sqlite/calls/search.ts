import { digitsOf, sought } from '../../../domain/phone.js';
import type { CallRecord } from '../../../domain/recording/recording.js';

/** Words beyond this many are not looked at. */
const MOST_WORDS = 8;

/** Letters without case, accents and width, so that "muller" finds "Müller". */
const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Everything of a call that can be searched, one thing a line: no word of a search can reach over two of them. */
export function searchText(call: CallRecord): string {
  const parties = [call.them, call.us, ...call.legs.map((leg) => leg.party)];
  const numbers = [call.did, call.dialled, ...parties.map((p) => p.number)];
  const lines = [call.queue, ...parties.map((p) => p.name), ...numbers, ...numbers.map(digitsOf)];
  return [...new Set(lines.map((line) => fold(line).replace(/\n/g, ' ')).filter(Boolean))].join('\n');
}

type Condition = { sql: string; values: string[] };

const joined = (conditions: Condition[], by: 'AND' | 'OR'): Condition => ({
  sql: `(${conditions.map(({ sql }) => sql).join(` ${by} `)})`,
  values: conditions.flatMap(({ values }) => values),
});

const isNumeric = (word: string) => /^[\d+\-().,/]+$/.test(word);

/**
 * SQL conditions for a search as people type it. Every word must match somewhere; case and accents do not matter. Digits
 * match the end of a number, or a word of a name; a complete number matches in whichever format it was dialled. Words of
 * digits that follow each other are one number ("020 7946 0123") or several. `region` is that of the site.
 */
export function searchConditions(text: string, region = ''): { where: string[]; values: string[] } {
  // To SQLite a NUL ends the pattern, and what is left of it would fit everything.
  const words = text
    .split(/[\s\p{Cc}\p{Cs}]+/u)
    .filter((word) => (isNumeric(word) ? digitsOf(word) : fold(word)) !== '')
    .slice(0, MOST_WORDS);
  const runs: string[][] = [];
  for (const word of words) {
    const last = runs.at(-1);
    if (last && isNumeric(word) && isNumeric(last[0]!)) last.push(word);
    else runs.push([word]);
  }
  const conditions = runs.map((run) => {
    if (!isNumeric(run[0]!)) return like(fold(run[0]!));
    const asOne = ofNumber(run.join(' '), region);
    const each = run.map((word) => ofNumber(word, region));
    return run.length === 1 ? asOne : joined([asOne, joined(each, 'AND')], 'OR');
  });
  return { where: conditions.map(({ sql }) => sql), values: conditions.flatMap(({ values }) => values) };
}

const like = (text: string): Condition => ({
  sql: "calls.search LIKE ? ESCAPE '\\'",
  values: [`%${text.replace(/[\\%_]/g, '\\$&')}%`],
});

function ofNumber(typed: string, region: string): Condition {
  const { ends, whole } = sought(typed, region);
  const digits = digitsOf(typed);
  const patterns = [
    ...[...ends.map((end) => `%${end}\n%`), ...whole.map((line) => `%\n${line}\n%`)],
    ...[`%\n${digits} %`, `% ${digits} %`],
  ];
  // What all of them have in common stands first: of nearly every call nothing else is looked at.
  const common = like(commonEnd([digits, ...ends, ...whole]));
  return joined(
    [
      common,
      {
        sql: `(${patterns.map(() => 'char(10) || calls.search || char(10) LIKE ?').join(' OR ')})`,
        values: patterns,
      },
    ],
    'AND',
  );
}

function commonEnd(texts: string[]): string {
  const [first = '', ...others] = texts;
  let end = first;
  while (!others.every((text) => text.endsWith(end))) end = end.slice(1);
  return end;
}
