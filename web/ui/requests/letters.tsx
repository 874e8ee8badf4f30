import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Lines } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { Sentence } from '../kit/sentence.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date } from '../messages/when.js';
import { type Letter, type Letters, requestsApi } from '../state/api-requests.js';
import { useView } from '../state/use-view.js';

/** Changes the letters from which answers to requests begin. */
export function EditLetters() {
  const [open, setOpen] = useState(false);
  const { templates: w } = t.requests;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {w.button}
      </button>
      {open && (
        <Dialog title={w.title} onClose={() => setOpen(false)}>
          <Loaded close={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function Loaded({ close }: { close: () => void }) {
  const { view, problem, load } = useView(() => requestsApi.letters());
  if (problem !== null) return <ErrorNote problem={problem} retry={load} />;
  if (!view) return <p class="quiet dialog-body">{t.common.loading}</p>;
  return <Editing first={view} close={close} />;
}

function Editing({ first, close }: { first: Letters; close: () => void }) {
  const { templates: w, answer } = t.requests;
  const [view, setView] = useState(first);
  const [letter, setLetter] = useState<Letter>(view.letters[0]?.letter ?? 'access');
  const shown = view.letters.find((one) => one.letter === letter);
  const [typed, setTyped] = useState<string | null>(null);
  const { busy, problem, send } = useSending();
  const save = (text: string | null) =>
    send(async () => {
      setView(await requestsApi.saveLetter(letter, text));
      setTyped(null);
      announce(text === null ? w.restored : w.done);
    });
  const text = typed ?? shown?.text ?? '';
  const names = view.names.map((name) => `{${name}}`).join(', ');
  return (
    <div class="dialog-body">
      <p>
        <Sentence of={w.what} parts={{ names: <code translate={false}>{names}</code> }} />
      </p>
      <Select
        {...{ id: 'letter-kind', label: answer.letter, value: letter }}
        choose={(next: Letter) => {
          setLetter(next);
          setTyped(null);
        }}
        choices={view.letters.map((one): [Letter, string] => [one.letter, answer.letters[one.letter]])}
      />
      <Lines {...{ id: 'letter-text', label: w.text, value: text, onInput: setTyped }} />
      <p class="quiet">
        {shown?.saved ? w.own({ who: clean(shown.saved.by), day: date(shown.saved.at) }) : w.standard}
      </p>
      {shown?.saved && (
        <p>
          <button type="button" class="button" disabled={busy} onClick={() => save(null)}>
            {w.restore}
          </button>
        </p>
      )}
      {problem !== null && <ErrorNote problem={problem} />}
      <DialogActs
        {...{ busy, send: busy ? w.busy : w.send, act: () => save(text), cancel: close }}
        ready={typed !== null && typed.trim() !== ''}
      />
    </div>
  );
}
