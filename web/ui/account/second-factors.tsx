import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { left } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { api, type Factors, type TotpToAdd } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { begun } from '../state/session.js';
import { AppForm } from './app-form.js';
import { PasskeyForm } from './passkey-form.js';
import { RecoveryCodes } from './recovery-codes.js';

/** One's own second factors: seen, added and removed. A section of the account's page. */
export function SecondFactors() {
  const [factors, setFactors] = useState<Factors | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [app, setApp] = useState<TotpToAdd | null>(null);
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);

  const load = () => api.factors().then(setFactors, setProblem);
  useEffect(() => {
    load();
  }, []);

  const act = async <T,>(what: () => Promise<T>, then: (got: T) => void) => {
    setProblem(null);
    try {
      then(await proven(what));
    } catch (cause) {
      setProblem(cause);
    }
  };
  const changed = async (says: string, got: string[] | null = null) => {
    setApp(null);
    setAdding(false);
    setCodes(got);
    announce(says);
    await Promise.all([load(), begun()]);
  };
  if (!factors)
    return problem === null ? (
      <p class="quiet">{t.common.loading}</p>
    ) : (
      <ErrorNote problem={problem} retry={load} />
    );
  const { totp, passkeys, required, recovery_codes } = factors;
  const count = passkeys.length + (totp ? 1 : 0);
  return (
    <section class="factors" aria-labelledby="factors-title">
      <h2 id="factors-title">{t.factors.section.title}</h2>
      <p>
        {count > 0
          ? t.factors.section.some
          : required
            ? t.factors.section.noneRequired
            : t.factors.section.none}
      </p>
      {required && count === 1 && <p class="quiet">{t.factors.section.last}</p>}
      {mayDo('settings') && <p class="quiet">{t.factors.section.approving}</p>}
      {problem !== null && <ErrorNote problem={problem} />}
      {codes ? (
        <RecoveryCodes codes={codes} kept={() => setCodes(null)} />
      ) : (
        <dl class="factor-list">
          <div>
            <dt>{t.factors.section.app}</dt>
            <dd>
              <p>
                {totp
                  ? t.factors.section.appSince({ when: dateAndClock(totp.added_at) })
                  : `${t.factors.section.appNone} ${t.factors.section.appWhat}`}
              </p>
              {app ? (
                <AppForm
                  begun={app}
                  done={(got) => changed(t.factors.section.added, got)}
                  leave={() => left(() => setApp(null), 'add-app')}
                />
              ) : (
                <div class="acts">
                  <button
                    id="add-app"
                    type="button"
                    class="button"
                    onClick={() => act(api.beginTotp, setApp)}
                  >
                    {totp ? t.factors.section.appAgain : t.factors.section.appAdd}
                  </button>
                  {totp && (
                    <button
                      type="button"
                      class="button button-alarm"
                      aria-label={t.factors.section.removeApp}
                      disabled={required && count === 1}
                      onClick={() => act(api.removeTotp, () => changed(t.factors.section.removed))}
                    >
                      {t.factors.section.remove}
                    </button>
                  )}
                </div>
              )}
            </dd>
          </div>
          <div>
            <dt>{t.factors.section.passkeys}</dt>
            <dd>
              {passkeys.length === 0 && (
                <p>{`${t.factors.section.passkeyNone} ${t.factors.section.passkeyWhat}`}</p>
              )}
              {passkeys.length > 0 && (
                <ul class="passkeys">
                  {passkeys.map((key) => (
                    <li key={key.id}>
                      <span>
                        <Verbatim text={key.name} />
                        <small>
                          {t.factors.section.passkeyState({
                            host: clean(key.host),
                            used: key.used_at && dateAndClock(key.used_at),
                          })}
                        </small>
                      </span>
                      <button
                        type="button"
                        class="button button-alarm"
                        aria-label={t.factors.section.removePasskey({ name: clean(key.name) })}
                        disabled={required && count === 1}
                        onClick={() =>
                          act(
                            () => api.removePasskey(key.id),
                            () => changed(t.factors.section.removed),
                          )
                        }
                      >
                        {t.factors.section.remove}
                      </button>
                    </li>
                  ))}
                </ul>
              )}
              {adding ? (
                <PasskeyForm
                  proven={proven}
                  done={(got) => changed(t.factors.section.added, got)}
                  leave={() => left(() => setAdding(false), 'add-passkey')}
                />
              ) : (
                <div class="acts">
                  <button id="add-passkey" type="button" class="button" onClick={() => setAdding(true)}>
                    {t.factors.section.passkeyAdd}
                  </button>
                </div>
              )}
            </dd>
          </div>
          {count > 0 && (
            <div>
              <dt>{t.factors.section.recovery}</dt>
              <dd>
                <p>
                  {t.factors.section.recoveryLeft({ n: recovery_codes })}{' '}
                  <span class="quiet">{t.factors.section.recoveryNewAsk}</span>
                </p>
                <div class="acts">
                  <button
                    type="button"
                    class="button"
                    onClick={() => act(api.newRecoveryCodes, (got) => changed('', got.recovery_codes))}
                  >
                    {t.factors.section.recoveryNew}
                  </button>
                </div>
              </dd>
            </div>
          )}
        </dl>
      )}
    </section>
  );
}
