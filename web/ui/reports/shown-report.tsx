import type { ComponentChildren } from 'preact';
import { DownloadIcon } from '../kit/icons.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import { type Days, type Report, type ReportName, reportsApi } from '../state/api-reports.js';

type Props = { report: Report; days: Days; name: ReportName };

/** One report: the answer in words, how it was made, its figures and its first rows. */
export function ShownReport({ report, days, name }: Props) {
  const { head, answer, caveats, tables } = report;
  return (
    <article class="report" aria-labelledby="report-title">
      <h2 id="report-title">{t.reports.named({ name: t.reports.names[name] })}</h2>
      <div class="report-answer">
        {answer.map((sentence, n) => (
          <p key={sentence} class={n === 0 ? 'answer' : undefined}>
            <Verbatim text={sentence} />
          </p>
        ))}
      </div>
      <p class="report-files">
        {(['pdf', 'csv', 'json'] as const).map((format) => (
          <a key={format} class="button" href={reportsApi.file(name, days, format)} download>
            <DownloadIcon />
            {t.reports[format]}
          </a>
        ))}
        <button type="button" class="button" onClick={() => print()}>
          {t.reports.print}
        </button>
      </p>
      {caveats.length > 0 && (
        <section aria-labelledby="report-caveats" class="note report-caveats">
          <h3 id="report-caveats">{t.reports.caveats}</h3>
          <ul>
            {caveats.map((text) => (
              <li key={text}>
                <Verbatim text={text} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <Facts head={head} />
      {tables
        .filter(({ rows, bars }) => rows.length + bars.length > 0)
        .map((table) => (
          <section key={table.key} aria-labelledby={`report-${table.key}`}>
            <h3 id={`report-${table.key}`}>
              <Verbatim text={table.title} />
            </h3>
            <Chart title={table.title} bars={table.bars} />
            {table.rows.length > 0 && <Rows {...table} />}
          </section>
        ))}
      <section aria-labelledby="report-list">
        <h3 id="report-list">
          <Verbatim text={report.title} />
        </h3>
        {report.total === 0 && <p class="quiet">{t.reports.none}</p>}
        {report.rows.length < report.total && (
          <p>{t.reports.first({ n: report.rows.length, of: report.total })}</p>
        )}
        {report.total > 0 && <Rows {...report} />}
      </section>
      <section aria-labelledby="report-method">
        <h3 id="report-method">{t.reports.method}</h3>
        <p>
          <Verbatim text={report.method} />
        </p>
      </section>
    </article>
  );
}

const HEIGHT = 120;
const LABELS = 8;

/** The values of a table as bars; the table has them in words. */
function Chart({ title, bars }: Pick<Report['tables'][number], 'title' | 'bars'>) {
  if (bars.length === 0) return null;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const every = Math.ceil(bars.length / LABELS);
  return (
    <figure class="report-chart">
      <svg
        role="img"
        aria-label={t.reports.chart({ title, most })}
        viewBox={`0 0 ${bars.length * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {bars.map(({ label, value }, n) => (
          <rect
            key={label}
            x={n * 10 + 1}
            y={HEIGHT - (value / most) * HEIGHT}
            width={8}
            height={(value / most) * HEIGHT}
          >
            <title>{`${label}: ${value}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption aria-hidden="true">
        {bars
          .filter((_, n) => n % every === 0)
          .map(({ label }) => (
            <Verbatim key={label} text={label} />
          ))}
      </figcaption>
    </figure>
  );
}

function Facts({ head }: { head: Report['head'] }) {
  const { site, period, made, tool } = head;
  const facts: Record<keyof typeof t.reports.facts, ComponentChildren> = {
    site: <Verbatim text={site.name} />,
    period: t.reports.days({ ...period, zone: site.time_zone }),
    made: dateAndClock(made.at),
    by: <Verbatim text={made.by} />,
    tool: <Verbatim text={`${tool.name} ${tool.version}`} />,
    query: <Verbatim text={head.query} />,
    entry: <Verbatim text={String(head.entry)} />,
  };
  return (
    <dl class="report-facts">
      {Object.entries(t.reports.facts).map(([key, label]) => (
        <div key={key}>
          <dt>{label}</dt>
          <dd>{facts[key as keyof typeof facts]}</dd>
        </div>
      ))}
    </dl>
  );
}

function Rows({ columns, rows }: Pick<Report, 'columns' | 'rows'>) {
  return (
    <table class="table report-table">
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              <Verbatim text={name} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ cells, href }, at) => (
          <tr key={at}>
            {cells.map((cell, n) => (
              <td key={columns[n]}>
                <TableLabel name={columns[n]!} />
                {n === 0 && href ? (
                  <a href={href}>
                    <Lines text={cell} />
                  </a>
                ) : (
                  <Lines text={cell} />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lines({ text }: { text: string }) {
  return (
    <>
      {text.split('\n').map((line, n) => (
        <span key={n} class="report-line">
          <Verbatim text={line} />
        </span>
      ))}
    </>
  );
}
