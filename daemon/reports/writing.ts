import { stringify } from 'csv-stringify/sync';
import { CSV, harmless, QUOTED } from '../domain/csv.js';
import {
  type Column,
  type Findings,
  plainCell,
  type Report,
  type ReportHead,
  type Row,
} from '../domain/report/report.js';

/** So many rows are written as one piece. */
const PIECE = 100;

/** A report of which the first rows are held. */
export type Collected = Pick<Report, 'columns' | 'title' | 'method'> & {
  rows: Row[];
  /** How many there are. */
  total: number;
  findings: Findings;
};

/** Reads a report to its end, and holds its first `most` rows. */
export async function collect(report: Report, most: number): Promise<Collected> {
  const { columns, title, method } = report;
  const rows: Row[] = [];
  let total = 0;
  for await (const row of report.rows()) {
    total += 1;
    if (rows.length < most) rows.push(row);
  }
  return { columns, title, method, rows, total, findings: await report.findings() };
}

/** Yields the rows of a report as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export async function* csvOf({ columns, rows }: Report): AsyncGenerator<string> {
  const lines = (cells: string[][]) =>
    stringify(cells, { ...QUOTED, record_delimiter: CSV.record_delimiter });
  yield `\ufeff${lines([columns.map(({ key }) => key)])}`;
  let piece: string[][] = [];
  for await (const row of rows()) {
    piece.push(columns.map((column, n) => csvCell(row[n] ?? null, column)));
    if (piece.length < PIECE) continue;
    yield lines(piece);
    piece = [];
  }
  if (piece.length > 0) yield lines(piece);
}

const csvCell = (cell: Row[number], column: Column): string => {
  const text = plainCell(cell, column);
  // A number of ours is no formula, whatever its sign.
  return typeof cell === 'number' ? text : harmless(text);
};

const named = (columns: readonly Column[], row: Row) =>
  Object.fromEntries(
    columns.map((column, n) => {
      const cell = row[n] ?? null;
      return [column.key, column.kind === 'time' && cell !== null ? plainCell(cell, column) : cell];
    }),
  );

/** Yields a report as JSON: its head, one row a line, and then what they come to. */
export async function* jsonOf(head: ReportHead, report: Report): AsyncGenerator<string> {
  const { columns, title, method } = report;
  yield `{"head":${JSON.stringify(head)},\n"method":${JSON.stringify(method)},\n"title":${JSON.stringify(title)},\n"rows":[`;
  let before = '\n';
  for await (const row of report.rows()) {
    yield `${before}${JSON.stringify(named(columns, row))}`;
    before = ',\n';
  }
  const { answer, caveats, tables } = await report.findings();
  const figures = Object.fromEntries(
    tables.map((table) => [table.key, table.rows.map((row) => named(table.columns, row))]),
  );
  yield `\n],\n"answer":${JSON.stringify(answer)},\n"caveats":${JSON.stringify(caveats)},\n"tables":${JSON.stringify(figures)}}\n`;
}
