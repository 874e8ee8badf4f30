import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { save } from '../kit/download-link.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { ApiError, type CallDetail, evidencePack } from '../state/api.js';
import { CallLine, ReasonField, useReason } from './call-reason.js';

type Props = {
  call: CallDetail;
  /** An earlier version of its recording; left out for what everybody hears. */
  recording?: string;
};

/** Leads to the evidence pack of a call. */
export function EvidenceButton({ call, recording }: Props) {
  const [open, setOpen] = useState(false);
  // It is of the whole call.
  if (!call.you.rights.includes('export') || call.you.hears !== 'all') return null;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {t.evidence.button}
      </button>
      {open && <EvidenceDialog {...{ call, recording }} onClose={() => setOpen(false)} />}
    </>
  );
}

function EvidenceDialog({ call, recording, onClose }: Props & { onClose: () => void }) {
  const reason = useReason('evidence-reason');
  const [state, setState] = useState<'asks' | 'busy' | 'done'>('asks');
  const [problem, setProblem] = useState<unknown>(null);
  const done = state === 'done';
  const submit = async (event: Event) => {
    event.preventDefault();
    setState('busy');
    setProblem(null);
    try {
      const { file, name } = await evidencePack(call.id, reason.text, recording);
      save(file, name);
      setState('done');
    } catch (cause) {
      const owed = cause instanceof ApiError && cause.code === 'request_invalid' && reason.text === '';
      if (owed) reason.miss();
      else setProblem(cause);
      setState('asks');
    }
  };
  return (
    <Dialog title={t.evidence.title} onClose={onClose}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <CallLine call={call} />
        <p>{t.evidence.intro}</p>
        {recording !== undefined && <p>{t.evidence.older}</p>}
        {problem !== null && <ErrorNote problem={problem} />}
        <div role="status">
          {done && (
            <p>
              {t.evidence.done}{' '}
              <a href="/verify.html" target="_blank" rel="noreferrer">
                {t.evidence.verify}
              </a>{' '}
              <span class="quiet">{t.evidence.verifyHelp}</span>
            </p>
          )}
        </div>
        {!done && (
          <>
            <ReasonField reason={reason} words={t.evidence} />
            <p class="quiet">{t.evidence.clear}</p>
          </>
        )}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {done ? t.common.close : t.common.cancel}
          </button>
          {!done && (
            <button type="submit" class="button button-main" disabled={state === 'busy'}>
              {state === 'busy' ? t.evidence.busy : t.evidence.make}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
