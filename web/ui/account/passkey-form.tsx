import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { makePasskey, passkeyHindrance } from './passkey.js';

/** Makes a passkey under a name by which its owner knows it again. */
export function PasskeyForm(props: {
  /** Shows first that it is still its owner, where that is needed. */
  proven: <T>(act: () => Promise<T>) => Promise<T>;
  done: (codes: string[] | null) => void;
  leave: () => void;
}) {
  const [name, setName] = useState('');
  const [missing, setMissing] = useState(false);
  const { busy, problem, send } = useSending();

  const submit = (event: Event) => {
    event.preventDefault();
    setMissing(!name.trim());
    if (!name.trim()) return document.getElementById('passkey-name')?.focus();
    return send(async () => props.done(await props.proven(() => makePasskey(name.trim()))));
  };
  const hindrance = passkeyHindrance();
  if (hindrance) return <p class="quiet">{t.factors.section[hindrance]}</p>;
  return (
    <form class="form" noValidate onSubmit={submit}>
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="passkey-name"
        label={t.factors.section.passkeyName}
        help={t.factors.section.passkeyNameHelp}
        value={name}
        onInput={setName}
        error={missing ? t.factors.section.passkeyNoName : undefined}
        maxLength={60}
        autofocus
      />
      <div class="acts">
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.factors.passkeyBusy : t.factors.section.passkeyMake}
        </button>
        <button type="button" class="button" onClick={props.leave}>
          {t.common.cancel}
        </button>
      </div>
    </form>
  );
}
