import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { announce } from '../kit/announcer.js';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Consent, consentsApi } from '../state/api-consents.js';

type Props = { consent: Consent; number: string; put: (consent: Consent) => void };

/** Erases the personal data of a consent or objection, with a reason that stays. */
export function EraseConsent({ consent: { id, kind, state }, number, put }: Props) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const { busy, problem, send } = useSending();
  const words = t.consents.erase;
  const erase = async () => {
    setMissing(isBlank(reason));
    if (isBlank(reason)) return document.getElementById('consent-erase-reason')?.focus();
    const done = await send(async () => put(await proven(() => consentsApi.erase(id, reason.trim()))));
    if (!done) return;
    setAsking(false);
    announce(words.done);
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={words.of({ kind, number })}
        onClick={() => setAsking(true)}
      >
        {words.button}
      </button>
      {asking && (
        <Dialog title={words.title({ kind, number })} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{words.what}</p>
            {state === 'in_force' && <p>{words.ends[kind]}</p>}
            {problem !== null && <ErrorNote problem={problem} />}
            <Field
              id="consent-erase-reason"
              label={words.reason}
              help={words.reasonHelp}
              value={reason}
              onInput={setReason}
              maxLength={200}
              error={missing ? words.noReason : undefined}
              spellcheck
              autofocus
            />
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main button-alarm" disabled={busy} onClick={erase}>
                {busy ? words.busy : words.button}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
