import { useState } from 'preact/hooks';
import { type Faults, Field } from '../kit/field.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { When } from '../state/api.js';
import { pbxes, pbxName } from '../state/pbxes.js';
import { CONDITIONS, choicesOf, conditionsOf, enteredOf, faultOf, textsOf } from './conditions.js';

const names = Object.keys(CONDITIONS) as (keyof When)[];

/** Conditions while they are being entered. `faults`: what is wrong with them; `when`: what was entered. */
export function useConditions(id: string, when: When) {
  const [entered, setEntered] = useState(() => enteredOf(when));
  const faults: Faults = names.flatMap((name) => {
    const text = faultOf(name, entered);
    return text === undefined ? [] : [{ id: `${id}-${name}`, text }];
  });
  return {
    entered,
    faults,
    enter: (name: keyof When, change: { chosen: string[] } | { text: string }) =>
      setEntered({ ...entered, [name]: { ...entered[name], ...change } }),
    when: () => conditionsOf(entered),
  };
}

type Props = {
  id: string;
  /** The conditions as they were. */
  of: When;
  conditions: ReturnType<typeof useConditions>;
  fault: (id: string) => string | undefined;
};

/** A field or choices for each condition. */
export function ConditionFields({ id, of, conditions: { entered, enter }, fault }: Props) {
  const [, another] = pbxes();
  return (
    <fieldset class="rule-when">
      <legend class="field-legend">{t.policy.form.when}</legend>
      <p class="field-help">{t.policy.form.whenHelp}</p>
      {names.map((name) => {
        const { chosen } = entered[name];
        const choices = choicesOf(name, [...textsOf(of[name]), ...chosen]);
        return (
          choices.length > 1 && (
            <fieldset class="checks" key={name}>
              <legend>{t.policy.form.conditions[name]}</legend>
              {choices.map(([choice, label]) => (
                <label class="check" key={choice}>
                  <input
                    type="checkbox"
                    checked={chosen.includes(choice)}
                    onChange={(e) =>
                      enter(name, {
                        chosen: e.currentTarget.checked
                          ? [...chosen, choice]
                          : chosen.filter((other) => other !== choice),
                      })
                    }
                  />
                  <span>{label}</span>
                </label>
              ))}
            </fieldset>
          )
        );
      })}
      {another && (
        <p class="field-help">{t.common.placesHelp({ pbx: another.id, first: clean(pbxName('')) })}</p>
      )}
      <div class="rule-fields">
        {names.map((name) => {
          const entry = CONDITIONS[name];
          return (
            entry.kind === 'texts' && (
              <Field
                key={name}
                id={`${id}-${name}`}
                label={t.policy.form.conditions[name]}
                help={entry.help?.()}
                value={entered[name].text}
                onInput={(text) => enter(name, { text })}
                error={fault(`${id}-${name}`)}
              />
            )
          );
        })}
      </div>
    </fieldset>
  );
}
