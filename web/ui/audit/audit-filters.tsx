import { CrossIcon, DownloadIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import type { AuditState } from '../state/api.js';
import type { AuditFilter } from './audit.js';

const words = t.audit;

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
        label={words.person}
        value={filter.person}
        choose={(person) => change({ person })}
        choices={[
          ['', words.everybody],
          ...people.map(({ key, name, console }): [string, string] => [
            key,
            console ? words.console(clean(name)) : clean(name),
          ]),
          ...(filter.person && !known ? [[filter.person, clean(filter.person)] as [string, string]] : []),
        ]}
      />
      <Choice
        label={words.action}
        value={filter.action}
        choose={(action) => change({ action })}
        choices={[['', words.everything], ...Object.entries(words.groups)]}
      />
      <Choice
        label={words.outcome}
        value={filter.outcome}
        choose={(outcome) => change({ outcome })}
        choices={[['', words.anyOutcome], ...Object.entries(words.outcomes)]}
      />
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          <span>{words[side]}</span>
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
          title={words.clearCall}
          onClick={() => change({ call: '' })}
        >
          {words.onlyCall}
          <CrossIcon />
          <span class="unseen">{words.clearCall}</span>
        </button>
      )}
      <a class="button" href={csv} download>
        <DownloadIcon />
        {words.csv}
      </a>
    </search>
  );
}

function Choice(props: {
  label: string;
  value: string;
  choices: [string, string][];
  choose: (value: string) => void;
}) {
  return (
    <label>
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.choose(e.currentTarget.value)}>
        {props.choices.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
