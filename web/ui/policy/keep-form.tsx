import { useState } from 'preact/hooks';
import { Field } from '../kit/field.js';
import { t } from '../messages/language.js';
import type { KeepRule } from '../state/api.js';
import { RuleForm } from './rule-form.js';
import type { FormOf } from './rule-list.js';

/** What the audio of a call must fulfil at its end, or it is destroyed. */
export const keepForm: FormOf<KeepRule> = ({ id, rule, names, done, cancel }) => {
  const [seconds, setSeconds] = useState(String(rule.longer_than_s ?? ''));
  const [asked, setAsked] = useState(rule.asked_for === true);
  const text = seconds.trim();
  const good = text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 86_400);
  const { longer_than_s: _, asked_for: __, ...rest } = rule;
  return (
    <RuleForm
      id={id}
      rule={rest}
      names={names}
      cancel={cancel}
      faults={good ? [] : [{ id: `${id}-seconds`, text: t.policy.form.badSeconds }]}
      done={(r) =>
        done({
          ...r,
          ...(text === '' ? {} : { longer_than_s: Number(text) }),
          ...(asked ? { asked_for: true } : {}),
        })
      }
    >
      <fieldset>
        <legend class="field-legend">{t.policy.form.keepOnly}</legend>
        <Field
          id={`${id}-seconds`}
          label={t.policy.form.longerThan}
          help={t.policy.form.longerThanHelp}
          value={seconds}
          onInput={setSeconds}
          inputMode="numeric"
          error={good ? undefined : t.policy.form.badSeconds}
          narrow
        />
        <label class="check">
          <input type="checkbox" checked={asked} onChange={(e) => setAsked(e.currentTarget.checked)} />
          <span>{t.policy.form.askedFor}</span>
        </label>
      </fieldset>
    </RuleForm>
  );
};
