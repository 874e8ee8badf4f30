import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/en/messages.js';
import { count, date } from '../messages/when.js';
import { api, type Retention, type RetentionRun } from '../state/api.js';

const words = t.retention;
type Props = { view: Retention; close: () => void; done: (ran: RetentionRun) => void };

/** Says what goes, how many and that it cannot be undone, and asks for a word typed; a tripped breaker asks for its own. */
export function RunDialog({ view, close, done }: Props) {
  const { due, due_total: total, breaker } = view;
  const one = total === 1;
  const word = breaker.tripped ? breaker.confirm : words.word;
  const days = due.map((d) => d.started_at).sort();
  const [first, last] = [days[0] ?? view.now, days.at(-1) ?? view.now];
  return (
    <TypedDialog
      title={words.dialogTitle(count(total), one)}
      label={breaker.tripped ? words.typeConfirm(word) : words.typeWord(word)}
      right={(typed) => typed === word}
      wrong={words.wrongWord(word)}
      button={words.runButton(count(total), one)}
      busyButton={words.running}
      act={async () => {
        done(await api.runRetention(breaker.tripped ? breaker.confirm : undefined));
        close();
      }}
      close={close}
    >
      <p>{words.dialogWhat(count(total), one, date(first), date(last))}</p>
      <p>
        <strong>{words.dialogUndo}</strong>
      </p>
      {breaker.tripped && <p class="note note-warn">{breaker.reason}</p>}
    </TypedDialog>
  );
}
