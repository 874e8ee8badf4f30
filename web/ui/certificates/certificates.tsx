import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { dateAndClock, exact } from '../messages/when.js';
import { type CertificateRow, type Certificates, certificatesApi } from '../state/api-certificates.js';
import { reportPage } from '../state/api-reports.js';
import { useView } from '../state/use-view.js';

/** Every certificate of erasure, newest first, by pages. */
export function CertificatesPage() {
  const { view, problem, load } = useView<Certificates>(() => certificatesApi.list());
  const [older, setOlder] = useState<Certificates[]>([]);
  const [failed, setFailed] = useState<unknown>(null);
  const last = older.at(-1) ?? view;
  const rows = [view, ...older].flatMap((page) => page?.certificates ?? []);
  const more = (before: number) => {
    setFailed(null);
    certificatesApi.list(before).then((page) => setOlder([...older, page]), setFailed);
  };
  return (
    <div class="sheet certificates">
      <header class="sheet-head">
        <h1>{t.certificates.title}</h1>
        {view && (
          <p class="answer">
            {view.total === 0 ? t.certificates.none : t.certificates.summary({ n: view.total })}
          </p>
        )}
        {view && <p class="quiet">{view.total === 0 ? t.certificates.noneHelp : t.certificates.intro}</p>}
        {view && view.total > 0 && (
          <p>
            <a class="button" href={reportPage('disposal')}>
              {t.reports.open}
            </a>
          </p>
        )}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {rows.length > 0 && (
        <table class="table">
          <TableHead columns={t.certificates.columns} />
          <tbody>
            {rows.map((row) => (
              <Row key={row.number} row={row} />
            ))}
          </tbody>
        </table>
      )}
      {failed !== null && <ErrorNote problem={failed} />}
      {last?.before != null && (
        <p>
          <button type="button" class="button" onClick={() => more(last.before!)}>
            {t.certificates.older}
          </button>
        </p>
      )}
    </div>
  );
}

function Row({ row }: { row: CertificateRow }) {
  return (
    <tr>
      <td class="table-call">
        <a href={`/certificates/${row.number}`}>{row.name}</a>
      </td>
      <td>
        <TableLabel name={t.certificates.columns.issued} />
        <time datetime={row.issued_at} title={exact(row.issued_at)}>
          {dateAndClock(row.issued_at)}
        </time>
      </td>
      <td>
        <TableLabel name={t.certificates.columns.kind} />
        {t.certificates.kinds[row.kind]}
      </td>
      <td>
        <TableLabel name={t.certificates.columns.recordings} />
        {t.certificates.recordings({ n: row.recordings })}
      </td>
    </tr>
  );
}
