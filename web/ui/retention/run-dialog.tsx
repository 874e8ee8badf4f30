import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/language.js';
import { date } from '../messages/when.js';
import { proofAsked, proven } from '../sign-in/proof-dialog.js';
import { type Retention, type RetentionRun, retentionApi } from '../state/api-retention.js';

type Props = { view: Retention; close: () => void; done: (ran: RetentionRun) => void };

/** Says what goes, how many and that it cannot be undone, and asks for a word typed; a tripped breaker asks for its own. */
export function RunDialog({ view, close, done }: Props) {
  const { due, due_total: total, breaker } = view;
  const word = breaker.tripped ? breaker.confirm : t.retention.word;
  const { due: names } = view.names;
  const alone = total === 0 && names > 0;
  const button = alone ? t.keeping.names.runButton : t.retention.runButton({ n: total });
  const started = due.map((d) => d.started_at).sort();
  // A longer list comes page by page, and an interrupted erasure is in none.
  const days =
    started.length === total && total > 0 ? { from: date(started[0]!), to: date(started.at(-1)!) } : null;
  return (
    <TypedDialog
      title={alone ? t.keeping.names.dialogTitle : t.retention.dialogTitle({ n: total })}
      label={breaker.tripped ? t.retention.typeConfirm({ word }) : t.retention.typeWord({ word })}
      right={(typed) => typed === word}
      wrong={t.retention.wrongWord({ word })}
      button={button}
      busyButton={proofAsked.value ? button : t.retention.running}
      act={async () => {
        done(await proven(() => retentionApi.run(breaker.tripped ? breaker.confirm : undefined)));
        close();
      }}
      close={close}
    >
      {!alone && <p>{t.retention.dialogWhat({ n: total, days })}</p>}
      {names > 0 && <p>{t.keeping.names.dialogWhat({ n: names })}</p>}
      <p>
        <strong>{t.retention.dialogUndo}</strong>
      </p>
      {breaker.tripped && (
        <p class="note note-warn" translate={false}>
          {breaker.reason}
        </p>
      )}
    </TypedDialog>
  );
}
