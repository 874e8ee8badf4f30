import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { useFaults } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { RecordRule, RetentionRule, When } from '../state/api.js';
import { pbxes, pbxName } from '../state/pbxes.js';
import { Choice } from './choice.js';
import { CONDITIONS, choicesOf, conditionsOf, enteredOf, faultOf, textsOf } from './conditions.js';
import { OutcomeFields, type OutcomeOf, ofOutcome } from './outcome-fields.js';
import type { FormOf, Rule } from './rule-list.js';

const conditions = Object.keys(CONDITIONS) as (keyof When)[];

export const recordForm: FormOf<RecordRule> = ({ id, rule, names, done, cancel }) => {
  const [outcome, setOutcome] = useState<OutcomeOf>(() => rule);
  return (
    <RuleForm
      id={id}
      rule={{ name: rule.name, reason: rule.reason, when: rule.when }}
      names={names}
      cancel={cancel}
      faults={[]}
      done={(r) => done({ ...r, ...ofOutcome(outcome) })}
    >
      <OutcomeFields id={id} value={outcome} change={setOutcome} />
    </RuleForm>
  );
};

export const retentionForm: FormOf<RetentionRule> = ({ id, rule, names, done, cancel }) => {
  const [ever, setEver] = useState(rule.keep_days === null);
  const [days, setDays] = useState(String(rule.keep_days ?? 365));
  const good = ever || (/^\d{1,5}$/.test(days.trim()) && Number(days) >= 1 && Number(days) <= 36_500);
  const faults = good ? [] : [{ id: `${id}-days`, text: t.policy.form.badDays }];
  return (
    <RuleForm
      id={id}
      rule={rule}
      names={names}
      cancel={cancel}
      faults={faults}
      done={(r) => done({ ...r, keep_days: ever ? null : Number(days) })}
    >
      <Choice
        name={`${id}-keep`}
        legend={t.policy.form.keep}
        value={ever ? 'ever' : 'days'}
        choices={[
          ['days', t.policy.form.forDays],
          ['ever', t.policy.form.forEver],
        ]}
        choose={(v) => setEver(v === 'ever')}
      />
      {!ever && (
        <Field
          id={`${id}-days`}
          label={t.policy.form.days}
          help={t.policy.form.daysHelp}
          value={days}
          onInput={setDays}
          inputMode="numeric"
          error={good ? undefined : t.policy.form.badDays}
          narrow
        />
      )}
    </RuleForm>
  );
};

type FormProps<R extends Rule> = {
  id: string;
  rule: R & { when: When };
  names: string[];
  faults: Faults;
  done: (rule: R & { when: When }) => void;
  cancel: () => void;
  children: ComponentChildren;
};

/** What all kinds of rules have: a name, a reason, conditions. */
export function RuleForm<R extends Rule>({ id, rule, names, faults, done, cancel, children }: FormProps<R>) {
  const [name, setName] = useState(rule.name);
  const [reason, setReason] = useState(rule.reason);
  const [entered, setEntered] = useState(() => enteredOf(rule.when));
  const enter = (name: keyof When, change: { chosen: string[] } | { text: string }) =>
    setEntered({ ...entered, [name]: { ...entered[name], ...change } });

  const [, another] = pbxes();
  const found: Faults = [];
  if (!name.trim()) found.push({ id: `${id}-name`, text: t.policy.form.noName });
  else if (names.includes(name.trim())) found.push({ id: `${id}-name`, text: t.policy.form.sameName });
  for (const name of conditions) {
    const text = faultOf(name, entered);
    if (text !== undefined) found.push({ id: `${id}-${name}`, text });
  }
  const { attempt, faults: shown, fault, tried } = useFaults([...found, ...faults]);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!tried()) return;
    done({ ...rule, name: name.trim(), reason: reason.trim(), when: conditionsOf(entered) });
  };
  return (
    <form class="form rule-form" noValidate onSubmit={submit}>
      <FaultSummary faults={shown} attempt={attempt} />
      <Field
        id={`${id}-name`}
        label={t.policy.form.name}
        help={t.policy.form.nameHelp}
        value={name}
        onInput={setName}
        error={fault(`${id}-name`)}
        maxLength={80}
        autofocus
      />
      <fieldset class="rule-when">
        <legend class="field-legend">{t.policy.form.when}</legend>
        <p class="field-help">{t.policy.form.whenHelp}</p>
        {conditions.map((name) => {
          const { chosen } = entered[name];
          const choices = choicesOf(name, [...textsOf(rule.when[name]), ...chosen]);
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
          {conditions.map((name) => {
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
      {children}
      <Field
        id={`${id}-reason`}
        label={t.policy.form.reason}
        help={t.policy.form.reasonHelp}
        value={reason}
        onInput={setReason}
        maxLength={300}
        spellcheck
      />
      <div class="save-acts">
        <button type="button" class="button" onClick={cancel}>
          {t.common.cancel}
        </button>
        <button type="submit" class="button button-main">
          {t.policy.form.done}
        </button>
      </div>
    </form>
  );
}
