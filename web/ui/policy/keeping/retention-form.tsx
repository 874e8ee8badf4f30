import { useState } from 'preact/hooks';
import { clockStarts } from '../../../../daemon/domain/retention/starts.js';
import { Field } from '../../kit/field.js';
import { t } from '../../messages/language.js';
import type { RetentionRule } from '../../state/api.js';
import { Choice } from '../choice.js';
import { RuleForm } from '../rule-form.js';
import type { FormOf } from '../rule-list.js';

/** Whether a text is a number of days that can be kept. */
export const isDays = (text: string): boolean =>
  /^\d{1,5}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= 36_500;

/** A text that is left out where it is empty. */
export const optional = <K extends string>(key: K, text: string): Partial<Record<K, string>> =>
  (text.trim() === '' ? {} : { [key]: text.trim() }) as Partial<Record<K, string>>;

export const retentionForm: FormOf<RetentionRule> = ({ id, rule, names, done, cancel }) => {
  const [ever, setEver] = useState(rule.keep_days === null);
  const [days, setDays] = useState(String(rule.keep_days ?? 365));
  const [from, setFrom] = useState(rule.from ?? 'call_end');
  const [purpose, setPurpose] = useState(rule.purpose ?? '');
  const [basis, setBasis] = useState(rule.legal_basis ?? '');
  const good = ever || isDays(days);
  const faults = good ? [] : [{ id: `${id}-days`, text: t.policy.form.badDays }];
  const { from: _, purpose: __, legal_basis: ___, ...plain } = rule;
  return (
    <RuleForm
      id={id}
      rule={plain}
      names={names}
      cancel={cancel}
      faults={faults}
      done={(r) =>
        done({
          ...r,
          keep_days: ever ? null : Number(days),
          ...(ever || from === 'call_end' ? {} : { from }),
          ...optional('purpose', purpose),
          ...optional('legal_basis', basis),
        })
      }
    >
      <Field
        id={`${id}-purpose`}
        label={t.keeping.purpose}
        help={t.keeping.purposeHelp}
        value={purpose}
        onInput={setPurpose}
        maxLength={300}
        spellcheck
      />
      <Field
        id={`${id}-basis`}
        label={t.keeping.basis}
        help={t.keeping.basisHelp}
        value={basis}
        onInput={setBasis}
        maxLength={300}
      />
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
        <>
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
          <Choice
            name={`${id}-from`}
            legend={t.keeping.from}
            value={from}
            choices={clockStarts.map((start) => [start, t.keeping.starts[start]])}
            choose={setFrom}
          />
        </>
      )}
    </RuleForm>
  );
};
