import { useEffect, useState } from 'preact/hooks';
import { AppForm } from '../account/app-form.js';
import { passkeyHindrance, usePasskey } from '../account/passkey.js';
import { PasskeyForm } from '../account/passkey-form.js';
import { RecoveryCodes } from '../account/recovery-codes.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { left, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { api, type TotpToAdd } from '../state/api.js';
import { begun, session, signOut } from '../state/session.js';
import { Brand } from './sign-in.js';

/** After the password: the second factor is given, or a first one made. */
export function SecondFactorPage() {
  const owes = session.value?.second_factor?.owes;
  const title = owes === 'enrolment' ? t.factors.enrol.title : t.factors.factor.title;
  useEffect(() => {
    document.title = t.title({ page: title, site: session.value?.site.name ?? '' });
  }, [title]);
  const [problem, setProblem] = useState<unknown>(null);
  return (
    <main class="door">
      <Brand />
      {owes === 'enrolment' ? <Enrol /> : <Give />}
      {problem !== null && <ErrorNote problem={problem} />}
      <p>
        <button type="button" class="link" onClick={() => signOut().catch(setProblem)}>
          {t.factors.factor.signOut}
        </button>
      </p>
    </main>
  );
}

function Give() {
  const words = t.factors.factor;
  const mine = session.value?.second_factor;
  const byApp = mine?.totp ?? false;
  const passkey = (mine?.passkeys_here ?? 0) > 0 && passkeyHindrance() === null;
  const [recovery, setRecovery] = useState(!byApp && !passkey);
  const [code, setCode] = useState('');
  const [missing, setMissing] = useState(false);
  const { busy, problem, setProblem, send } = useSending();

  const by = async (prove: () => Promise<unknown>) => {
    if (await send(() => prove().then(begun))) return;
    setCode('');
    document.getElementById('code')?.focus();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setMissing(!code.trim());
    if (code.trim()) by(() => api.secondFactor(code.trim()));
    else document.getElementById('code')?.focus();
  };
  const turn = (to: boolean) => {
    setRecovery(to);
    setCode('');
    setMissing(false);
    setProblem(null);
  };
  return (
    <>
      <h1>{words.title}</h1>
      <p>{words.intro}</p>
      {problem !== null && <ErrorNote problem={problem} />}
      {passkey && (
        <button
          type="button"
          class={`button button-wide ${byApp || recovery ? '' : 'button-main'}`}
          disabled={busy}
          onClick={() => by(() => usePasskey())}
        >
          {words.passkey}
        </button>
      )}
      {!passkey && (mine?.passkeys ?? 0) > 0 && <p class="quiet">{words.elsewhere}</p>}
      {(byApp || recovery) && (
        <form class="form" noValidate onSubmit={submit}>
          <Field
            key={recovery ? 'recovery' : 'app'}
            id="code"
            label={recovery ? words.recovery : words.code}
            help={recovery ? words.recoveryHelp : words.codeHelp}
            value={code}
            onInput={setCode}
            error={missing ? words.noCode : undefined}
            autocomplete="one-time-code"
            inputMode={recovery ? 'text' : 'numeric'}
            maxLength={recovery ? 40 : 8}
            autofocus
          />
          <button type="submit" class="button button-main button-wide" disabled={busy}>
            {busy ? words.busy : words.button}
          </button>
        </form>
      )}
      <p>
        {recovery && byApp && (
          <button type="button" class="link" onClick={() => turn(false)}>
            {words.useApp}
          </button>
        )}
        {!recovery && (
          <button type="button" class="link" onClick={() => turn(true)}>
            {byApp ? words.useRecovery : words.usePasskeyRecovery}
          </button>
        )}
        {recovery && <span class="quiet"> {words.lost}</span>}
      </p>
    </>
  );
}

function Enrol() {
  const [app, setApp] = useState<TotpToAdd | null>(null);
  const [passkey, setPasskey] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const words = t.factors;
  const done = (got: string[] | null) => (got ? setCodes(got) : begun().catch(setProblem));

  if (codes)
    return (
      <>
        <h1>{words.enrol.done}</h1>
        {problem !== null && <ErrorNote problem={problem} />}
        <RecoveryCodes codes={codes} kept={() => begun().catch(setProblem)} />
      </>
    );
  return (
    <>
      <h1>{words.enrol.title}</h1>
      <p>{words.enrol.intro}</p>
      {problem !== null && <ErrorNote problem={problem} />}
      <h2>{words.section.app}</h2>
      {app ? (
        <AppForm begun={app} done={done} leave={() => left(() => setApp(null), 'add-app')} />
      ) : (
        <>
          <p>{words.section.appWhat}</p>
          <button
            id="add-app"
            type="button"
            class="button button-main button-wide"
            onClick={() => api.beginTotp().then(setApp, setProblem)}
          >
            {words.section.appAdd}
          </button>
        </>
      )}
      <h2>{words.section.passkeys}</h2>
      {passkey || passkeyHindrance() !== null ? (
        <PasskeyForm
          proven={(act) => act()}
          done={done}
          leave={() => left(() => setPasskey(false), 'add-passkey')}
        />
      ) : (
        <>
          <p>{words.section.passkeyWhat}</p>
          <button id="add-passkey" type="button" class="button button-wide" onClick={() => setPasskey(true)}>
            {words.section.passkeyAdd}
          </button>
        </>
      )}
    </>
  );
}
