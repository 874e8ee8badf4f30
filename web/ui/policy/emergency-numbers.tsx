import { Field } from '../kit/field.js';
import { t } from '../messages/language.js';
import { typedInto } from './typed.js';

const number = /^[0-9*#+]{2,15}$/;
const MOST = 50;
type Props = {
  numbers: string[];
  /** To be read only. */
  fixed: boolean;
  change: (numbers: string[]) => void;
};

/** Returns the numbers in a text, each once. */
const numbersIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

function faultOf(found: string[]): string | undefined {
  const wrong = found.filter((n) => !number.test(n));
  if (wrong.length > 0) return t.policy.emergencyBad({ list: wrong.join(' ') });
  return found.length > MOST ? t.policy.emergencyMany({ most: MOST }) : undefined;
}

/** The numbers that are never recorded, as a line of text. */
export function EmergencyNumbers({ numbers, fixed, change }: Props) {
  const [text, keep] = typedInto('policy', 'emergency', numbers.join(' '));
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
        error={faultOf(numbersIn(text))}
        onInput={(value) => {
          const found = numbersIn(value);
          const wrong = faultOf(found) !== undefined;
          keep(value, wrong);
          if (!wrong) change(found);
        }}
      />
    </section>
  );
}
