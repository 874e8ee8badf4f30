import { NAMES_PRESET } from '../../../../daemon/domain/retention/presets.js';
import { Field } from '../../kit/field.js';
import { t } from '../../messages/language.js';
import { typedInto } from '../typed.js';

const MOST = 36_500;

type Props = {
  days: number | undefined;
  fixed: boolean;
  change: (days: number | undefined) => void;
};

/** Undefined for nothing, null for what is no number of days. */
function daysOf(text: string): number | null | undefined {
  const days = Number(text.trim());
  if (text.trim() === '') return undefined;
  return /^\d{1,5}$/.test(text.trim()) && days >= 1 && days <= MOST ? days : null;
}

/** How long names and numbers of a call stay once there is no audio of it. */
export function NamesKept({ days, fixed, change }: Props) {
  const [text, keep] = typedInto('policy', 'names', days === undefined ? '' : String(days));
  const words = t.keeping.names;
  const input = (value: string) => {
    const read = daysOf(value);
    keep(value, read === null);
    if (read !== null) change(read);
  };
  return (
    <section class="rules" aria-labelledby="names-title">
      <h2 id="names-title">{words.title}</h2>
      <p class="quiet">{words.how}</p>
      <fieldset class="plain" disabled={fixed} aria-labelledby="names-title">
        <Field
          id="metadata-days"
          label={words.label}
          help={words.help}
          value={text}
          inputMode="numeric"
          narrow
          error={daysOf(text) === null ? words.bad : undefined}
          onInput={input}
        />
        {!fixed && (
          <>
            <p class="field-help">{words.preset({ source: NAMES_PRESET.source, day: NAMES_PRESET.as_of })}</p>
            <button
              type="button"
              class="button"
              disabled={text.trim() === String(NAMES_PRESET.days)}
              onClick={() => input(String(NAMES_PRESET.days))}
            >
              {words.button({ n: NAMES_PRESET.days })}
            </button>
          </>
        )}
      </fieldset>
    </section>
  );
}
