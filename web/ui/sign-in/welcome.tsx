import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { NewPassword, passwordFaults } from '../kit/secrets/new-password.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { peopleApi } from '../state/api-people.js';
import { loadSession, session } from '../state/session.js';
import { Brand } from './sign-in.js';

/** Where a link for a password leads. Its code stands behind the #, and leaves the address at once. */
export function WelcomePage() {
  const { route } = useLocation();
  const [code, setCode] = useState(() => decodeURIComponent(location.hash.slice(1)).slice(0, 40));
  const [name, setName] = useState<string | null>(null);
  const [password, setPassword] = useState('');
  const [done, setDone] = useState<string[] | null>(null);
  const { busy, problem, send } = useSending();

  const look = (given: string) =>
    send(async () => {
      setName((await peopleApi.welcome(given)).name);
    });
  useEffect(() => {
    document.title = t.title({ page: t.welcome.title, site: session.value?.site.name ?? '' });
    if (location.hash === '') return;
    history.replaceState(null, '', '/welcome');
    if (code !== '') look(code);
  }, []);

  const found: Faults = [];
  if (name === null && !code.trim()) found.push({ id: 'welcome-code', text: t.welcome.noCode });
  if (name !== null) found.push(...passwordFaults('welcome-password', password, name));
  const { attempt, faults, fault, tried } = useFaults(found);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!tried()) return;
    if (name === null) return look(code.trim());
    return send(async () => {
      const { done, tokens_ended } = await peopleApi.welcome(code.trim(), password);
      setDone(done ? tokens_ended.map((token) => clean(token)) : null);
      setPassword('');
    });
  };
  const leave = async () => {
    await loadSession();
    route('/');
  };
  return (
    <main class="door">
      <Brand />
      <h1>{done ? t.welcome.doneTitle : t.welcome.title}</h1>
      <div role="status">
        {name !== null && (
          <p>
            {done
              ? t.welcome.done({ name: clean(name), tokens: done })
              : t.welcome.hello({ name: clean(name) })}
          </p>
        )}
      </div>
      <FaultSummary faults={faults} attempt={attempt} />
      {problem !== null && <ErrorNote problem={problem} />}
      {done ? (
        <button type="button" class="button button-main button-wide" onClick={leave}>
          {t.welcome.signIn}
        </button>
      ) : (
        <form class="form" noValidate onSubmit={submit}>
          {name === null ? (
            <Field
              id="welcome-code"
              label={t.welcome.code}
              help={t.welcome.codeHelp}
              value={code}
              onInput={setCode}
              error={fault('welcome-code')}
              autocomplete="one-time-code"
              maxLength={40}
              autofocus
            />
          ) : (
            <>
              <input type="text" hidden readOnly autocomplete="username" value={name} />
              <NewPassword
                id="welcome-password"
                label={t.welcome.password}
                name={name}
                value={password}
                onInput={setPassword}
                error={fault('welcome-password')}
              />
            </>
          )}
          <button type="submit" class="button button-main button-wide" disabled={busy}>
            {busy ? t.welcome.busy : name === null ? t.welcome.look : t.welcome.save}
          </button>
        </form>
      )}
    </main>
  );
}
