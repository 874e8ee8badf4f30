import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { PlusIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { left } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dayInWords } from '../messages/when.js';
import { type PrivacyRequest, requestsApi } from '../state/api-requests.js';
import { usePages } from '../state/use-pages.js';
import { useView } from '../state/use-view.js';
import { EditLetters } from './letters.js';
import { RequestPage } from './request.js';
import { RequestForm } from './request-form.js';

/** Every request, or the one with this id. */
export function RequestsPage({ id }: { id: string | null }) {
  return id === null ? <AllRequests /> : <RequestPage id={id} />;
}

function AllRequests() {
  const { view, problem, load } = useView(() => requestsApi.list());
  const [adding, setAdding] = useState(false);
  const r = t.requests;
  const urgent = (which: PrivacyRequest['urgency']) =>
    view?.open.filter(({ urgency }) => urgency === which).length ?? 0;
  return (
    <div class="sheet requests">
      <header class="sheet-head">
        <h1>{r.title}</h1>
        {view && (
          <p class="answer">
            {r.summary({ open: view.open.length, over: urgent('over'), soon: urgent('soon') })}
          </p>
        )}
        <p class="quiet">{r.intro}</p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view && view.open.length + view.closed.length === 0 && <p class="quiet">{r.emptyHelp}</p>}
      {view && view.open.length > 0 && (
        <table class="table">
          <TableHead columns={r.columns} />
          <tbody>
            {view.open.map((request) => (
              <OpenRow key={request.id} request={request} />
            ))}
          </tbody>
        </table>
      )}
      {view &&
        (adding ? (
          <RequestForm
            request={null}
            cancel={() => left(() => setAdding(false), 'request-new')}
            send={requestsApi.add}
            done={({ id }) => location.assign(`/requests/${encodeURIComponent(id)}`)}
          />
        ) : (
          <div class="requests-acts">
            <button id="request-new" type="button" class="button" onClick={() => setAdding(true)}>
              <PlusIcon />
              {r.form.open}
            </button>
            <EditLetters />
          </div>
        ))}
      {view && view.closed.length > 0 && <Closed key={view.closed[0]!.id} />}
    </div>
  );
}

function Name({ request: { id, number, name, kind } }: { request: PrivacyRequest }) {
  const r = t.requests;
  return (
    <td class="table-call">
      <a href={`/requests/${encodeURIComponent(id)}`}>
        {name ? <Verbatim text={name} /> : <span>{r.forgotten}</span>}
      </a>
      <p class="quiet">
        {r.number({ n: number })} · {r.kinds[kind]}
      </p>
    </td>
  );
}

function OpenRow({ request }: { request: PrivacyRequest }) {
  const { received, last_day, state, urgency, confirm_by: by, confirm_urgency: confirm } = request;
  const { columns, states, urgency: words, toConfirm } = t.requests;
  return (
    <tr>
      <Name request={request} />
      <td>
        <TableLabel name={columns.received} />
        {dayInWords(received)}
        {confirm !== 'none' && by !== null && (
          <p class={`requests-${confirm}`}>{toConfirm[confirm]({ day: dayInWords(by) })}</p>
        )}
      </td>
      <td>
        <TableLabel name={columns.due} />
        {dayInWords(last_day)}
        {urgency !== 'none' && <p class={`requests-${urgency}`}>{words[urgency]}</p>}
      </td>
      <td>
        <TableLabel name={columns.state} />
        {states[state]}
      </td>
    </tr>
  );
}

function Closed() {
  const { pages, problem, more } = usePages(
    (before: number | undefined) => requestsApi.list(before),
    ({ next }) => next,
  );
  const { closedColumns: columns, outcomes, closedTitle, more: moreWord, due } = t.requests;
  const closed = pages?.flatMap((page) => page.closed) ?? [];
  return (
    <section>
      <h2>{closedTitle}</h2>
      {problem !== null && <ErrorNote problem={problem} retry={more ?? undefined} />}
      {closed.length > 0 && (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {closed.map((request) => (
              <tr key={request.id}>
                <Name request={request} />
                <td>
                  <TableLabel name={columns.received} />
                  {dayInWords(request.received)}
                </td>
                <td>
                  <TableLabel name={columns.due} />
                  {request.closed && dayInWords(request.closed.day)}
                </td>
                <td>
                  <TableLabel name={columns.state} />
                  {request.closed && outcomes[request.closed.outcome]}
                  {request.closed?.in_time === false && <p class="requests-over">{due.late}</p>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pages && more && (
        <button type="button" class="button" onClick={more}>
          {moreWord}
        </button>
      )}
    </section>
  );
}
