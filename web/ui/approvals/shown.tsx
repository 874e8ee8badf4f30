import type { ComponentChildren } from 'preact';
import { queryWords } from '../holds/query-words.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { dateAndClock, exact } from '../messages/when.js';
import { instantText } from '../player/instant.js';
import { CONDITIONS } from '../policy/conditions.js';
import { limitSentence, retentionSentence } from '../policy/rule-words.js';
import type { Limit, RetentionRule, When } from '../state/api.js';
import type { HoldQuery } from '../state/api-holds.js';

/** Deeper, a value is shown as the JSON that it is. The recorder shows nothing so deep. */
const DEEPEST = 12;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

type Fields = { [name: string]: unknown };
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Exactly what is approved: every value of it, lists with all of their items. What has no words is shown under its own name. */
export function Shown({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (typeof value === 'boolean') return <span>{value ? t.approvals.yes : t.approvals.no}</span>;
  if (typeof value === 'number') return <span>{Number.isSafeInteger(value) ? count(value) : value}</span>;
  if (typeof value === 'string' && TIME.test(value))
    return (
      <time datetime={value} title={exact(value)}>
        {dateAndClock(value)}
      </time>
    );
  const nothing = value === null || value === '' || (Array.isArray(value) && value.length === 0);
  if (nothing || typeof value !== 'object')
    return <Verbatim text={nothing ? '–' : String(value)} class="approval-id" />;
  if (depth >= DEEPEST) return <Verbatim text={JSON.stringify(value)} class="approval-id" />;
  if (Array.isArray(value))
    return <Items of={value} each={(item) => <Shown value={item} depth={depth + 1} />} />;
  return (
    <dl class="approval-facts">
      {Object.entries(value).map(([name, item]) => [
        <dt key={name}>
          {Object.hasOwn(t.approvals.fields, name) ? (
            t.approvals.fields[name]
          ) : (
            <Verbatim text={name.replaceAll('_', ' ')} />
          )}
        </dt>,
        <dd key={`${name} value`}>
          {knownValue(name, item, value as Fields) ?? <Shown value={item} depth={depth + 1} />}
        </dd>,
      ])}
    </dl>
  );
}

/** What is left of a value that was said in words for the most part; nothing where nothing is. */
function Rest({ of: rest }: { of: Fields }) {
  const left = Object.fromEntries(Object.entries(rest).filter(([, value]) => !isEmpty(value)));
  return Object.keys(left).length === 0 ? null : <Shown value={left} />;
}
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (isFields(value) && Object.keys(value).length === 0);

function Items<T>({ of: items, each }: { of: T[]; each: (item: T) => ComponentChildren }) {
  return (
    <>
      <p class="quiet">{t.approvals.items({ n: items.length })}</p>
      <ol class="approval-items">
        {items.map((item, i) => (
          <li key={i}>{each(item)}</li>
        ))}
      </ol>
    </>
  );
}

type Known = (value: unknown, beside: Fields) => ComponentChildren | null;

/**
 * What the words of the other pages say of a value; null where its shape is another one than they are made for. What these words
 * leave out stands under them, since somebody approves all of it.
 */
const KNOWN: Record<string, Known> = {
  call: (id) => (typeof id === 'string' ? <CallLink id={id} /> : null),
  recordings: listOf(recording),
  retention: listOf(rule),
  limits: listOf(limit),
  redacted: listOf(stretch),
  no_second_person_for: listOf((act) => {
    const words: Record<string, string> = t.policy.twoPeople.acts;
    return typeof act === 'string' && Object.hasOwn(words, act) ? words[act] : null;
  }),
  metadata_days: (n) => (typeof n === 'number' ? t.approvals.days({ n }) : null),
  query,
  new_query: query,
  letting,
};

/** Returns a value in words, or null where there are none for it. `beside`: what it is a value of. */
const knownValue = (name: string, value: unknown, beside: Fields): ComponentChildren | null =>
  Object.hasOwn(KNOWN, name) ? KNOWN[name]!(value, beside) : null;

function listOf(words: (item: unknown) => ComponentChildren | null): Known {
  return (value) =>
    Array.isArray(value) && value.length > 0 ? (
      <Items of={value as unknown[]} each={(item) => words(item) ?? <Shown value={item} depth={1} />} />
    ) : null;
}

const CallLink = ({ id }: { id: string }) => (
  <a href={`/calls/${encodeURIComponent(id)}`} class="approval-id">
    <Verbatim text={id} />
  </a>
);

function recording(item: unknown): ComponentChildren | null {
  if (!isFields(item)) return null;
  const { started_at: at, ...rest } = item;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return null;
  return (
    <>
      <p>{dateAndClock(at)}</p>
      <Rest of={rest} />
    </>
  );
}

/** The conditions that sentences have words for, and the others. */
function conditions(when: unknown): { known: When; unknown: Fields } | null {
  if (!isFields(when)) return null;
  const is = ([name]: [string, unknown]) => Object.hasOwn(CONDITIONS, name);
  const all = Object.entries(when);
  const [known, unknown] = [all.filter(is), all.filter((one) => !is(one))].map(Object.fromEntries);
  return { known: known as When, unknown: unknown as Fields };
}

function named(name: string, sentence: string, rest: Fields): ComponentChildren {
  return (
    <>
      <p>
        <strong>
          <Verbatim text={name} />
        </strong>{' '}
        {sentence}
      </p>
      <Rest of={rest} />
    </>
  );
}

const CLOCK_STARTS: readonly unknown[] = ['call_end', 'month_end', 'year_end'];

function rule(item: unknown): ComponentChildren | null {
  if (!isFields(item)) return null;
  const { name, when, keep_days: days, from, ...rest } = item;
  const which = conditions(when);
  const counted = from === undefined || CLOCK_STARTS.includes(from);
  if (typeof name !== 'string' || !which || !(days === null || typeof days === 'number') || !counted)
    return null;
  const said = { ...item, when: which.known } as RetentionRule;
  return named(name, retentionSentence(said), { ...rest, when: which.unknown });
}

function limit(item: unknown): ComponentChildren | null {
  if (!isFields(item)) return null;
  const { name, when, kind, days, source, as_of: day, ...rest } = item;
  const which = conditions(when);
  if (typeof name !== 'string' || !which || typeof days !== 'number') return null;
  if (kind !== 'min' && kind !== 'max') return null;
  const checked =
    source === undefined && day === undefined
      ? {}
      : { source: t.keeping.limits.sourceOf({ source: String(source ?? ''), day: String(day ?? '') }) };
  const said = { ...item, when: which.known } as Limit;
  return named(name, limitSentence(said), { ...checked, ...rest, when: which.unknown });
}

function stretch(item: unknown): ComponentChildren | null {
  const [, side, from, until] = /^(\w+) (\d+)-(\d+)$/.exec(typeof item === 'string' ? item : '') ?? [];
  if (side === undefined || !Object.hasOwn(t.redact.sides, side)) return null;
  const times = { from: instantText(Number(from)), until: instantText(Number(until)) };
  return <>{t.redact.earlier.stretch({ side: t.redact.sides[side]!, ...times })}</>;
}

const LISTS = ['numbers', 'extensions', 'queues', 'dids'] as const;
/** A time as the recorder shows it or, in what it is asked for, in ms. */
const isTime = (at: unknown): boolean =>
  at === null ||
  ((typeof at === 'string' || typeof at === 'number') && !Number.isNaN(new Date(at).getTime()));

function query(value: unknown): ComponentChildren | null {
  if (value === null) return <>{t.approvals.noQuery}</>;
  if (!isFields(value)) return null;
  const { text, numbers, extensions, queues, dids, from, to, direction, pbx = null, ...rest } = value;
  const right =
    typeof text === 'string' &&
    LISTS.every(
      (list) => Array.isArray(value[list]) && value[list].every((one) => typeof one === 'string'),
    ) &&
    isTime(from) &&
    isTime(to) &&
    (direction === null || Object.hasOwn(t.holds.query.directions, String(direction))) &&
    (pbx === null || typeof pbx === 'string');
  const words = right ? queryWords({ ...value, pbx } as HoldQuery) : '';
  if (words === '') return null;
  return (
    <>
      <p>{words}</p>
      <Rest of={rest} />
    </>
  );
}

/** What a release lets go. The query that it has is the new one, which stands beside it and is not said twice. */
function letting(value: unknown, beside: Fields): ComponentChildren | null {
  if (!isFields(value)) return null;
  const { what, query: asked, ...rest } = value;
  if (typeof what !== 'string' || !Object.hasOwn(t.approvals.letting, what)) return null;
  const left = sameQuery(asked, beside.new_query) ? rest : { ...rest, query: asked };
  return (
    <>
      <p>{t.approvals.letting[what]}</p>
      <Rest of={left} />
    </>
  );
}

/** Whether both ask for the same, one with times in ms and the other as ISO has them. */
function sameQuery(one: unknown, other: unknown): boolean {
  const sorted = (value: unknown) =>
    JSON.stringify(
      isFields(value)
        ? Object.entries(value)
            .map(([name, item]) => [name, isDay(name) && item !== null ? Date.parse(iso(item)) : item])
            .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
        : value,
    );
  return sorted(one) === sorted(other);
}
const isDay = (name: string): boolean => name === 'from' || name === 'to';
const iso = (at: unknown): string => (typeof at === 'number' ? new Date(at).toISOString() : String(at));
