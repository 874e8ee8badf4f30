import type { CallRecord } from '../../domain/recording.js';

/** Words beyond this many are not looked at. */
const MOST_WORDS = 8;

/** Letters without case, accents and width, so that "muller" finds "Müller". */
const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const digits = (text: string) => text.replace(/\D/g, '');

/** Everything of a call that can be searched, one thing a line: no word of a search can reach over two of them. */
export function searchText(call: CallRecord): string {
  const parties = [call.them, call.us, ...call.legs.map((leg) => leg.party)];
  const numbers = [call.did, call.dialled, ...parties.map((p) => p.number)];
  const lines = [call.queue, ...parties.map((p) => p.name), ...numbers, ...numbers.map(digits)];
  return [...new Set(lines.map((line) => fold(line).replace(/\n/g, ' ')).filter(Boolean))].join('\n');
}

/**
 * SQL conditions for a search as people type it. Every word must fit somewhere; case and accents do not matter, and
 * what is only digits and the marks that people put between them fits a number written in any other way.
 */
export function searchConditions(text: string): { where: string[]; values: string[] } {
  const where: string[] = [];
  const values: string[] = [];
  // To SQLite a NUL ends the pattern, and what is left of it would fit everything.
  for (const word of text
    .split(/[\s\p{Cc}\p{Cs}]+/u)
    .filter(Boolean)
    .slice(0, MOST_WORDS)) {
    const numeric = /^[\d+\-().,/]+$/.test(word);
    const wanted = numeric ? digits(word) : fold(word);
    if (wanted === '') continue;
    where.push("calls.search LIKE ? ESCAPE '\\'");
    values.push(`%${wanted.replace(/[\\%_]/g, '\\$&')}%`);
  }
  return { where, values };
}
