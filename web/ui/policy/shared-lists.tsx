import { isDay } from '../../../daemon/domain/policy/hours.js';
import { Lines } from '../kit/field.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { Policy } from '../state/api.js';
import { typedInto } from './typed.js';

type Group = NonNullable<Policy['groups']>[number];
type Holiday = NonNullable<Policy['holidays']>[number];
type Read<E> = { entry: E } | { fault: string };

const LONGEST = 80;
const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** "Sales: 201, 202" */
function readGroup(line: string): Read<Group> {
  const at = line.indexOf(':');
  const name = line.slice(0, Math.max(0, at)).trim();
  const extensions = line
    .slice(at + 1)
    .split(/[\s,;]+/)
    .filter(Boolean);
  const wrong =
    name === '' || extensions.length === 0 || [name, ...extensions].some((s) => s.length > LONGEST);
  return wrong ? { fault: t.policy.groups.bad({ line: clean(line) }) } : { entry: { name, extensions } };
}

/** "2026-12-24 Christmas Eve" */
function readHoliday(line: string): Read<Holiday> {
  const [, date = '', name = ''] = /^((?:\d{4}-)?\d\d-\d\d)\s+(.+)$/.exec(line) ?? [];
  const wrong = !isDay(date) || name.length > LONGEST;
  return wrong ? { fault: t.policy.holidays.bad({ line: clean(line) }) } : { entry: { date, name } };
}

type Props<E> = {
  id: 'groups' | 'holidays';
  entries: readonly E[];
  write: (entry: E) => string;
  read: (line: string) => Read<E>;
  /** To be read only. */
  fixed: boolean;
  change: (entries: E[]) => void;
};

function SharedList<E extends { name: string }>({ id, entries, write, read, fixed, change }: Props<E>) {
  const [text, keep] = typedInto('policy', id, entries.map(write).join('\n'));
  const faultsOf = (value: string): string | undefined => {
    const found = lines(value).map(read);
    const fault = found.find((one) => 'fault' in one);
    if (fault && 'fault' in fault) return fault.fault;
    const names = found.flatMap((one) => ('entry' in one ? one.entry.name : []));
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    return id === 'groups' && twice !== undefined ? t.policy.groups.twice({ name: clean(twice) }) : undefined;
  };
  const words = t.policy[id];
  return (
    <section class="rules">
      <h2>{words.title}</h2>
      {fixed ? (
        <p class="shared-list">{text || words.none}</p>
      ) : (
        <Lines
          id={id}
          label={words.label}
          help={words.help}
          value={text}
          error={faultsOf(text)}
          onInput={(value) => {
            const fault = faultsOf(value);
            keep(value, fault !== undefined);
            if (fault === undefined)
              change(
                lines(value).flatMap((line) =>
                  [read(line)].flatMap((one) => ('entry' in one ? one.entry : [])),
                ),
              );
          }}
        />
      )}
    </section>
  );
}

type Given<E> = Pick<Props<E>, 'entries' | 'fixed' | 'change'>;

export const Groups = (props: Given<Group>) => (
  <SharedList
    id="groups"
    write={({ name, extensions }) => `${name}: ${extensions.join(', ')}`}
    read={readGroup}
    {...props}
  />
);

export const Holidays = (props: Given<Holiday>) => (
  <SharedList id="holidays" write={({ date, name }) => `${date} ${name}`} read={readHoliday} {...props} />
);
