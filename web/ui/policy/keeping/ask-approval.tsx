import { useState } from 'preact/hooks';
import { isBlank } from '../../../../daemon/domain/blank.js';
import { announce } from '../../kit/announcer.js';
import { Dialog } from '../../kit/dialog.js';
import { ErrorNote } from '../../kit/error-note.js';
import { Field } from '../../kit/field.js';
import { useSending } from '../../kit/use-form.js';
import { t } from '../../messages/language.js';
import type { Policy } from '../../state/api.js';
import { type ApplyTo, type RedatingPreview, rulesApi } from '../../state/api-rules.js';
import { type Controlled, controlled } from './two-people.js';

/** What needs a second person by one policy and no longer by the next. */
export const controlsOff = (before: Policy, after: Policy): Controlled[] =>
  controlled.filter((act) => before.approvals?.[act] === true && after.approvals?.[act] !== true);

type AskProps = {
  policy: Policy;
  basedOn: number;
  /** Existing recordings get their dates by it too. */
  preview?: RedatingPreview | undefined;
  asked: () => void;
};

/** Asks a second person for their approval of a policy, which is kept with the request. */
export function AskApproval({ policy, basedOn, preview, asked }: AskProps) {
  const [reason, setReason] = useState('');
  const { busy, problem, send } = useSending();
  const words = t.keeping.existing;
  return (
    <div class="form keeping-asked">
      <p>{words.needsApproval}</p>
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="approval-reason"
        label={words.approvalReason}
        value={reason}
        onInput={setReason}
        maxLength={300}
        spellcheck
      />
      <button
        type="button"
        class="button"
        disabled={busy || isBlank(reason)}
        onClick={async () => {
          if (!(await send(() => rulesApi.askApproval(policy, basedOn, reason.trim(), preview)))) return;
          announce(words.asked);
          asked();
        }}
      >
        {words.ask}
      </button>
    </div>
  );
}

type Props = Omit<AskProps, 'preview'> & { off: readonly Controlled[]; apply: ApplyTo; close: () => void };

/** Says that a policy turns two-person control off for something, which takes two people itself. */
export function ControlsOffDialog({ off, apply, close, ...asking }: Props) {
  const words = t.policy.twoPeople;
  return (
    <Dialog title={words.offTitle} onClose={close}>
      <div class="dialog-body">
        <p>{words.offWhat}</p>
        <ul>
          {off.map((act) => (
            <li key={act}>{words.acts[act]}</li>
          ))}
        </ul>
        <AskApproval {...asking} preview={apply.to === 'all' ? apply.preview : undefined} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
