import { useState } from 'preact/hooks';
import { ReasonField, useReason } from '../calls/call-reason.js';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { AlarmIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { proofAsked, proven } from '../sign-in/proof-dialog.js';
import { type Erased, retentionApi } from '../state/api-retention.js';

type Props = {
  calls: readonly string[];
  /** The request of a person for which they are erased: its id, and what the reason begins with. */
  request?: { id: string; reason: string };
  /** Takes calls out of what is to be erased; left out where there is only one. */
  leaveOut?: (calls: readonly string[]) => void;
  done: (erased: Erased) => void;
  close: () => void;
};

/** Says what is erased by hand, asks for a reason and a typed word, and names what is protected. */
export function EraseDialog({ calls, request, leaveOut, done, close }: Props) {
  const words = t.erase;
  const n = calls.length;
  const word = words.word({ n });
  const reason = useReason('erase-reason', request?.reason);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [answer, setAnswer] = useState<Erased | null>(null);
  const refused = answer?.refused ?? [];
  const protectedCalls = [...new Set(refused.map((r) => r.call_id))];

  const submit = async (event: Event) => {
    event.preventDefault();
    if (reason.text === '') return reason.miss();
    if (typed.trim() !== word) {
      setWrong(true);
      document.getElementById('erase-word')?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      const result = await proven(() =>
        retentionApi.erase({
          calls: [...calls],
          reason: reason.text,
          confirm: word,
          ...(request && { request: request.id }),
        }),
      );
      setAnswer(result);
      if (result.refused.length === 0 && result.approval === null) done(result);
    } catch (cause) {
      setProblem(cause);
    } finally {
      setBusy(false);
    }
  };

  if (answer?.approval)
    return (
      <Dialog title={words.title({ n })} onClose={close}>
        <div class="dialog-body">
          <p role="status">{words.asked({ approval: answer.approval })}</p>
          <div class="dialog-acts">
            <button type="button" class="button button-main" onClick={close}>
              {t.common.close}
            </button>
          </div>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={words.title({ n })} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <p>{words.what({ n })}</p>
        <p>
          <strong>{words.undo}</strong>
        </p>
        {problem !== null && <ErrorNote problem={problem} />}
        {refused.length > 0 && (
          <div class="note note-warn" role="alert">
            <AlarmIcon />
            <div>
              <p class="note-title">{words.refusedTitle({ n: refused.length })}</p>
              <ul class="erase-refused">
                {refused.map((r) => (
                  <li key={r.recording_id}>
                    <a href={`/calls/${encodeURIComponent(r.call_id)}`}>{words.openCall}</a>{' '}
                    <span translate={false}>{r.reason}</span>
                  </li>
                ))}
              </ul>
              {leaveOut && protectedCalls.length < n ? (
                <>
                  <p>{words.refusedHint}</p>
                  <button
                    type="button"
                    class="button"
                    onClick={() => {
                      setAnswer(null);
                      setTyped('');
                      leaveOut(protectedCalls);
                    }}
                  >
                    {words.leaveOut({ n: protectedCalls.length })}
                  </button>
                </>
              ) : (
                <p>{words.refusedOnly}</p>
              )}
            </div>
          </div>
        )}
        <ReasonField reason={reason} words={words.reason} />
        <Field
          id="erase-word"
          label={words.typeWord({ word })}
          value={typed}
          onInput={(value) => {
            setTyped(value);
            setWrong(false);
          }}
          error={wrong ? words.wrongWord({ word }) : undefined}
          maxLength={40}
        />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main button-alarm" disabled={busy}>
            {busy && !proofAsked.value ? words.busy : words.make({ n })}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
