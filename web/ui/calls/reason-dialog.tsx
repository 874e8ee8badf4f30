import { useLayoutEffect } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { asked, lastReason, sayWhy } from '../state/reason.js';
import { CallLine, ReasonField, useReason } from './call-reason.js';

/** Asks why before a call is heard or taken away. Enter is enough where the last reason still holds. */
export function ReasonDialog() {
  return asked.value === null ? null : <Ask key={`${asked.value.right} ${asked.value.call.id}`} />;
}

function Ask() {
  const reason = useReason('reason', lastReason.value);
  const { busy, problem, send } = useSending();
  useLayoutEffect(() => {
    const input = document.getElementById(reason.id);
    if (input instanceof HTMLInputElement) input.select(); // what is typed takes the last one's place
  }, []);
  const waits = asked.value;
  if (!waits) return null;
  const close = () => {
    asked.value = null;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (reason.text) return send(() => sayWhy(reason.text));
    reason.miss();
  };
  return (
    <Dialog title={t.rights.reason.title[waits.right]} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <CallLine call={waits.call} />
        {problem !== null && <ErrorNote problem={problem} />}
        <ReasonField reason={reason} words={t.rights.reason} />
        <p class="quiet">{t.rights.reason.intro}</p>
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            {busy ? t.rights.reason.busy : t.rights.reason[waits.right]}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
