import { times } from '../domain/days.js';

/** Rows as columns, two spaces apart, without spaces at the end. No cell can send anything but text to a terminal. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  lines([head, ...rows]);

/** The same without a heading. */
export function lines(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replace(/[\p{Cc}\p{Cf}]/gu, ' ')));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...cells.map((row) => [...(row[i] ?? '')].length)));
  const pad = (cell: string, i: number) => cell + ' '.repeat(widths[i]! - [...cell].length);
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Gives times (ms since 1970) in a zone as the domain does; "-" for none. */
export function timesIn(zone: string): (ms: number | null) => string {
  const time = times(zone);
  return (ms) => (ms === null ? '-' : time(ms));
}

/** The name and the number of somebody, as far as they are known. */
export const who = (party: { name: string; number: string }): string =>
  [party.name, party.number].filter(Boolean).join(' ') || 'unknown';
