import { useEffect, useState } from 'preact/hooks';
import { passkeyHindrance, usePasskey } from '../account/passkey.js';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { Reels } from '../kit/reels.js';
import { ShowPassword } from '../kit/secrets/show-password.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { ApiError, api } from '../state/api.js';
import { begun, session } from '../state/session.js';

/** The way in; `again` when a session ended while pages were open. */
export function SignInPage({ again = false }: { again?: boolean }) {
  const [name, setName] = useState(session.value?.user?.name ?? '');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const { busy, problem, setProblem, send } = useSending(refusedOnTheWay);
  const site = session.value?.site.name ?? '';
  useEffect(() => {
    document.title = t.title({ page: t.signIn.title, site });
  }, []);

  const found: Faults = [];
  if (!name.trim()) found.push({ id: 'name', text: t.signIn.noName });
  if (!password) found.push({ id: 'password', text: t.signIn.noPassword });
  const { attempt, faults, fault, tried } = useFaults(found);

  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem(null);
    if (!tried()) return;
    const done = await send(() => api.signIn(name.trim(), password).then(begun));
    if (!done) document.getElementById('password')?.focus();
  };
  return (
    <main class="door">
      <Brand />
      <h1>{t.signIn.title}</h1>
      {again && <p class="note note-plain">{t.signIn.interrupted}</p>}
      <FaultSummary faults={faults} attempt={attempt} />
      {problem !== null && <ErrorNote problem={problem} />}
      <form class="form" noValidate onSubmit={submit}>
        <Field
          id="name"
          label={t.signIn.name}
          value={name}
          onInput={setName}
          error={fault('name')}
          autocomplete="username"
          maxLength={60}
          autofocus={!name}
        />
        <Field
          id="password"
          label={t.signIn.password}
          type={shown ? 'text' : 'password'}
          value={password}
          onInput={setPassword}
          error={fault('password')}
          autocomplete="current-password"
          maxLength={256}
          autofocus={Boolean(name)}
        >
          <ShowPassword shown={shown} set={setShown} />
        </Field>
        <button type="submit" class="button button-main button-wide" disabled={busy}>
          {busy ? t.signIn.busy : t.signIn.button}
        </button>
      </form>
      <OtherWays busy={busy} failed={setProblem} />
    </main>
  );
}

/** A passkey, and the provider if there is one. */
function OtherWays({ busy, failed }: { busy: boolean; failed: (problem: unknown) => void }) {
  const [on, setOn] = useState('');
  const provider = session.value?.sign_in.provider ?? null;
  const passkey = passkeyHindrance() === null;
  if (!passkey && provider === null) return null;
  const by = async (way: string, go: () => Promise<unknown>) => {
    setOn(way);
    failed(null);
    try {
      await go();
    } catch (cause) {
      failed(cause);
      setOn('');
    }
  };
  return (
    <>
      <p class="door-or">{t.factors.or}</p>
      {provider !== null && (
        <button
          type="button"
          class="button button-wide"
          disabled={busy || on !== ''}
          onClick={() => by('provider', async () => location.assign((await api.toProvider()).url))}
        >
          {on === 'provider' ? t.factors.providerBusy : t.factors.providerButton({ name: provider })}
        </button>
      )}
      {passkey && (
        <button
          type="button"
          class="button button-wide"
          disabled={busy || on !== ''}
          onClick={() => by('passkey', () => usePasskey().then(begun))}
        >
          {on === 'passkey' ? t.factors.passkeyBusy : t.factors.passkeyButton}
        </button>
      )}
    </>
  );
}

const ON_THE_WAY = ['provider_down', 'provider_refused', 'no_role', 'name_taken'];

/** What went wrong on the way back from the provider stands in the address; it is said once. */
function refusedOnTheWay(): ApiError | null {
  const code = new URLSearchParams(location.search).get('sign_in');
  if (code === null) return null;
  history.replaceState(null, '', location.pathname);
  return new ApiError(403, { code: ON_THE_WAY.includes(code) ? code : 'provider_refused' });
}

export function Brand() {
  const site = session.value?.site.name;
  return (
    <p class="brand">
      <Reels />
      <span class="brand-name" translate={false}>
        Tapedeck
      </span>
      {site && (
        <span class="brand-site" title={site} translate={false}>
          <bdi>{site}</bdi>
        </span>
      )}
    </p>
  );
}
