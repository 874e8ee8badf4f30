import { Select } from '../kit/select.js';
import { t } from '../messages/language.js';
import type { Policy } from '../state/api.js';

type Redaction = Policy['redaction'];
type Choice = 'each' | NonNullable<Redaction>['older'];
type Props = { redaction: Redaction; fixed: boolean; change: (redaction: Redaction) => void };

/** What becomes of the version of a recording from before a redaction. */
export function EarlierVersions({ redaction, fixed, change }: Props) {
  const words = t.policy.earlier;
  const choose = (value: Choice) => change(value === 'each' ? undefined : { older: value });
  return (
    <section class="rules">
      <h2>{words.title}</h2>
      <p class="quiet">{words.how}</p>
      <fieldset class="plain" disabled={fixed} aria-label={words.title}>
        <Select<Choice>
          id="earlier-versions"
          label={words.label}
          help={words.help}
          value={redaction?.older ?? 'each'}
          choices={[
            ['each', words.each],
            ['destroy', words.destroy],
            ['two_people', words.twoPeople],
          ]}
          choose={choose}
          narrow
        />
      </fieldset>
    </section>
  );
}
