import { Field } from '../../kit/field.js';
import { t } from '../../messages/language.js';

type Props = { id: string; value: string; onInput: (value: string) => void };

/** Whether a text is a number of days that can be kept. */
export const isDays = (text: string): boolean =>
  /^\d{1,5}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= 36_500;

/** A text that is left out where it is empty. */
export const optional = <K extends string>(key: K, text: string): Partial<Record<K, string>> =>
  (text.trim() === '' ? {} : { [key]: text.trim() }) as Partial<Record<K, string>>;

/** A number of days. */
export function DaysField({ id, value, onInput }: Props) {
  return (
    <Field
      id={`${id}-days`}
      label={t.policy.form.days}
      help={t.policy.form.daysHelp}
      value={value}
      onInput={onInput}
      inputMode="numeric"
      error={isDays(value) ? undefined : t.policy.form.badDays}
      narrow
    />
  );
}

/** What allows or requires keeping recordings. */
export function BasisField({ id, value, onInput }: Props) {
  return (
    <Field
      id={`${id}-basis`}
      label={t.keeping.basis}
      help={t.keeping.basisHelp}
      value={value}
      onInput={onInput}
      maxLength={300}
    />
  );
}
