import { useState } from 'preact/hooks';
import { Field } from '../../kit/field.js';
import { Verbatim } from '../../kit/verbatim.js';
import { t } from '../../messages/language.js';
import type { Limit } from '../../state/api.js';
import { Choice } from '../choice.js';
import { RuleForm } from '../rule-form.js';
import type { FormOf } from '../rule-list.js';
import { BasisField, DaysField, isDays, optional } from './fields.js';

/** Returns the form for a limit. `others`: all limits there are, which it may win over. */
export const limitForm =
  (others: readonly Limit[]): FormOf<Limit> =>
  ({ id, rule, names, done, cancel }) => {
    const [kind, setKind] = useState(rule.kind);
    const [days, setDays] = useState(String(rule.days));
    const [basis, setBasis] = useState(rule.legal_basis ?? '');
    const [source, setSource] = useState(rule.source ?? '');
    const [asOf, setAsOf] = useState(rule.as_of ?? '');
    const [beats, setBeats] = useState<readonly string[]>(rule.beats ?? []);
    const against = others.filter((other) => names.includes(other.name) && other.kind !== kind);
    const words = t.keeping.limits;
    const goodDay = asOf.trim() === '' || /^\d{4}-\d{2}-\d{2}$/.test(asOf.trim());
    const faults = [
      ...(isDays(days) ? [] : [{ id: `${id}-days`, text: t.policy.form.badDays }]),
      ...(goodDay ? [] : [{ id: `${id}-as-of`, text: words.badDay }]),
    ];
    const { legal_basis: _, source: __, as_of: ___, beats: ____, ...plain } = rule;
    return (
      <RuleForm
        id={id}
        rule={plain}
        names={names}
        cancel={cancel}
        faults={faults}
        done={(r) => {
          const wins = beats.filter((name) => against.some((other) => other.name === name));
          done({
            ...{ ...r, kind, days: Number(days) },
            ...optional('legal_basis', basis),
            ...optional('source', source),
            ...optional('as_of', asOf),
            ...(wins.length > 0 ? { beats: wins } : {}),
          });
        }}
      >
        <Choice
          name={`${id}-kind`}
          legend={words.kind}
          value={kind}
          choices={[
            ['min', words.min],
            ['max', words.max],
          ]}
          choose={setKind}
        />
        <DaysField id={id} value={days} onInput={setDays} />
        <BasisField id={id} value={basis} onInput={setBasis} />
        <Field
          id={`${id}-source`}
          label={words.source}
          help={words.sourceHelp}
          value={source}
          onInput={setSource}
          maxLength={300}
        />
        <Field
          id={`${id}-as-of`}
          label={words.asOf}
          help={words.asOfHelp}
          value={asOf}
          onInput={setAsOf}
          maxLength={10}
          error={goodDay ? undefined : words.badDay}
          narrow
        />
        {against.length > 0 && (
          <fieldset>
            <legend class="field-legend">{words.wins}</legend>
            {against.map(({ name }) => (
              <label class="check" key={name}>
                <input
                  type="checkbox"
                  checked={beats.includes(name)}
                  onChange={(e) =>
                    setBeats([
                      ...beats.filter((one) => one !== name),
                      ...(e.currentTarget.checked ? [name] : []),
                    ])
                  }
                />
                <Verbatim text={name} />
              </label>
            ))}
          </fieldset>
        )}
      </RuleForm>
    );
  };
