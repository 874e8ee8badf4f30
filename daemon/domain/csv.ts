/** Text that no spreadsheet takes for a formula; full-width signs count too. */
export function harmless(cell: string): string {
  return /^(?:[\t\r\n\0]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/.test(cell) ? `'${cell}` : cell;
}

/** A line end alone, of either kind, is one to a spreadsheet: a cell with one stands in quotes. */
export const QUOTED = { quoted_match: /[\r\n]/ } as const;

/** How tables are given out: RFC 4180, UTF-8, with a byte order mark so that Excel reads it as such. */
export const CSV = { ...QUOTED, bom: true, header: true, record_delimiter: 'windows' } as const;
