import { Field } from '../kit/field.js';
import { t } from '../messages/language.js';
import type { Policy } from '../state/api.js';
import { typedInto } from './typed.js';

type Mask = Policy['mask'];
type Props = { mask: Mask; fixed: boolean; change: (mask: Mask) => void };

/** Undefined for nothing, null for what is no time. */
function secondsOf(text: string): number | null | undefined {
  const seconds = Number(text.trim());
  if (text.trim() === '') return undefined;
  return /^\d{2,4}$/.test(text.trim()) && seconds >= 10 && seconds <= 3_600 ? seconds : null;
}

/** After what time a mask ends by itself. */
export function Masks({ mask, fixed, change }: Props) {
  const [text, keep] = typedInto('policy', 'mask', mask ? String(mask.resume_after_s) : '');
  const wrong = secondsOf(text) === null;
  return (
    <section class="rules">
      <h2>{t.policy.masks.title}</h2>
      <p class="quiet">{t.policy.masks.how}</p>
      <fieldset class="plain" disabled={fixed} aria-label={t.policy.masks.title}>
        <Field
          id="mask-seconds"
          label={t.policy.masks.label}
          help={t.policy.masks.help}
          value={text}
          inputMode="numeric"
          narrow
          error={wrong ? t.policy.masks.bad : undefined}
          onInput={(value) => {
            const seconds = secondsOf(value);
            keep(value, seconds === null);
            if (seconds !== null) change(seconds === undefined ? undefined : { resume_after_s: seconds });
          }}
        />
      </fieldset>
    </section>
  );
}
