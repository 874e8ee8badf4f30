import { CrossIcon, DownloadIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { AuditState } from '../state/api.js';

export type AuditFilter = {
  person: string;
  action: string;
  outcome: string;
  call: string;
  from: string;
  to: string;
};

type Props = {
  filter: AuditFilter;
  people: AuditState['people'];
  change: (part: Partial<AuditFilter>) => void;
  csv: string;
};

/** Who, what, when, with which outcome; one call where the page was reached from there. */
export function AuditFilters({ filter, people, change, csv }: Props) {
  const known = people.some(({ key }) => key === filter.person);
  return (
    <search class="audit-filters">
      <Choice
        label={t.audit.person}
        value={filter.person}
        choose={(person) => change({ person })}
        choices={[
          ['', t.audit.everybody],
          ...people.map(
            ({ key, name, console }): Option =>
              console ? [key, t.audit.console({ name: clean(name) })] : [key, clean(name), 'said'],
          ),
          ...(filter.person && !known ? [[filter.person, clean(filter.person), 'said'] as Option] : []),
        ]}
      />
      <Choice
        label={t.audit.action}
        value={filter.action}
        choose={(action) => change({ action })}
        choices={[['', t.audit.everything], ...Object.entries(t.audit.groups).map((one): Option => one)]}
      />
      <Choice
        label={t.audit.outcome}
        value={filter.outcome}
        choose={(outcome) => change({ outcome })}
        choices={[['', t.audit.anyOutcome], ...Object.entries(t.audit.outcomes).map((one): Option => one)]}
      />
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          <span>{t.audit[side]}</span>
          <input
            type="date"
            value={filter[side]}
            onChange={(e) => change({ [side]: e.currentTarget.value })}
          />
        </label>
      ))}
      {filter.call && (
        <button
          type="button"
          class="chip chip-of"
          title={t.audit.clearCall}
          onClick={() => change({ call: '' })}
        >
          {t.audit.onlyCall}
          <CrossIcon />
          <span class="unseen">{t.audit.clearCall}</span>
        </button>
      )}
      <a class="button" href={csv} download>
        <DownloadIcon />
        {t.audit.csv}
      </a>
    </search>
  );
}

/** A value and its name, which somebody else may have given it. */
type Option = [value: string, name: string, said?: 'said'];

function Choice(props: { label: string; value: string; choices: Option[]; choose: (value: string) => void }) {
  return (
    <label>
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.choose(e.currentTarget.value)}>
        {props.choices.map(([value, word, said]) => (
          <option key={value} value={value} translate={said ? false : undefined}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
