import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date, dateAndClock } from '../messages/when.js';
import { api } from '../state/api.js';
import { holdsApi, type Matter, type MatterDetail } from '../state/api-holds.js';

/** Adds the recording of a call. */
export function AddCall({ id, done }: { id: string; done: () => void }) {
  const [asking, setAsking] = useState(false);
  const [call, setCall] = useState('');
  const [reason, setReason] = useState('');
  const [unknown, setUnknown] = useState(false);
  const { busy, problem, send } = useSending();
  const a = t.holds.add;
  const add = async () => {
    const [callId] = /[0-7][0-9A-HJKMNP-TV-Z]{25}/.exec(call) ?? [];
    setUnknown(callId === undefined);
    if (callId === undefined) return;
    const sent = await send(async () => {
      const { recording } = await api.call(callId, false);
      if (!recording) return setUnknown(true);
      const { added } = await holdsApi.add(id, [recording.id], reason.trim());
      setAsking(false);
      announce(a.done({ n: added }));
    });
    if (sent) done();
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        {a.button}
      </button>
      {asking && (
        <Dialog title={a.button} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <Field
              {...{ id: 'hold-call', label: a.call, help: a.callHelp, value: call, onInput: setCall }}
              {...{ error: unknown ? a.unknown : undefined, maxLength: 300, autofocus: true }}
            />
            <Field
              {...{ id: 'hold-why', label: t.holds.create.reason, value: reason, onInput: setReason }}
              maxLength={300}
            />
            {problem !== null && <ErrorNote problem={problem} />}
            <DialogActs
              {...{ busy, send: busy ? a.busy : a.send, act: add, cancel: () => setAsking(false) }}
              ready={!isBlank(reason)}
            />
          </div>
        </Dialog>
      )}
    </>
  );
}

type AskProps = {
  matter: Matter;
  /** Recordings that were picked; left out for the whole matter. */
  recordings?: readonly string[];
  done: () => void;
};

/** Asks a second person to approve that the matter, or some of what was picked for it, is released. */
export function AskRelease({ matter, recordings, done }: AskProps) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const { busy, problem, send } = useSending();
  const r = t.holds.release;
  const n = recordings?.length ?? matter.held.query + matter.held.picked;
  const ask = async () => {
    const what = recordings
      ? { what: 'recordings' as const, recordings: [...recordings] }
      : { what: 'all' as const };
    if (!(await send(() => holdsApi.askRelease(matter.id, { ...what, reason: reason.trim() })))) return;
    setAsking(false);
    announce(r.asked);
    done();
  };
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={recordings?.length === 0}
        onClick={() => setAsking(true)}
      >
        {recordings ? t.holds.letting.button : r.button}
      </button>
      {asking && (
        <Dialog
          title={recordings ? t.holds.letting.title({ n }) : r.title({ name: clean(matter.name) })}
          onClose={() => setAsking(false)}
        >
          <div class="dialog-body">
            <p>{r.what({ n })}</p>
            {!recordings && matter.query && <p>{r.later}</p>}
            <Field
              {...{ id: 'release-why', label: t.holds.create.reason, value: reason, onInput: setReason }}
              {...{ maxLength: 300, autofocus: true }}
            />
            {problem !== null && <ErrorNote problem={problem} />}
            <DialogActs
              {...{ busy, send: busy ? r.busy : r.send, act: ask, cancel: () => setAsking(false) }}
              ready={!isBlank(reason)}
            />
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Releases that were asked for, and those that were carried out. */
export function Releases({ detail, done }: { detail: MatterDetail; done: () => void }) {
  const { busy, problem, send } = useSending();
  const r = t.holds.release;
  const { matter, approvals, releases } = detail;
  const carryOut = async (approval: string) => {
    await send(() => holdsApi.release(matter.id, approval));
    done();
  };
  return (
    <>
      {problem !== null && <ErrorNote problem={problem} />}
      {approvals.length > 0 && (
        <section>
          <h2>{r.waiting}</h2>
          <ul class="holds-list">
            {approvals.map(({ id, what, asked_by, recordings, state, not_before, mine }) => (
              <li key={id}>
                <p>
                  {r.row({
                    ...{ who: clean(asked_by), what: r.of[what]({ n: recordings }), state: r.states[state] },
                    when: dateAndClock(not_before),
                  })}
                </p>
                {mine && state === 'approved' && (
                  <button type="button" class="button" disabled={busy} onClick={() => carryOut(id)}>
                    {busy ? r.carrying : r.carryOut}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {releases.length > 0 && (
        <section>
          <h2>{r.over}</h2>
          <ul class="holds-list">
            {releases.map(({ id, what, asked_by, approved_by, released, at }) => (
              <li key={id}>
                {r.done({
                  ...{ who: clean(asked_by), by: clean(approved_by), day: date(at) },
                  what: r.of[what]({ n: released }),
                })}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
