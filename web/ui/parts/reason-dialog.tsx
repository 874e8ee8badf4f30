import { useLayoutEffect, useState } from 'preact/hooks';
import { t } from '../messages/en.js';
import { asked, lastReason, sayWhy } from '../reason.js';
import { CallLine, ReasonField } from './call-reason.js';
import { Dialog } from './dialog.js';
import { ErrorNote } from './error-note.js';
import { useSending } from './use-form.js';

const words = t.rights.reason;

/** Asks why before a call is heard or taken away. Enter is enough where the last reason still holds. */
export function ReasonDialog() {
  return asked.value === null ? null : <Ask key={`${asked.value.right} ${asked.value.call.id}`} />;
}

function Ask() {
  const [reason, setReason] = useState(lastReason.value);
  const [missing, setMissing] = useState(false);
  const { busy, problem, send } = useSending();
  useLayoutEffect(() => {
    const input = document.getElementById('reason');
    if (input instanceof HTMLInputElement) input.select(); // what is typed takes the last one's place
  }, []);
  const waits = asked.value;
  if (!waits) return null;
  const close = () => {
    asked.value = null;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (reason.trim()) return send(() => sayWhy(reason.trim()));
    setMissing(true);
    document.getElementById('reason')?.focus();
  };
  return (
    <Dialog title={words.title[waits.right]} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <CallLine call={waits.call} />
        {problem !== null && <ErrorNote problem={problem} />}
        <ReasonField
          id="reason"
          words={words}
          value={reason}
          missing={missing}
          onInput={(value) => {
            setReason(value);
            setMissing(false);
          }}
        />
        <p class="quiet">{words.intro}</p>
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            {busy ? words.busy : words[waits.right]}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
