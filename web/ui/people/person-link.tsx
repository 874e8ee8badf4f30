import { useState } from 'preact/hooks';
import { SecretOnce } from '../kit/secrets/secret-once.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Invited, type Person, peopleApi } from '../state/api-people.js';
import { State } from './people.js';

type Props = {
  person: Person;
  you: boolean;
  invited: Invited | null;
  setInvited: (invited: Invited | null) => void;
  failed: (problem: unknown) => void;
};

/** How somebody signs in, and a link by which they choose a (new) password. */
export function PersonLink({ person, you, invited, setInvited, failed }: Props) {
  const [busy, setBusy] = useState(false);
  const make = () => {
    setBusy(true);
    proven(() => peopleApi.invite(person.id))
      .then(setInvited, failed)
      .finally(() => setBusy(false));
  };
  return (
    <section aria-labelledby="link-title" class="person-link">
      <h2 id="link-title" tabIndex={-1}>
        {t.people.link.title}
      </h2>
      <p class="person-state">
        <State person={person} />
        <span>
          {person.disabled_at
            ? t.people.link.disabled
            : person.password
              ? t.people.link.hasPassword
              : t.people.link.noPassword}
        </span>
      </p>
      {invited && (
        <SecretOnce
          title={t.people.link.made({ name: clean(person.name) })}
          help={t.people.link.madeHelp({ until: dateAndClock(invited.expires_at) })}
          label={t.people.link.label}
          secret={`${location.origin}/welcome#${invited.code}`}
          done={() => {
            setInvited(null);
            document.getElementById('link-title')?.focus();
          }}
        />
      )}
      {!invited && !you && !person.disabled_at && (
        <>
          <p>
            <button type="button" class="button" disabled={busy} onClick={make}>
              {t.people.link.make}
            </button>
          </p>
          {person.password && <p class="field-help">{t.people.link.makeHelp}</p>}
        </>
      )}
    </section>
  );
}
