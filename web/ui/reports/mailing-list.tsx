import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Sentence } from '../kit/sentence.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { date, dateAndClock } from '../messages/when.js';
import { type Mailing, type Mailings, mailingsApi } from '../state/api-mailings.js';
import type { ReportName } from '../state/api-reports.js';
import { useView } from '../state/use-view.js';
import { MailingForm } from './mailing-form.js';

/** Reports that are sent by mail: which, to whom, when next, and how it went last. */
export function MailingList({ reports }: { reports: readonly ReportName[] }) {
  const { view, problem, load } = useView<Mailings>(() => mailingsApi.list());
  /** The one that is changed; 'new' for one more. */
  const [open, setOpen] = useState<Mailing | 'new' | null>(null);
  const m = t.reports.mailings;
  const { columns } = m;
  return (
    <section class="reports-mailings" aria-labelledby="reports-mailings">
      <h2 id="reports-mailings">{m.title}</h2>
      <p class="quiet">{m.help}</p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {view && !view.mail && <p class="note note-warn">{m.off}</p>}
      {view && view.mailings.length === 0 && <p class="quiet">{m.none}</p>}
      {view && view.mailings.length > 0 && (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {view.mailings.map((one) => (
              <Row key={one.id} one={one} edit={() => setOpen(one)} mail={view.mail} load={load} />
            ))}
          </tbody>
        </table>
      )}
      {view?.mail && (
        <p>
          <button type="button" class="button" onClick={() => setOpen('new')}>
            {m.add}
          </button>
        </p>
      )}
      {view && open !== null && (
        <MailingForm
          {...{ reports, people: view.people, nameless: view.nameless }}
          mailing={open === 'new' ? null : open}
          close={() => setOpen(null)}
          done={() => {
            setOpen(null);
            load();
          }}
        />
      )}
    </section>
  );
}

type RowProps = { one: Mailing; mail: boolean; edit: () => void; load: () => void };

function Row({ one, mail, edit, load }: RowProps) {
  const m = t.reports.mailings;
  const { columns } = m;
  const { busy, problem, send } = useSending();
  const [removing, setRemoving] = useState(false);
  const { last } = one;
  const sendNow = () =>
    send(async () => {
      const { to } = await mailingsApi.send(one.id);
      announce(m.sent({ to }));
      load();
    });
  return (
    <tr>
      <td class="table-call">
        {t.reports.names[one.report]}
        <span class="mailing-line quiet">{m.when[one.period]({ day: one.day })}</span>
        <span class="mailing-line quiet">{one.attach ? m.attached : m.linked}</span>
      </td>
      <td>
        <TableLabel name={columns.to} />
        {one.recipients.map(({ person, name, address, may }) => (
          <span key={person} class="mailing-line">
            <Verbatim text={name} /> <Verbatim text={address} />
            {!may && <span class="mailing-not"> {m.mayNot}</span>}
          </span>
        ))}
        <span class="mailing-line quiet">
          <Sentence of={m.setBy} parts={{ name: <Verbatim text={one.set_by} /> }} />
        </span>
      </td>
      <td>
        <TableLabel name={columns.next} />
        {one.owner_may ? (
          <time datetime={one.next_day}>{date(`${one.next_day}T12:00:00Z`)}</time>
        ) : (
          <span class="mailing-not">
            <Sentence of={m.ownerMayNot} parts={{ name: <Verbatim text={one.set_by} /> }} />
          </span>
        )}
        {one.retry_at && <span class="mailing-line">{m.retry({ at: dateAndClock(one.retry_at) })}</span>}
      </td>
      <td>
        <TableLabel name={columns.last} />
        {last ? (
          <>
            <span class={last.result === 'sent' ? 'mailing-line' : 'mailing-line mailing-not'}>
              {m.results[last.result]({ at: dateAndClock(last.at) })}
            </span>
            {last.detail && (
              <span class="mailing-line quiet">
                <Verbatim text={last.detail} />
              </span>
            )}
          </>
        ) : (
          <span class="quiet">{m.never}</span>
        )}
      </td>
      <td class="mailing-acts">
        {mail && (
          <>
            <button type="button" class="button" disabled={busy} onClick={sendNow}>
              {busy ? m.sending : m.send}
            </button>
            <button type="button" class="button" onClick={edit}>
              {m.edit}
            </button>
          </>
        )}
        <button type="button" class="button" onClick={() => setRemoving(true)}>
          {m.remove}
        </button>
        {problem !== null && <ErrorNote problem={problem} />}
        {removing && <Remove id={one.id} close={() => setRemoving(false)} done={load} />}
      </td>
    </tr>
  );
}

function Remove({ id, close, done }: { id: string; close: () => void; done: () => void }) {
  const { busy, problem, send } = useSending();
  const { removing, remove } = t.reports.mailings;
  const act = async () => {
    if (!(await send(() => mailingsApi.remove(id)))) return;
    close();
    done();
  };
  return (
    <Dialog title={removing.title} onClose={close}>
      <div class="dialog-body">
        <p>{removing.text}</p>
        {problem !== null && <ErrorNote problem={problem} />}
        <DialogActs {...{ busy, ready: true, send: remove, act, cancel: close }} />
      </div>
    </Dialog>
  );
}
