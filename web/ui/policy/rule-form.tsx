import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { FaultSummary, type Faults, Field, FormActs } from '../kit/field.js';
import { useFaults } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import type { RecordRule, When } from '../state/api.js';
import { ConditionFields, useConditions } from './condition-fields.js';
import { OutcomeFields, type OutcomeOf, ofOutcome } from './outcome-fields.js';
import type { FormOf, Rule } from './rule-list.js';

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
  const conditions = useConditions(id, rule.when);

  const found: Faults = [];
  if (!name.trim()) found.push({ id: `${id}-name`, text: t.policy.form.noName });
  else if (names.includes(name.trim())) found.push({ id: `${id}-name`, text: t.policy.form.sameName });
  const { attempt, faults: shown, fault, tried } = useFaults([...found, ...conditions.faults, ...faults]);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!tried()) return;
    done({ ...rule, name: name.trim(), reason: reason.trim(), when: conditions.when() });
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
      <ConditionFields id={id} of={rule.when} conditions={conditions} fault={fault} />
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
      <FormActs send={t.policy.form.done} cancel={cancel} />
    </form>
  );
}
