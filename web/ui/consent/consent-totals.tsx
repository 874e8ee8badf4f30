import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import type { Consent } from '../state/api.js';

type Totals = Consent['totals'];
const RESULTS = ['all', 'some', 'nobody', 'pending', 'not_needed'] as const;

/** Every call of the period in figures: each table adds up to all of them. */
export function ConsentTotals({ totals }: { totals: Totals }) {
  return (
    <>
      <section aria-labelledby="modes">
        <h2 id="modes">{t.consent.modesTitle}</h2>
        <table class="table consent-modes">
          <TableHead columns={t.consent.modesColumns} />
          <tbody>
            {totals.modes.map((row) => (
              <Row key={row.mode} name={t.telling.modes[row.mode] ?? row.mode} row={row} />
            ))}
          </tbody>
          <tfoot>
            <Row name={t.consent.total} row={{ calls: totals.calls, ...totals.told }} />
          </tfoot>
        </table>
      </section>
      <section aria-labelledby="results">
        <h2 id="results">{t.consent.resultsTitle}</h2>
        <div class="consent-results">
          <Results
            name={t.consent.columns.answer}
            rows={Object.entries(t.consent.answers).map(([key, name]) => [
              name,
              totals.answers[key as keyof Totals['answers']],
            ])}
          />
          <Results
            name={t.consent.columns.found}
            rows={Object.entries(t.consent.found).map(([key, name]) => [
              name,
              totals.found[key as keyof Totals['found']],
            ])}
          />
        </div>
      </section>
    </>
  );
}

type Figures = { calls: number } & Totals['told'];

function Row({ name, row }: { name: string; row: Figures }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {(['calls', ...RESULTS] as const).map((key) => (
        <td key={key}>
          <TableLabel name={t.consent.modesColumns[key]} />
          {count(row[key])}
        </td>
      ))}
    </tr>
  );
}

function Results({ name, rows }: { name: string; rows: [string, number][] }) {
  const total = rows.reduce((sum, [, n]) => sum + n, 0);
  return (
    <table class="table table-kept consent-figures">
      <TableHead columns={{ name, calls: t.consent.modesColumns.calls }} />
      <tbody>
        {rows.map(([what, n]) => (
          <tr key={what}>
            <th scope="row">{what}</th>
            <td>{count(n)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{t.consent.total}</th>
          <td>{count(total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
