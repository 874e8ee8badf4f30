import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { api, type FactorRole } from '../state/api.js';
import { begun, session } from '../state/session.js';

const all: FactorRole[] = ['admin', 'reviewer', 'auditor', 'agent'];

/** Whose role requires a second factor. */
export function FactorRoles({ mayChange }: { mayChange: boolean }) {
  const [saved, setSaved] = useState<FactorRole[] | null>(null);
  const [chosen, setChosen] = useState<FactorRole[]>([]);
  const [said, setSaid] = useState('');
  const { busy, problem, setProblem, send } = useSending();
  const take = ({ roles }: { roles: FactorRole[] }) => {
    setSaved(roles);
    setChosen(roles);
  };
  useEffect(() => {
    api.factorRoles().then(take, setProblem);
  }, []);

  const save = (event: Event) => {
    event.preventDefault();
    send(async () => {
      take(await proven(() => api.setFactorRoles(chosen)));
      setSaid(t.factors.roles.saved);
      announce(t.factors.roles.saved);
      await begun();
    });
  };
  const mine = session.value?.second_factor;
  const without = mine && !mine.totp && mine.passkeys === 0;
  const dirty = saved !== null && all.some((role) => saved.includes(role) !== chosen.includes(role));
  return (
    <section class="factors" aria-labelledby="factor-roles-title">
      <h2 id="factor-roles-title">{t.factors.roles.title}</h2>
      <p>{t.factors.roles.text}</p>
      {problem !== null && <ErrorNote problem={problem} />}
      {saved && (
        <form class="form" onSubmit={save}>
          <fieldset class="checks">
            <legend class="unseen">{t.factors.roles.title}</legend>
            {all.map((role) => (
              <label class="check" key={role}>
                <input
                  type="checkbox"
                  disabled={!mayChange}
                  checked={chosen.includes(role)}
                  onChange={(e) => {
                    setSaid('');
                    const others = chosen.filter((r) => r !== role);
                    setChosen(e.currentTarget.checked ? [...others, role] : others);
                  }}
                />
                <span>{t.factors.roles.names[role]}</span>
              </label>
            ))}
          </fieldset>
          {dirty && without && <p class="quiet">{t.factors.roles.yourself}</p>}
          {mayChange && (
            <div class="acts">
              <button type="submit" class="button button-main" disabled={busy || !dirty}>
                {t.factors.roles.save}
              </button>
              <span>{said}</span>
            </div>
          )}
        </form>
      )}
    </section>
  );
}
