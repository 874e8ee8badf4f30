import { durationText, sizeText } from '../written.js';

/** The reports that there are. */
export const reportNames = [
  'retention',
  'disposal',
  'holds',
  'consent',
  'coverage',
  'access',
  'policy',
  'users',
  'agents',
  'volume',
  'storage',
  'processing',
] as const;
export type ReportName = (typeof reportNames)[number];

export const reportTitles: Record<ReportName, string> = {
  retention: 'Retention',
  disposal: 'Disposal',
  holds: 'Legal hold',
  consent: 'Consent',
  coverage: 'Coverage',
  access: 'Access',
  policy: 'Policy change',
  users: 'Users and rights',
  agents: 'Calls by person',
  volume: 'Call volume',
  storage: 'Storage',
  processing: 'Processing activities',
};

/** The right that a report needs besides `oversee`: what the audit log says is for who may read it. */
export const reportRight = (report: ReportName): 'oversee' | 'audit' =>
  report === 'access' || report === 'users' ? 'audit' : 'oversee';

/** How a report is given out: to be looked at, or as a file. */
export const reportFormats = ['csv', 'pdf', 'json'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/**
 * What stands in a column. Times are ms since 1970, durations ms, sizes bytes: a file for programs has them as they are, times as
 * ISO 8601 in UTC; what people read has them in the site's zone and with units.
 */
export type ColumnKind = 'text' | 'hash' | 'time' | 'count' | 'duration' | 'bytes';
export type Cell = string | number | null;
export type Row = readonly Cell[];
/**
 * `key` is its name in CSV and JSON, `head` its name for people. `width` is its share of a printed page, 0 for what only files for
 * programs have. `under`: people read it in the same cell as the column of that key, on a line of its own.
 */
export type Column = { key: string; head: string; kind: ColumnKind; width: number; under?: string };

/**
 * A small table beside the list of a report, such as its figures by rule. `chart`: its first column names what its second one counts,
 * and people see that as bars, beside the table or, where the list has the same, in place of it.
 */
export type Table = {
  key: string;
  title: string;
  columns: readonly Column[];
  rows: readonly Row[];
  chart?: 'beside' | 'alone';
};

/** What a report says, once all of its rows were read. */
export type Findings = {
  /** The answer in words, most important sentence first. */
  answer: readonly string[];
  /** What this report cannot vouch for. */
  caveats: readonly string[];
  tables: readonly Table[];
};

/**
 * A report as it is made: `rows` is read once, from beginning to end, and `findings` asked after that. Whoever writes it holds as
 * many rows as it likes.
 */
export type Report = {
  columns: readonly Column[];
  /** What the rows are. */
  title: string;
  /** How the rows were found, in one sentence. */
  method: string;
  rows(): AsyncIterable<Row>;
  findings(): Findings | Promise<Findings>;
};

/** What stands at the head of every report. */
export type ReportHead = {
  report: ReportName;
  title: string;
  site: { name: string; time_zone: string };
  /** First and last day, both included. */
  period: { from: string; to: string };
  /** The same as times: from the first, and before the second, ISO 8601 in UTC. */
  times: { from: string; to: string };
  made: { at: string; by: string; address: string };
  tool: { name: string; version: string };
  /** What was asked for, as the command line has it. */
  query: string;
  /** The number of its entry in the audit log, which was written before; and that log's id, size and hash of the chain then. */
  entry: number;
  audit: { log: string; size: number; hash: string };
};

/** A cell for programs. */
export function plainCell(cell: Cell, { kind }: Pick<Column, 'kind'>): string {
  if (cell === null) return '';
  if (kind === 'time' && typeof cell === 'number') return new Date(cell).toISOString();
  return String(cell);
}

/** A cell for people; `say` writes a time (ms since 1970) in the site's zone. */
export function shownCell(cell: Cell, { kind }: Pick<Column, 'kind'>, say: (ms: number) => string): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (kind === 'time') return say(cell);
  if (kind === 'duration') return durationText(cell);
  if (kind === 'bytes') return sizeText(cell);
  return numberText(cell);
}

export type Bar = { label: string; value: number };
/** The bars of a chart; none where there is nothing to compare. */
export function barsOf({ rows, chart }: Pick<Table, 'rows' | 'chart'>): Bar[] {
  if (!chart || rows.length < 2) return [];
  return rows.map(([label, value]) => ({ label: String(label ?? ''), value: Number(value ?? 0) }));
}

/** A number with a comma after each three digits. */
export const numberText = (n: number): string => new Intl.NumberFormat('en').format(n);

/** "1 call" or "4,113 calls". */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${numberText(n)} ${n === 1 ? one : many}`;

/** What people read of columns: each with those under it. */
export const shownColumns = (columns: readonly Column[]): { column: Column; at: number[] }[] =>
  columns.flatMap((column, n) =>
    column.width === 0 || column.under !== undefined
      ? []
      : [
          {
            column,
            at: [n, ...columns.flatMap(({ under }, k) => (under === column.key ? [k] : []))],
          },
        ],
  );

/** The cells that people read of a row; what stands under another is on a line of its own. */
export function shownRow(
  row: Row,
  columns: readonly Column[],
  shown: ReturnType<typeof shownColumns>,
  say: (ms: number) => string,
): string[] {
  return shown.map(({ at }) =>
    at
      .map((n) => shownCell(row[n] ?? null, columns[n]!, say))
      .filter((text) => text !== '')
      .join('\n'),
  );
}

/**
 * How the file of a report is called, without its ending: `tapedeck-retention-2026-07-01-2026-09-30-4711`. The number is that of its
 * entry in the audit log.
 */
export const reportFileName = (
  { report, period }: Pick<ReportHead, 'report' | 'period'>,
  entry: number,
): string => `tapedeck-${report}-${period.from}-${period.to}-${entry}`;
