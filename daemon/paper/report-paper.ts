import type { Writable } from 'node:stream';
import { times } from '../domain/days.js';
import {
  barsOf,
  type Column,
  counted,
  type Findings,
  numberText,
  type ReportHead,
  type Row,
  shownColumns,
  shownRow,
} from '../domain/report/report.js';
import { reportCommands } from '../domain/report/signed.js';
import { NO_SIGN, WIDTH } from './drawing.js';
import { type Paper, writePaper } from './paper.js';

/** A report to be drawn: its first rows, and how many there are. `name` is that of its file, without its ending. */
export type ReportOnPaper = {
  head: ReportHead;
  name: string;
  title: string;
  method: string;
  columns: readonly Column[];
  rows: readonly Row[];
  total: number;
  findings: Findings;
};

/** Writes a report as PDF. */
export function reportPaper(report: ReportOnPaper, out: Writable): Promise<void> {
  const { head } = report;
  return writePaper(
    {
      title: `${head.title} report ${head.period.from} to ${head.period.to}`,
      author: `Tapedeck at ${head.site.name}`,
      made: head.made.at,
      foot: `${head.title} report, ${head.period.from} to ${head.period.to}, audit log entry ${head.entry}`,
    },
    out,
    (paper) => draw(paper, report),
  );
}

async function draw(paper: Paper, report: ReportOnPaper): Promise<void> {
  const { head, findings } = report;
  const { title, paragraph, heading, fact, points, code, grouped } = paper;
  const say = times(head.site.time_zone);
  const local = (iso: string) => `${say(Date.parse(iso))} = ${iso}`.replace(/Z$/, ' UTC');

  title(`${head.title} report`);
  fact('Site', head.site.name);
  fact('Period', `${head.period.from} to ${head.period.to}, both included`);
  fact('Time zone', `${head.site.time_zone}; all times are in this zone`);
  fact('Made', local(head.made.at));
  fact('Requested by', head.made.by);
  // Apart: a name that is written from right to left would turn it round.
  if (head.made.address) fact('From', head.made.address);
  fact('Made by', `${head.tool.name} ${head.tool.version}`);
  fact('Query', head.query, 'mono');
  fact('Audit log', `entry ${head.entry} of log ${head.audit.log}`);

  heading('Answer');
  for (const sentence of findings.answer) paragraph(sentence);
  if (findings.caveats.length > 0) {
    heading('What this report cannot vouch for');
    points(findings.caveats);
  }
  for (const table of findings.tables) {
    if (table.rows.length === 0) continue;
    heading(table.title);
    const bars = barsOf(table);
    if (bars.length > 0) paper.bars(table.title, bars);
    if (table.chart !== 'alone' || bars.length === 0) await tableOf(paper, table.columns, table.rows, say);
  }

  heading(report.title);
  if (report.total === 0) paragraph('None.');
  if (report.rows.length < report.total)
    paragraph(
      `This PDF lists the first ${numberText(report.rows.length)} of ${counted(report.total, 'row')}. The CSV and JSON files have all of them.`,
    );
  if (report.rows.length > 0) await tableOf(paper, report.columns, report.rows, say);

  heading('How it was made');
  paragraph(report.method);
  fact('Period', `${head.times.from} up to, and not including, ${head.times.to} (UTC)`);
  fact('Log', head.audit.log, 'mono');
  fact('Chain', `SHA-256 of the chain after entry ${head.audit.size - 1}:`);
  fact('', grouped(head.audit.hash), 'mono');
  heading('How to verify it');
  paragraph(
    `Tapedeck signs the SHA-256 of this file (Ed25519). The signature is in ${report.name}.sig.json, from the Reports page. Run "tapedeck report verify ${report.name}.pdf ${report.name}.sig.json --public-key tapedeck.pem" on any machine, or these commands on any Linux or Mac. Take tapedeck.pem from a copy that did not come with the report.`,
  );
  code(reportCommands(`${report.name}.pdf`, `${report.name}.sig.json`));
  if (paper.lacking())
    paragraph(`${NO_SIGN} stands for a character that the font of this PDF does not have.`);
}

function tableOf(
  paper: Paper,
  columns: readonly Column[],
  rows: readonly Row[],
  say: (ms: number) => string,
) {
  const shown = shownColumns(columns);
  return paper.table(
    fitted(shown.map(({ column }) => column)),
    (function* () {
      for (const row of rows) yield shownRow(row, columns, shown, say);
    })(),
  );
}

/** In points: the width of a sign of a table, and what is beside its text. A short word has seven signs, a day ten. */
const SIGN = 4.7;
const BESIDE = 7;
const WORD_SIGNS = 7;
const DAY_SIGNS = 10;

/** Columns as wide as they ask for, and no narrower than the longest word of their head, a short word, or a day. */
function fitted(columns: readonly Column[]): { head: string; width: number }[] {
  const all = columns.reduce((sum, { width }) => sum + width, 0);
  const least = columns.map(
    ({ head, kind }) =>
      BESIDE +
      SIGN *
        Math.max(
          ...head.split(' ').map((word) => word.length),
          kind === 'time' ? DAY_SIGNS : kind === 'text' ? WORD_SIGNS : 0,
        ),
  );
  const widths = columns.map(({ width }, n) => Math.max((width / all) * WIDTH, least[n]!));
  const over = widths.reduce((sum, width) => sum + width, 0) - WIDTH;
  const spare = widths.reduce((sum, width, n) => sum + width - least[n]!, 0);
  const share = over <= 0 || spare <= 0 ? 0 : Math.min(1, over / spare);
  return columns.map(({ head }, n) => ({ head, width: widths[n]! - share * (widths[n]! - least[n]!) }));
}
