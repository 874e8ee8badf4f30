import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import { Dialog } from './dialog.js';
import { ErrorNote } from './error-note.js';
import { Field } from './field.js';
import { useSending } from './use-form.js';

type Props = {
  title: string;
  /** What is about to be done. */
  children: ComponentChildren;
  label: string;
  right: (typed: string) => boolean;
  wrong: string;
  button: string;
  busyButton: string;
  act: () => Promise<unknown>;
  close: () => void;
};

/** Says what cannot be undone, and does it once a word was typed. */
export function TypedDialog(props: Props) {
  const { title, children, label, right, wrong, button, busyButton, act, close } = props;
  const [typed, setTyped] = useState('');
  const [refused, setRefused] = useState(false);
  const { busy, problem, send } = useSending();

  const submit = (event: Event) => {
    event.preventDefault();
    if (right(typed.trim())) return send(act);
    setRefused(true);
    document.getElementById('typed-word')?.focus();
  };
  return (
    <Dialog title={title} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        {children}
        {problem !== null && <ErrorNote problem={problem} />}
        <Field
          id="typed-word"
          label={label}
          value={typed}
          onInput={(value) => {
            setTyped(value);
            setRefused(false);
          }}
          error={refused ? wrong : undefined}
          maxLength={40}
          autofocus
        />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main button-alarm" disabled={busy}>
            {busy ? busyButton : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
