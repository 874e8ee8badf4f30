import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { announce } from '../kit/announcer.js';
import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Person, peopleApi } from '../state/api-people.js';

/** Keeping somebody out for a while, and for good. */
export function PersonActs({ person, disable }: { person: Person; disable: (disabled: boolean) => void }) {
  const [removing, setRemoving] = useState(false);
  const disabled = person.disabled_at !== null;
  return (
    <section aria-label={t.people.acts.title}>
      <div>
        <button type="button" class="button" onClick={() => disable(!disabled)}>
          {disabled ? t.people.acts.enable : t.people.acts.disable}
        </button>
        {!disabled && <p class="field-help">{t.people.acts.disableHelp}</p>}
      </div>
      <div>
        <button type="button" class="button button-alarm" onClick={() => setRemoving(true)}>
          {t.people.acts.remove}
        </button>
        <p class="field-help">{t.people.acts.removeHelp}</p>
      </div>
      {removing && <RemoveDialog person={person} close={() => setRemoving(false)} />}
    </section>
  );
}

function RemoveDialog({ person, close }: { person: Person; close: () => void }) {
  const { route } = useLocation();
  const name = clean(person.name);
  return (
    <TypedDialog
      title={t.people.acts.removeTitle({ name })}
      label={t.people.acts.typeWord({ word: t.people.acts.word })}
      right={(typed) => typed.toLowerCase() === t.people.acts.word}
      wrong={t.people.acts.wrongWord({ word: t.people.acts.word })}
      button={t.people.acts.remove}
      busyButton={t.people.acts.removing}
      act={async () => {
        await proven(() => peopleApi.remove(person.id, person.version));
        announce(t.people.acts.removed({ name }));
        route('/people');
      }}
      close={close}
    >
      <p>{t.people.acts.removeWhat({ name })}</p>
    </TypedDialog>
  );
}
