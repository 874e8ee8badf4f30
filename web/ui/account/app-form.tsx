import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { Sentence } from '../kit/sentence.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { api, type TotpToAdd } from '../state/api.js';

/** Sets up an authenticator app: the QR code, and a code of the app to show that it was read right. */
export function AppForm(props: {
  begun: TotpToAdd;
  done: (codes: string[] | null) => void;
  leave: () => void;
}) {
  const { begun, done, leave } = props;
  const [code, setCode] = useState('');
  const [missing, setMissing] = useState(false);
  const { busy, problem, setProblem, send } = useSending();
  useEffect(() => setProblem(null), [begun]);

  const submit = (event: Event) => {
    event.preventDefault();
    setMissing(!code.trim());
    if (!code.trim()) return document.getElementById('app-code')?.focus();
    return send(async () => done((await api.confirmTotp(code.trim())).recovery_codes));
  };
  const { qr, secret } = begun;
  return (
    <form class="form" noValidate onSubmit={submit}>
      <p>{t.factors.app.scan}</p>
      <svg
        class="qr"
        viewBox={`-3 -3 ${qr.size + 6} ${qr.size + 6}`}
        role="img"
        aria-label={t.factors.app.qr}
      >
        <rect x="-3" y="-3" width={qr.size + 6} height={qr.size + 6} />
        <path d={qr.path} />
      </svg>
      <p>
        <Sentence
          of={t.factors.app.orType}
          parts={{
            key: (
              <code class="secret" translate={false}>
                {secret.replace(/.{4}(?=.)/g, '$& ')}
              </code>
            ),
          }}
        />
      </p>
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="app-code"
        label={t.factors.app.code}
        value={code}
        onInput={setCode}
        error={missing ? t.factors.factor.noCode : undefined}
        autocomplete="one-time-code"
        inputMode="numeric"
        maxLength={8}
        autofocus
      />
      <div class="acts">
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.factors.app.busy : t.factors.app.button}
        </button>
        <button type="button" class="button" onClick={leave}>
          {t.common.cancel}
        </button>
      </div>
    </form>
  );
}
