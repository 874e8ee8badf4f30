import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { type Person, peopleApi } from '../api-people.js';
import { t } from '../messages/en.js';
import { clean } from '../messages/numbers.js';
import { announce } from './announcer.js';
import { Dialog } from './dialog.js';
import { ErrorNote } from './error-note.js';
import { Field } from './field.js';

const words = t.people.acts;

/** Keeping somebody out for a while, and for good. */
export function PersonActs({ person, disable }: { person: Person; disable: (disabled: boolean) => void }) {
  const [removing, setRemoving] = useState(false);
  const disabled = person.disabled_at !== null;
  return (
    <section aria-label={`${words.disable}, ${words.remove}`}>
      <div>
        <button type="button" class="button" onClick={() => disable(!disabled)}>
          {disabled ? words.enable : words.disable}
        </button>
        {!disabled && <p class="field-help">{words.disableHelp}</p>}
      </div>
      <div>
        <button type="button" class="button button-alarm" onClick={() => setRemoving(true)}>
          {words.remove}
        </button>
        <p class="field-help">{words.removeHelp}</p>
      </div>
      {removing && <RemoveDialog person={person} close={() => setRemoving(false)} />}
    </section>
  );
}

function RemoveDialog({ person, close }: { person: Person; close: () => void }) {
  const { route } = useLocation();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const name = clean(person.name);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (typed.trim().toLowerCase() !== words.word) {
      setWrong(true);
      document.getElementById('remove-word')?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await peopleApi.remove(person.id, person.version);
      announce(words.removed(name));
      route('/people');
    } catch (cause) {
      setProblem(cause);
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.removeTitle(name)} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <p>{words.removeWhat(name)}</p>
        {problem !== null && <ErrorNote problem={problem} />}
        <Field
          id="remove-word"
          label={words.typeWord(words.word)}
          value={typed}
          onInput={(value) => {
            setTyped(value);
            setWrong(false);
          }}
          error={wrong ? words.wrongWord(words.word) : undefined}
          maxLength={40}
          autofocus
        />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main button-alarm" disabled={busy}>
            {busy ? words.removing : words.remove}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
