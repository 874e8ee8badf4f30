import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { announce } from '../kit/announcer.js';
import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { type Person, peopleApi } from '../state/api-people.js';

const words = t.people.acts;

/** Keeping somebody out for a while, and for good. */
export function PersonActs({ person, disable }: { person: Person; disable: (disabled: boolean) => void }) {
  const [removing, setRemoving] = useState(false);
  const disabled = person.disabled_at !== null;
  return (
    <section aria-label={`${words.disable}, ${words.remove}`}>
      <div>
        <button type="button" class="button" onClick={() => disable(!disabled)}>
          {disabled ? words.enable : words.disable}
        </button>
        {!disabled && <p class="field-help">{words.disableHelp}</p>}
      </div>
      <div>
        <button type="button" class="button button-alarm" onClick={() => setRemoving(true)}>
          {words.remove}
        </button>
        <p class="field-help">{words.removeHelp}</p>
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
      title={words.removeTitle(name)}
      label={words.typeWord(words.word)}
      right={(typed) => typed.toLowerCase() === words.word}
      wrong={words.wrongWord(words.word)}
      button={words.remove}
      busyButton={words.removing}
      act={async () => {
        await peopleApi.remove(person.id, person.version);
        announce(words.removed(name));
        route('/people');
      }}
      close={close}
    >
      <p>{words.removeWhat(name)}</p>
    </TypedDialog>
  );
}
