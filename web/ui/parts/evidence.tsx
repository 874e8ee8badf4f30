import { useState } from 'preact/hooks';
import { ApiError, type CallDetail, evidencePack } from '../api.js';
import { t } from '../messages/en.js';
import { nameOf } from '../messages/people.js';
import { dateAndClock } from '../messages/when.js';
import { Dialog } from './dialog.js';
import { ErrorNote } from './error-note.js';
import { Field } from './field.js';

const words = t.evidence;

/** Leads to the evidence pack of a call. */
export function EvidenceButton({ call }: { call: CallDetail }) {
  const [open, setOpen] = useState(false);
  // It is of the whole call.
  if (!call.you.rights.includes('export') || call.you.hears !== 'all') return null;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {words.button}
      </button>
      {open && <EvidenceDialog call={call} onClose={() => setOpen(false)} />}
    </>
  );
}

function EvidenceDialog({ call, onClose }: { call: CallDetail; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [state, setState] = useState<'asks' | 'busy' | 'fresh' | 'kept'>('asks');
  const [problem, setProblem] = useState<unknown>(null);
  const done = state === 'fresh' || state === 'kept';
  const submit = async (event: Event) => {
    event.preventDefault();
    setState('busy');
    setProblem(null);
    try {
      const { zip, name, fresh } = await evidencePack(call.id, reason.trim());
      save(zip, name);
      setState(fresh ? 'fresh' : 'kept');
    } catch (cause) {
      const owed = cause instanceof ApiError && cause.code === 'request_invalid' && reason.trim() === '';
      if (owed) {
        setMissing(true);
        document.getElementById('evidence-reason')?.focus();
      } else setProblem(cause);
      setState('asks');
    }
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <p>
          <bdi>{nameOf(call.them)}</bdi> {t.calls.with} <bdi>{nameOf(call.us)}</bdi>,{' '}
          {dateAndClock(call.started_at)}
        </p>
        <p>{words.intro}</p>
        {problem !== null && <ErrorNote problem={problem} />}
        <div role="status">
          {done && <p>{words.done}</p>}
          {state === 'kept' && <p>{words.kept}</p>}
        </div>
        {!done && (
          <>
            <Field
              id="evidence-reason"
              label={words.label}
              help={words.help}
              value={reason}
              onInput={(value) => {
                setReason(value);
                setMissing(false);
              }}
              error={missing ? words.missing : undefined}
              maxLength={200}
              spellcheck
              autofocus
            />
            <p class="quiet">{words.clear}</p>
          </>
        )}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {done ? t.common.close : t.common.cancel}
          </button>
          {!done && (
            <button type="submit" class="button button-main" disabled={state === 'busy'}>
              {state === 'busy' ? words.busy : words.make}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function save(zip: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(zip);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
