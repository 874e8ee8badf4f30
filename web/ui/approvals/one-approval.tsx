import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { proofAsked, proven } from '../sign-in/proof-dialog.js';
import { type Approval, approvalsApi } from '../state/api-approvals.js';
import { About } from './about.js';
import { Shown } from './shown.js';

type Props = { approval: Approval; again: () => void };

/** One request: who asked for what and why, what became of it, and what this person can do about it. */
export function OneApproval({ approval: a, again }: Props) {
  const words = t.approvals;
  const open = a.state === 'waiting' || a.state === 'cooling' || a.state === 'approved';
  return (
    <li class="approval">
      <h3>
        {words.acts[a.act]} <span class="quiet">{words.states[a.state]}</span>
      </h3>
      <p>{words.askedBy({ who: clean(a.asked_by), when: dateAndClock(a.asked_at) })}</p>
      {a.approved_by !== null && a.approved_at !== null && (
        <p>{words.approvedBy({ who: clean(a.approved_by), when: dateAndClock(a.approved_at) })}</p>
      )}
      {a.alone && <p class="note">{words.alone}</p>}
      <Facts approval={a} />
      {open && (
        <details>
          <summary>{words.shown}</summary>
          <Shown value={a.shown} />
        </details>
      )}
      {a.because && (
        <p class="quiet">
          {words.because[a.because]({ until: a.until === null ? '' : dateAndClock(a.until) })}
        </p>
      )}
      <div class="approval-acts">
        {a.may_save && <SavePolicy approval={a} again={again} />}
        {a.may_approve && <Approve approval={a} again={again} />}
        {a.may_withdraw && <Withdraw approval={a} again={again} />}
      </div>
    </li>
  );
}

function Facts({ approval: a }: { approval: Approval }) {
  const words = t.approvals;
  const later = Date.parse(a.not_before) > Date.parse(a.asked_at);
  return (
    <dl class="approval-facts">
      <dt>{words.reason}</dt>
      <dd>
        <Verbatim text={a.reason} />
      </dd>
      <dt>{words.object}</dt>
      <dd>
        <About approval={a} />
      </dd>
      {later && (
        <>
          <dt>{words.notBefore}</dt>
          <dd>{dateAndClock(a.not_before)}</dd>
        </>
      )}
      <dt>{words.expires}</dt>
      <dd>{dateAndClock(a.expires_at)}</dd>
    </dl>
  );
}

/** Saves the policy that was kept with an approval. */
function SavePolicy({ approval: a, again }: Props) {
  const words = t.approvals;
  const { busy, problem, send } = useSending();
  const save = async () => {
    const sent = await send(async () => {
      const { version } = await proven(() => approvalsApi.save(a));
      announce(words.saved({ v: version }));
    });
    if (sent) again();
  };
  return (
    <>
      {problem !== null && <ErrorNote problem={problem} />}
      <button type="button" class="button button-main" disabled={busy} onClick={save}>
        {busy && !proofAsked.value ? words.saving : words.save}
      </button>
    </>
  );
}

function Approve({ approval: a, again }: Props) {
  const words = t.approvals;
  const [asking, setAsking] = useState(false);
  const { busy, problem, send } = useSending();
  const approve = async () => {
    if (!(await send(() => proven(() => approvalsApi.approve(a))))) return;
    setAsking(false);
    announce(words.approved);
    again();
  };
  return (
    <>
      <button
        type="button"
        class="button button-main"
        aria-label={words.approveOf({ act: words.acts[a.act] })}
        onClick={() => setAsking(true)}
      >
        {words.approve}
      </button>
      {asking && (
        <Dialog title={words.approveTitle} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>
              <strong>{words.acts[a.act]}</strong>
            </p>
            <p>{words.approveWhat({ who: clean(a.asked_by) })}</p>
            <Facts approval={a} />
            <Shown value={a.shown} />
            <p class="field-help">
              {words.digest}: <span class="approval-id">{a.digest}</span>
            </p>
            {problem !== null && <ErrorNote problem={problem} />}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main" disabled={busy} onClick={approve}>
                {busy && !proofAsked.value ? words.approving : words.approve}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Withdraw({ approval: a, again }: Props) {
  const words = t.approvals;
  const [asking, setAsking] = useState(false);
  const { busy, problem, send } = useSending();
  const withdraw = async () => {
    if (!(await send(() => approvalsApi.withdraw(a)))) return;
    setAsking(false);
    announce(words.withdrawn);
    again();
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={words.withdrawOf({ act: words.acts[a.act] })}
        onClick={() => setAsking(true)}
      >
        {words.withdraw}
      </button>
      {asking && (
        <Dialog title={words.withdrawTitle} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{words.withdrawWhat}</p>
            {problem !== null && <ErrorNote problem={problem} />}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main" disabled={busy} onClick={withdraw}>
                {busy ? words.withdrawing : words.withdraw}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
