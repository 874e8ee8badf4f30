import { useState } from 'preact/hooks';
import { Field } from '../kit/field.js';
import { t } from '../messages/language.js';

const number = /^[0-9*#+]{2,15}$/;
type Props = {
  numbers: string[];
  /** To be read only. */
  fixed: boolean;
  change: (numbers: string[]) => void;
  bad: (bad: boolean) => void;
};

/** The numbers that are never recorded, as a line of text. */
export function EmergencyNumbers({ numbers, fixed, change, bad }: Props) {
  const [text, setText] = useState(numbers.join(' '));
  const entries = text.split(/[\s,;]+/).filter(Boolean);
  const faults = entries.filter((n) => !number.test(n));
  if (fixed)
    return (
      <section class="rules">
        <h2>{t.policy.emergency}</h2>
        <p>{numbers.join(' ')}</p>
      </section>
    );
  return (
    <section class="rules">
      <h2>{t.policy.emergency}</h2>
      <Field
        id="emergency"
        label={t.policy.emergencyLabel}
        help={t.policy.emergencyHelp}
        value={text}
        inputMode="tel"
        error={faults.length > 0 ? t.policy.emergencyBad({ list: faults.join(' ') }) : undefined}
        onInput={(value) => {
          setText(value);
          const found = [...new Set(value.split(/[\s,;]+/).filter(Boolean))];
          const good = found.every((n) => number.test(n));
          bad(!good);
          if (good) change(found.slice(0, 50));
        }}
      />
    </section>
  );
}
