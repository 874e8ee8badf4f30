import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { save } from '../kit/download-link.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { nameOf } from '../messages/people.js';
import { dateAndClock } from '../messages/when.js';
import { EraseDialog } from '../retention/erase-dialog.js';
import { type PrivacyCall, type PrivacyRequest, requestsApi } from '../state/api-requests.js';
import { mayDo, mayEver } from '../state/rights.js';
import { useView } from '../state/use-view.js';

const ORDER = ['give', 'erase', 'kept', 'nothing', 'gone', 'left_out'] as const;

/** The calls of a request, and what becomes of each. */
export function RequestCalls({ request }: { request: PrivacyRequest }) {
  const known = request.forgotten_at === null;
  const { view, problem, load } = useView(async () => (known ? requestsApi.calls(request.id) : null));
  const c = t.requests.calls;
  const parts = ORDER.map((fate) => ({
    fate,
    n: view?.calls.filter((one) => one.fate === fate).length ?? 0,
  })).filter(({ n }) => n > 0);
  return (
    <section class="requests-calls">
      <h2>{c.title}</h2>
      {!known && <p class="quiet">{c.removed}</p>}
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {known && !view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view?.calls.length === 0 && <p class="quiet">{c.none}</p>}
      {view && view.calls.length > 0 && (
        <>
          <p>
            {c.summary({
              n: view.calls.length,
              of: parts.map(({ fate, n }) => c.counted[fate]({ n })).join(', '),
            })}
          </p>
          <p class="quiet">{view.more ? c.more : c.help}</p>
          <EraseForRequest request={request} calls={view.calls} done={load} />
          <table class="table">
            <TableHead columns={c.columns} />
            <tbody>
              {view.calls.map((one) => (
                <Row key={one.call.id} one={one} request={request} done={load} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

/** Erases what can be erased for a request, under the rules for erasing by hand. */
function EraseForRequest(props: {
  request: PrivacyRequest;
  calls: readonly PrivacyCall[];
  done: () => void;
}) {
  const { request, calls, done } = props;
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [said, setSaid] = useState('');
  const due = calls.filter(({ fate }) => fate === 'erase').map(({ call }) => call.id);
  const e = t.requests.erase;
  const may = mayDo('settings') && request.state !== 'closed';
  return (
    <>
      <div role="status">{said && <p class="note note-plain">{said}</p>}</div>
      {may && due.length > 0 && (
        <div class="requests-acts">
          <button type="button" class="button button-alarm" onClick={() => setChosen(due)}>
            {e.button({ n: due.length })}
          </button>
        </div>
      )}
      {!may && request.state !== 'closed' && due.length > 0 && <p class="quiet">{e.admin}</p>}
      {chosen && (
        <EraseDialog
          key={chosen.length}
          calls={chosen}
          request={{ id: request.id, reason: t.requests.number({ n: request.number }) }}
          leaveOut={(held) => setChosen(chosen.filter((call) => !held.includes(call)))}
          done={(erased) => {
            setChosen(null);
            const words = t.erase.done(erased);
            setSaid(words);
            announce(words);
            done();
          }}
          close={() => setChosen(null)}
        />
      )}
    </>
  );
}

type RowProps = { one: PrivacyCall; request: PrivacyRequest; done: () => void };

function Row({ one, request, done }: RowProps) {
  const { call, fate, reason, left_out_by, certificate } = one;
  const { calls: c } = t.requests;
  return (
    <tr>
      <td class="table-call">
        <a href={`/calls/${encodeURIComponent(call.id)}`} translate={false}>
          {c.parties({ them: nameOf(call.them), us: nameOf(call.us) })}
        </a>
      </td>
      <td>
        <TableLabel name={c.columns.when} />
        <time datetime={call.started_at}>{dateAndClock(call.started_at)}</time>
      </td>
      <td>
        <TableLabel name={c.columns.fate} />
        {c.fates[fate]}
        {reason && (
          <p class="quiet">
            <Verbatim text={reason} /> {left_out_by && c.leftOutBy({ who: clean(left_out_by) })}
          </p>
        )}
        {certificate !== null && (
          <p>
            <a href={`/certificates/${certificate}`}>{t.call.why.certificate}</a>
          </p>
        )}
      </td>
      <td>
        <TableLabel name={c.columns.act} />
        <div class="requests-acts">
          {request.state !== 'closed' && fate === 'give' && mayEver('export') && (
            <SaveSide request={request} call={call.id} />
          )}
          {request.state !== 'closed' && <Decide {...{ one, request, done }} />}
        </div>
      </td>
    </tr>
  );
}

/** Saves the sound of a call with everybody silent but the person who asks. */
function SaveSide({ request, call }: { request: PrivacyRequest; call: string }) {
  const { busy, problem, send } = useSending();
  const { side } = t.requests.calls;
  const take = () =>
    send(async () => {
      const { file, name } = await requestsApi.ownSide(request.id, call);
      save(file, name);
      announce(side.done);
    });
  return (
    <>
      <button type="button" class="button" disabled={busy} onClick={take}>
        {busy ? side.busy : side.button}
      </button>
      {problem !== null && <ErrorNote problem={problem} />}
    </>
  );
}

/** Leaves a call out, or takes it in again. */
function Decide({ one: { call, fate }, request, done }: RowProps) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const { busy, problem, send } = useSending();
  const { out, in: again } = t.requests.calls;
  const decide = async (why: string | null) => {
    if (!(await send(() => requestsApi.leaveOut(request.id, call.id, why)))) return;
    setAsking(false);
    announce(why === null ? again.done : out.done);
    done();
  };
  if (fate === 'left_out')
    return (
      <>
        <button type="button" class="button" disabled={busy} onClick={() => decide(null)}>
          {again.button}
        </button>
        {problem !== null && <ErrorNote problem={problem} />}
      </>
    );
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        {out.button}
      </button>
      {asking && (
        <Dialog title={out.title} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{out.what}</p>
            <Field
              {...{ id: 'out-why', label: out.reason, value: reason, onInput: setReason }}
              {...{ maxLength: 300, autofocus: true }}
            />
            {problem !== null && <ErrorNote problem={problem} />}
            <DialogActs
              {...{ busy, send: busy ? out.busy : out.send, cancel: () => setAsking(false) }}
              {...{ act: () => decide(reason.trim()), ready: !isBlank(reason) }}
            />
          </div>
        </Dialog>
      )}
    </>
  );
}
