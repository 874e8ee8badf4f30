import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { FaultSummary, Field, FormActs } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useFaults } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import type { FormOf, Rule } from '../policy/rule-list.js';
import type { TellingFacts } from '../state/api.js';

type Mode = TellingFacts['mode'];
/** Its name is the id of the place, its reason the note. */
export type OverrideRule = Rule & {
  least: Mode;
  prompt_in_recording: boolean | undefined;
  purpose_and_identity: boolean | undefined;
  stated_is_enough: boolean | undefined;
};

/** What an admin has decided about a place, on whose advice. */
export const overrideForm = (places: TellingFacts['jurisdictions']): FormOf<OverrideRule> =>
  function OverrideForm({ id, rule, names, done, cancel }) {
    const [place, setPlace] = useState(rule.name);
    const [least, setLeast] = useState(rule.least);
    const [heard, setHeard] = useState(rule.prompt_in_recording);
    const [purpose, setPurpose] = useState(rule.purpose_and_identity);
    const [stated, setStated] = useState(rule.stated_is_enough === true);
    const [note, setNote] = useState(rule.reason);
    const written = place.trim().toLowerCase() === 'unknown' ? 'unknown' : place.trim().toUpperCase();
    const wrong = /^([A-Z]{2}(-[A-Z0-9]{1,3})?|unknown)$/.test(written)
      ? names.includes(written) && t.telling.own.twice
      : t.telling.own.badPlace;
    const { attempt, faults, fault, tried } = useFaults([
      ...(wrong ? [{ id: `${id}-place`, text: wrong }] : []),
      ...(isBlank(note) ? [{ id: `${id}-note`, text: t.telling.own.noNote }] : []),
    ]);
    const submit = (event: Event) => {
      event.preventDefault();
      if (!tried()) return;
      const stated_is_enough = stated || undefined;
      done({
        ...{ name: written, reason: note.trim(), least, prompt_in_recording: heard },
        ...{ purpose_and_identity: purpose, stated_is_enough },
      });
    };
    const found = places.find((one) => one.id === written);
    return (
      <form class="form rule-form" noValidate onSubmit={submit}>
        <FaultSummary faults={faults} attempt={attempt} />
        <Field
          id={`${id}-place`}
          label={t.telling.own.place}
          help={t.telling.own.placeHelp}
          value={place}
          onInput={setPlace}
          error={fault(`${id}-place`)}
          maxLength={7}
          narrow
          autofocus
        />
        {found && (
          <p class="quiet" translate={false}>
            {found.name}
          </p>
        )}
        <Select
          id={`${id}-least`}
          label={t.telling.own.least}
          value={least}
          choices={Object.entries(t.telling.modes) as [Mode, string][]}
          choose={setLeast}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={heard ?? found?.prompt_in_recording ?? false}
            onChange={(e) => setHeard(e.currentTarget.checked)}
          />
          <span>{t.telling.own.heard}</span>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={purpose ?? found?.purpose_and_identity ?? false}
            onChange={(e) => setPurpose(e.currentTarget.checked)}
          />
          <span>{t.telling.own.purpose}</span>
        </label>
        <label class="check">
          <input type="checkbox" checked={stated} onChange={(e) => setStated(e.currentTarget.checked)} />
          <span>{t.telling.own.stated}</span>
        </label>
        <Field
          id={`${id}-note`}
          label={t.telling.own.noteLabel}
          help={t.telling.own.noteHelp}
          value={note}
          onInput={setNote}
          error={fault(`${id}-note`)}
          maxLength={300}
          spellcheck
        />
        <FormActs send={t.policy.form.done} cancel={cancel} />
      </form>
    );
  };
