import { useState } from 'preact/hooks';
import { clockStarts } from '../../../../daemon/domain/retention/starts.js';
import { Field } from '../../kit/field.js';
import { t } from '../../messages/language.js';
import type { RetentionRule } from '../../state/api.js';
import { Choice } from '../choice.js';
import { RuleForm } from '../rule-form.js';
import type { FormOf } from '../rule-list.js';
import { BasisField, DaysField, isDays, optional } from './fields.js';

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
      <BasisField id={id} value={basis} onInput={setBasis} />
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
          <DaysField id={id} value={days} onInput={setDays} />
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
