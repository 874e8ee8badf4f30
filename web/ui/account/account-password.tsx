import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { TickIcon } from '../kit/icons.js';
import { NewPassword, passwordFaults } from '../kit/secrets/new-password.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import type { Account, PasswordChanged } from '../state/api-people.js';
import { peopleApi } from '../state/api-people.js';
import { useView } from '../state/use-view.js';

/** One's own password: since when, and another. */
export function AccountPassword({ account, changed }: { account: Account; changed: () => void }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const { busy, problem, setProblem, send } = useSending();
  const [ended, setEnded] = useState<PasswordChanged | null>(null);
  const tokens = useView(() => peopleApi.tokens()).view?.tokens.map(({ name }) => clean(name)) ?? [];

  const found: Faults = [];
  if (!old) found.push({ id: 'old-password', text: t.account.password.noOld });
  found.push(...passwordFaults('new-password', fresh, account.name));
  const { attempt, faults, fault, tried } = useFaults(found);

  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    setEnded(null);
    if (!tried()) return;
    send(async () => {
      setEnded(await peopleApi.password(old, fresh));
      setOld('');
      setFresh('');
      changed();
    });
  };
  return (
    <section aria-labelledby="password-title">
      <h2 id="password-title">{t.account.password.title}</h2>
      <div role="status">
        {ended !== null && (
          <p class="note note-plain">
            <TickIcon />
            {t.account.password.done({
              n: ended.ended,
              tokens: ended.tokens_ended.map((name) => clean(name)),
            })}
          </p>
        )}
      </div>
      {!account.password ? (
        <p class="quiet">{t.account.password.none}</p>
      ) : (
        <>
          {account.password_at && (
            <p class="quiet">{t.account.password.since({ when: dateAndClock(account.password_at) })}</p>
          )}
          <FaultSummary faults={faults} attempt={attempt} />
          {problem !== null && <ErrorNote problem={problem} />}
          <form class="form account-form" noValidate onSubmit={submit}>
            {/* For password managers: whose password it is. */}
            <input type="text" hidden readOnly autocomplete="username" value={account.name} />
            <Field
              id="old-password"
              label={t.account.password.old}
              type="password"
              value={old}
              onInput={setOld}
              error={fault('old-password')}
              autocomplete="current-password"
              maxLength={256}
            />
            <NewPassword
              id="new-password"
              label={t.account.password.fresh}
              name={account.name}
              value={fresh}
              onInput={setFresh}
              error={fault('new-password')}
            />
            <div class="save-acts">
              <button type="submit" class="button button-main" disabled={busy}>
                {busy ? t.account.password.busy : t.account.password.change}
              </button>
            </div>
            <p class="field-help">{t.account.password.help({ tokens })}</p>
          </form>
        </>
      )}
    </section>
  );
}
