import { digitsOf, insides, sought } from '../phone.js';
import type { CallRecord } from '../recording/recording.js';

/** Words beyond this many are not looked at. */
const MOST_WORDS = 8;

/** Letters without case, accents and width, so that "muller" finds "Müller". */
const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Everything of a call that can be searched, one thing a line: no word of a search can reach over two of them. */
export function searchText(
  call: Pick<CallRecord, 'them' | 'us' | 'legs' | 'did' | 'dialled' | 'queue'>,
): string {
  const parties = [call.them, call.us, ...call.legs.map((leg) => leg.party)];
  const numbers = [call.did, call.dialled, ...parties.map((p) => p.number)];
  const lines = [call.queue, ...parties.map((p) => p.name), ...numbers, ...numbers.map(digitsOf)];
  return [...new Set(lines.map((line) => fold(line).replace(/\n/g, ' ')).filter(Boolean))].join('\n');
}

/**
 * What a search asks of a call's search text: all of these, any of these, or that the text contains something. With `framed`
 * the text has a line break before and after it. SQL and `foundIn` both read this one form.
 */
export type Sought = { all: Sought[] } | { any: Sought[] } | { contains: string; framed: boolean };

const isNumeric = (word: string) => /^[\d+\-().,/]+$/.test(word);

/**
 * Returns what a search as people type it asks for; every one of these must be found. Case and accents do not matter. Digits
 * match the end of a number, or a word of a name; a complete number matches in whichever format it was dialled. Words of
 * digits that follow each other are one number ("020 7946 0123") or several. `region` is that of the site. `inside`: digits match
 * anywhere in a number.
 */
export function soughtBy(text: string, region = '', inside = false): Sought[] {
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
  return runs.map((run) => {
    if (!isNumeric(run[0]!)) return { contains: fold(run[0]!), framed: false };
    const asOne = ofNumber(run.join(' '), region);
    const each = run.map((word) => ofNumber(word, region));
    const anywhere = inside ? insides(run.join(' '), region) : [];
    const further = anywhere.map((contains) => ({ contains, framed: false }));
    if (run.length === 1 && further.length === 0) return asOne;
    return { any: [asOne, ...(run.length > 1 ? [{ all: each }] : []), ...further] };
  });
}

/** Returns what a call must have in which this number was, or one that ends so, in whatever notation. */
export function ofNumber(typed: string, region: string): Sought {
  const { ends, whole } = sought(typed, region);
  const digits = digitsOf(typed);
  const parts = [
    ...[...ends.map((end) => `${end}\n`), ...whole.map((line) => `\n${line}\n`)],
    ...[`\n${digits} `, ` ${digits} `],
  ];
  // What all of them have in common stands first: of nearly every call nothing else is looked at.
  const common = { contains: commonEnd([digits, ...ends, ...whole]), framed: false };
  return { all: [common, { any: parts.map((contains) => ({ contains, framed: true })) }] };
}

function commonEnd(texts: string[]): string {
  const [first = '', ...others] = texts;
  let end = first;
  while (!others.every((text) => text.endsWith(end))) end = end.slice(1);
  return end;
}

/** Whether a search text has what is sought. */
export function foundIn(search: string, asked: Sought): boolean {
  if ('all' in asked) return asked.all.every((part) => foundIn(search, part));
  if ('any' in asked) return asked.any.some((part) => foundIn(search, part));
  return (asked.framed ? `\n${search}\n` : search).includes(asked.contains);
}
