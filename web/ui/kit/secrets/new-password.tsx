import { useState } from 'preact/hooks';
import { t } from '../../messages/language.js';
import { type Faults, Field } from '../field.js';
import { ShowPassword } from './show-password.js';

const LEAST = 12;
const GOOD = 15;
const LEAST_DIFFERENT = 5;

const lengthOf = (password: string) => [...password.normalize('NFKC')].length;

/** What the server would refuse for sure, to be said before it is asked. */
export function passwordFaults(id: string, password: string, name: string): Faults {
  const length = lengthOf(password);
  if (length < LEAST) return [{ id, text: t.account.measure.tooShort({ n: length }) }];
  const weak = weakness(password, name);
  return weak ? [{ id, text: weak }] : [];
}

function weakness(password: string, name: string): string | null {
  const given = password.normalize('NFKC').toLowerCase();
  const whose = name.normalize('NFKC').toLowerCase().trim();
  if (whose.length > 2 && given.includes(whose)) return t.account.measure.name;
  return new Set(given).size < LEAST_DIFFERENT ? t.account.measure.few : null;
}

type Props = {
  id: string;
  label: string;
  /** Of whose password it becomes, as far as it is known. */
  name: string;
  value: string;
  onInput: (value: string) => void;
  error: string | undefined;
};

/** A field for a password that is being chosen. It says as one types how good its length is. */
export function NewPassword({ id, label, name, value, onInput, error }: Props) {
  const [shown, setShown] = useState(false);
  const length = lengthOf(value);
  return (
    <div class="new-password">
      <Field
        id={id}
        label={label}
        help={said(value, length, name)}
        type={shown ? 'text' : 'password'}
        value={value}
        onInput={onInput}
        error={error}
        autocomplete="new-password"
        maxLength={256}
      >
        <ShowPassword shown={shown} set={setShown} />
      </Field>
      <meter
        class="measure"
        aria-label={t.account.measure.label}
        min={0}
        max={GOOD}
        low={LEAST}
        high={GOOD - 0.5}
        optimum={GOOD}
        value={weakness(value, name) ? Math.min(length, LEAST - 1) : Math.min(length, GOOD)}
      />
    </div>
  );
}

function said(password: string, length: number, name: string): string {
  if (length === 0) return t.account.measure.start;
  if (length < LEAST) return t.account.measure.short({ n: length });
  return (
    weakness(password, name) ??
    (length < GOOD ? t.account.measure.enough({ n: length }) : t.account.measure.good({ n: length }))
  );
}
