import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { NewPassword, passwordFaults } from '../kit/secrets/new-password.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { api } from '../state/api.js';
import { begun, session } from '../state/session.js';
import { Brand } from './sign-in.js';

/** The first account, made with the code that the console shows. */
export function SetUpPage() {
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [hears, setHears] = useState(true);
  const { busy, problem, setProblem, send } = useSending();
  useEffect(() => {
    document.title = t.title({ page: t.setUp.title, site: session.value?.site.name ?? '' });
  }, []);

  const found: Faults = [];
  if (!code.trim()) found.push({ id: 'code', text: t.setUp.noCode });
  if (!name.trim()) found.push({ id: 'name', text: t.setUp.noName });
  found.push(...passwordFaults('password', password, name));
  const { attempt, faults, fault, tried } = useFaults(found);

  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    if (!tried()) return;
    send(async () => {
      await api.setUp(code.trim(), name.trim(), password, hears);
      await begun();
    });
  };
  return (
    <main class="door">
      <Brand />
      <h1>{t.setUp.title}</h1>
      <p>{t.setUp.intro}</p>
      <FaultSummary faults={faults} attempt={attempt} />
      {problem !== null && <ErrorNote problem={problem} />}
      <form class="form" noValidate onSubmit={submit}>
        <Field
          id="code"
          label={t.setUp.code}
          help={t.setUp.codeHelp}
          value={code}
          onInput={setCode}
          error={fault('code')}
          autocomplete="one-time-code"
          maxLength={40}
          autofocus
        />
        <Field
          id="name"
          label={t.setUp.name}
          help={t.setUp.nameHelp}
          value={name}
          onInput={setName}
          error={fault('name')}
          autocomplete="username"
          maxLength={60}
        />
        <NewPassword
          id="password"
          label={t.setUp.password}
          name={name}
          value={password}
          onInput={setPassword}
          error={fault('password')}
        />
        <div>
          <label class="check">
            <input
              type="checkbox"
              checked={hears}
              aria-describedby="hears-help"
              onChange={(e) => setHears(e.currentTarget.checked)}
            />
            <span>{t.setUp.hears}</span>
          </label>
          <p class="field-help" id="hears-help">
            {hears ? t.setUp.hearsYes : t.setUp.hearsNo}
          </p>
        </div>
        <button type="submit" class="button button-main button-wide" disabled={busy}>
          {busy ? t.setUp.busy : t.setUp.button}
        </button>
      </form>
      <p>
        <a href="/help/" target="_blank" rel="noopener">
          {t.menu.help}
        </a>
      </p>
    </main>
  );
}
