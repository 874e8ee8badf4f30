import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { DownloadIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock, exact } from '../messages/when.js';
import { reportsApi, type SignedReports } from '../state/api-reports.js';
import { useView } from '../state/use-view.js';

/** Reports that were given out as files, newest first, with the signature of each. */
export function SignedList() {
  const { view, problem, load } = useView<SignedReports>(() => reportsApi.signed());
  const [older, setOlder] = useState<SignedReports[]>([]);
  const [failed, setFailed] = useState<unknown>(null);
  const last = older.at(-1) ?? view;
  const rows = [view, ...older].flatMap((page) => page?.reports ?? []);
  const { columns } = t.reports.signed;
  const more = (before: number) => {
    setFailed(null);
    reportsApi.signed(before).then((page) => setOlder([...older, page]), setFailed);
  };
  return (
    <section class="reports-signed" aria-labelledby="reports-signed">
      <h2 id="reports-signed">{t.reports.signed.title}</h2>
      <p class="quiet">{rows.length === 0 && view ? t.reports.signed.none : t.reports.signed.help}</p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {rows.length > 0 && (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {rows.map((row) => (
              <tr key={row.entry}>
                <td class="table-call">
                  {t.reports.signed.name({
                    ...{ ...row.period, name: t.reports.names[row.report] },
                    format: row.format.toUpperCase(),
                  })}
                </td>
                <td>
                  <TableLabel name={columns.made} />
                  <time datetime={row.made_at} title={exact(row.made_at)}>
                    {dateAndClock(row.made_at)}
                  </time>
                </td>
                <td>
                  <TableLabel name={columns.by} />
                  <Verbatim text={row.by} />
                </td>
                <td>
                  <a href={reportsApi.signature(row.entry)} download>
                    <DownloadIcon />
                    {t.reports.signed.file({ entry: row.entry })}
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {failed !== null && <ErrorNote problem={failed} />}
      {last?.before != null && (
        <p>
          <button type="button" class="button" onClick={() => more(last.before!)}>
            {t.reports.signed.older}
          </button>
        </p>
      )}
    </section>
  );
}
