import { useState } from 'preact/hooks';
import { api, type Retention, type RetentionRun } from '../api.js';
import { t } from '../messages/en.js';
import { count, date } from '../messages/when.js';
import { Dialog } from './dialog.js';
import { ErrorNote } from './error-note.js';
import { Field } from './field.js';

const words = t.retention;
type Props = { view: Retention; close: () => void; done: (ran: RetentionRun) => void };

/** Says what goes, how many and that it cannot be undone, and asks for a word typed; a tripped breaker asks for its own. */
export function RunDialog({ view, close, done }: Props) {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const { due, due_total: total, breaker } = view;
  const one = total === 1;
  const word = breaker.tripped ? breaker.confirm : words.word;
  const days = due.map((d) => d.started_at).sort();
  const [first, last] = [days[0] ?? view.now, days.at(-1) ?? view.now];

  const submit = async (event: Event) => {
    event.preventDefault();
    if (typed.trim() !== word) {
      setWrong(true);
      document.getElementById('run-word')?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      done(await api.runRetention(breaker.tripped ? breaker.confirm : undefined));
      close();
    } catch (cause) {
      setProblem(cause);
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.dialogTitle(count(total), one)} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <p>{words.dialogWhat(count(total), one, date(first), date(last))}</p>
        <p>
          <strong>{words.dialogUndo}</strong>
        </p>
        {breaker.tripped && <p class="note note-warn">{breaker.reason}</p>}
        {problem !== null && <ErrorNote problem={problem} />}
        <Field
          id="run-word"
          label={breaker.tripped ? words.typeConfirm(word) : words.typeWord(word)}
          value={typed}
          onInput={(value) => {
            setTyped(value);
            setWrong(false);
          }}
          error={wrong ? words.wrongWord(word) : undefined}
          maxLength={40}
          autofocus
        />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main button-alarm" disabled={busy}>
            {busy ? words.running : words.runButton(count(total), one)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
