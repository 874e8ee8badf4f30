import { type Static, Type } from 'typebox';
import {
  barsOf,
  type Column,
  type Findings,
  type ReportHead,
  type Row,
  reportNames,
  shownColumns,
  shownRow,
} from './report.js';

const Text = Type.String();
const Rows = Type.Array(
  Type.Object({
    cells: Type.Array(Text, {
      description: 'As people read them; a line end parts what stands in one cell.',
    }),
    href: Type.Union([Text, Type.Null()], { description: 'The page of what the row is about.' }),
  }),
);
const Shown = { columns: Type.Array(Text), rows: Rows };

/** A report as the dashboard shows it: the answer, the figures, and the first rows. */
export const ReportView = Type.Object({
  head: Type.Object({
    report: Type.Enum([...reportNames]),
    title: Text,
    site: Type.Object({ name: Text, time_zone: Text }),
    period: Type.Object({ from: Text, to: Text }),
    times: Type.Object({ from: Text, to: Text }),
    made: Type.Object({ at: Text, by: Text, address: Text }),
    tool: Type.Object({ name: Text, version: Text }),
    query: Text,
    entry: Type.Integer({ description: 'The number of its entry in the audit log.' }),
    audit: Type.Object({ log: Text, size: Type.Integer(), hash: Text }),
  }),
  answer: Type.Array(Text, { description: 'The answer in words, the most important sentence first.' }),
  caveats: Type.Array(Text, { description: 'What this report cannot vouch for.' }),
  tables: Type.Array(
    Type.Object({
      ...{ key: Text, title: Text },
      bars: Type.Array(Type.Object({ label: Text, value: Type.Number() }), {
        description: 'What is shown as a chart; empty for none.',
      }),
      ...Shown,
    }),
  ),
  title: Text,
  method: Text,
  total: Type.Integer({ description: 'How many rows there are.' }),
  ...Shown,
});
export type ReportView = Static<typeof ReportView>;

type Collected = {
  title: string;
  method: string;
  columns: readonly Column[];
  rows: readonly Row[];
  total: number;
  findings: Findings;
};

export function pageView(
  head: ReportHead,
  { title, method, total, findings, ...list }: Collected,
  say: (ms: number) => string,
): ReportView {
  const shownOf = ({ columns, rows }: { columns: readonly Column[]; rows: readonly Row[] }) => {
    const shown = shownColumns(columns);
    return {
      columns: shown.map(({ column }) => column.head),
      rows: rows.map((row) => ({
        cells: shownRow(row, columns, shown, say),
        href: hrefOf(columns, row),
      })),
    };
  };
  return {
    head,
    answer: [...findings.answer],
    caveats: [...findings.caveats],
    tables: findings.tables.map((table) => ({
      ...{ key: table.key, title: table.title, bars: barsOf(table) },
      ...shownOf(table.chart === 'alone' ? { ...table, rows: [] } : table),
    })),
    ...{ title, method, total },
    ...shownOf(list),
  };
}

/** The page of the certificate or the call that a row is about; null where it names none. */
function hrefOf(columns: readonly Column[], row: Row): string | null {
  const textOf = (key: string): string => {
    const at = columns.findIndex((column) => column.key === key);
    return at < 0 ? '' : String(row[at] ?? '');
  };
  const certificate = Number(/^EC-(\d+)$/.exec(textOf('certificate'))?.[1] ?? 0);
  if (certificate > 0) return `/certificates/${certificate}`;
  const call = textOf('call_id');
  return call === '' ? null : `/calls/${encodeURIComponent(call)}`;
}
