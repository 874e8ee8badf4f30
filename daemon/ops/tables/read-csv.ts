import { CsvError, parse } from 'csv-parse/sync';

/** A row: the line on which it begins, and its cells. */
export type CsvRow = { line: number; cells: string[] };

/**
 * Reads CSV as spreadsheets of any language write it: commas, semicolons or tabs, whichever the first line has. Empty lines are left
 * out. `broken` is the line that cannot be read, with why; then `rows` has none.
 */
export function readCsv(text: string): { rows: CsvRow[]; broken: { line: number; why: string } | null } {
  const first = /^.*$/m.exec(text)?.[0] ?? '';
  const delimiter = ['\t', ';'].find((mark) => first.includes(mark) && !first.includes(',')) ?? ',';
  try {
    const rows = parse(text, {
      ...{ bom: true, relax_column_count: true, skip_empty_lines: true, info: true, delimiter },
      skip_records_with_empty_values: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    // It tells the line on which a row ends.
    const breaks = (cells: string[]) => cells.join('').split('\n').length - 1;
    return {
      rows: rows.map(({ record, info }) => ({ line: info.lines - breaks(record), cells: record })),
      broken: null,
    };
  } catch (e) {
    if (!(e instanceof CsvError)) throw e;
    const line = Number((e as { lines?: unknown }).lines);
    return { rows: [], broken: { line: Number.isInteger(line) && line > 0 ? line : 1, why: e.message } };
  }
}
