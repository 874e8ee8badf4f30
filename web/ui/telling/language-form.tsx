import { useState } from 'preact/hooks';
import { FaultSummary, FormActs } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useFaults } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { ConditionFields, useConditions } from '../policy/condition-fields.js';
import type { FormOf, Rule } from '../policy/rule-list.js';
import type { Prompts, When } from '../state/api.js';

type Language = Prompts[number]['language'];
export type LanguageRule = Rule & { when: When; language: Language };

/** The language in which the people of some calls are told. */
export const languageForm: FormOf<LanguageRule> = ({ id, rule, done, cancel }) => {
  const [language, setLanguage] = useState(rule.language);
  const conditions = useConditions(id, rule.when);
  const none = Object.keys(conditions.when()).length === 0;
  const found = [
    ...conditions.faults,
    ...(none ? [{ id: `${id}-language`, text: t.telling.byCall.noCondition }] : []),
  ];
  const { attempt, faults, fault, tried } = useFaults(found);
  const submit = (event: Event) => {
    event.preventDefault();
    if (tried()) done({ ...rule, language, when: conditions.when() });
  };
  return (
    <form class="form rule-form" noValidate onSubmit={submit}>
      <FaultSummary faults={faults} attempt={attempt} />
      <Select
        id={`${id}-language`}
        label={t.telling.language}
        value={language}
        choices={Object.entries(t.telling.languages) as [Language, string][]}
        error={fault(`${id}-language`)}
        choose={setLanguage}
      />
      <ConditionFields id={id} of={rule.when} conditions={conditions} fault={fault} />
      <FormActs send={t.policy.form.done} cancel={cancel} />
    </form>
  );
};
