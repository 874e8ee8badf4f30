import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { dayInWords, dayOf } from '../messages/when.js';
import { type PrivacyAnswer, type PrivacyRequest, requestsApi } from '../state/api-requests.js';
import { minute } from '../state/live.js';
import { type Ground, Grounds } from './grounds.js';

type Props = { request: PrivacyRequest; done: () => void };

/** Extends the deadline, once. */
export function ExtendDeadline({ request, done }: Props) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const { busy, problem, send } = useSending();
  const e = t.requests.extend;
  const extend = async () => {
    if (!(await send(() => requestsApi.extend(request.id, reason.trim())))) return;
    setAsking(false);
    announce(e.done);
    done();
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        {e.button}
      </button>
      {asking && (
        <Dialog title={e.title} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{e.what({ day: dayInWords(request.last_day_extended) })}</p>
            <Field
              {...{ id: 'extend-why', label: e.reason, help: e.reasonHelp, value: reason }}
              {...{ onInput: setReason, maxLength: 300, autofocus: true }}
            />
            {problem !== null && <ErrorNote problem={problem} />}
            <DialogActs
              {...{ busy, send: busy ? e.busy : e.send, act: extend, cancel: () => setAsking(false) }}
              ready={!isBlank(reason)}
            />
          </div>
        </Dialog>
      )}
    </>
  );
}

type Outcome = PrivacyAnswer['outcome'];

/** Writes down how a request was answered. */
export function CloseRequest({ request, done }: Props) {
  const [asking, setAsking] = useState(false);
  const { close: c } = t.requests;
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        {c.button}
      </button>
      {asking && (
        <Dialog title={c.title} onClose={() => setAsking(false)}>
          <Closing
            request={request}
            cancel={() => setAsking(false)}
            done={() => {
              setAsking(false);
              announce(c.done);
              done();
            }}
          />
        </Dialog>
      )}
    </>
  );
}

function Closing({ request, done, cancel }: Props & { cancel: () => void }) {
  const { close: c, outcomes } = t.requests;
  const erases = request.kind === 'erasure' || request.kind === 'delete';
  const [outcome, setOutcome] = useState<Outcome>(erases ? 'erased' : 'given');
  const [day, setDay] = useState(dayOf(minute.value));
  const [note, setNote] = useState('');
  const [grounds, setGrounds] = useState<readonly Ground[]>([]);
  const { busy, problem, send } = useSending();
  const refuses = outcome === 'refused' || outcome === 'partly';
  const choices = (Object.entries(outcomes) as [Outcome, string][]).filter(
    ([key]) => erases || key !== 'erased',
  );
  const act = async () => {
    const body = { day, outcome, grounds: refuses ? [...grounds] : [], note: note.trim() };
    if (await send(() => requestsApi.close(request.id, body))) done();
  };
  return (
    <div class="dialog-body">
      <p>{c.what}</p>
      <Select {...{ id: 'close-outcome', label: c.outcome, value: outcome, choose: setOutcome, choices }} />
      {refuses && <Grounds {...{ legend: c.grounds, grounds, choose: setGrounds }} />}
      <Field {...{ id: 'close-day', label: c.day, value: day, onInput: setDay }} type="date" narrow />
      <Field
        {...{ id: 'close-note', label: c.note, help: c.noteHelp, value: note, onInput: setNote }}
        maxLength={1000}
      />
      {problem !== null && <ErrorNote problem={problem} />}
      <DialogActs
        {...{ busy, send: busy ? c.busy : c.send, act, cancel }}
        ready={day !== '' && (!refuses || grounds.length > 0)}
      />
    </div>
  );
}
