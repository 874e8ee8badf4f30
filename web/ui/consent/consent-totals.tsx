import type { ComponentChildren } from 'preact';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import type { Consent } from '../state/api.js';

type Totals = Consent['totals'];
const STATUSES = [
  ...(['agreed', 'stated', 'refused', 'told', 'told_in_part', 'not_told'] as const),
  ...(['not_required', 'pending'] as const),
];
type Status = (typeof STATUSES)[number];
const RESULTS = ['all', 'some', 'nobody', 'pending', 'not_needed'] as const;

/** Every call of the period in figures: each table adds up to all of them. */
export function ConsentTotals({
  totals,
  address,
}: {
  totals: Totals;
  address: (show: Status | 'purpose_unsaid') => string;
}) {
  return (
    <>
      <section aria-labelledby="statuses">
        <h2 id="statuses">{t.consent.statusesTitle}</h2>
        <div class="consent-statuses">
          <Results
            name={t.consent.statusColumn}
            rows={STATUSES.map((status) => [
              totals.statuses[status] > 0 ? (
                <a key={status} href={address(status)}>
                  {t.consent.filters[status]}
                </a>
              ) : (
                t.consent.filters[status]
              ),
              totals.statuses[status],
            ])}
          />
        </div>
      </section>
      <section aria-labelledby="modes">
        <h2 id="modes">{t.consent.modesTitle}</h2>
        <table class="table consent-modes">
          <TableHead columns={t.consent.modesColumns} />
          <tbody>
            {totals.modes.map((row) => (
              <Row key={row.mode} name={modeName(row.mode)} row={row} />
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
          <Results
            name={t.consent.purposeTitle}
            rows={Object.entries(t.consent.purpose).map(([key, name]) => [
              key === 'unsaid' && totals.purpose.unsaid > 0 ? (
                <a key={key} href={address('purpose_unsaid')}>
                  {name}
                </a>
              ) : (
                name
              ),
              totals.purpose[key as keyof Totals['purpose']],
            ])}
          />
        </div>
      </section>
    </>
  );
}

/** What a mode is called; null where how people are told was not decided. */
export const modeName = (mode: Totals['modes'][number]['mode']): string =>
  mode === null ? t.consent.undecided : (t.telling.modes[mode] ?? mode);

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

function Results({ name, rows }: { name: string; rows: [ComponentChildren, number][] }) {
  const total = rows.reduce((sum, [, n]) => sum + n, 0);
  return (
    <table class="table table-kept consent-figures">
      <TableHead columns={{ name, calls: t.consent.modesColumns.calls }} />
      <tbody>
        {rows.map(([what, n], i) => (
          <tr key={i}>
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
