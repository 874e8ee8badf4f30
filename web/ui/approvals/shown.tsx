import type { ComponentChildren } from 'preact';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { dateAndClock, exact } from '../messages/when.js';
import { knownValue } from './known-values.js';

/** Deeper, a value is shown as the JSON that it is. The recorder shows nothing so deep. */
const DEEPEST = 12;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

type Fields = { [name: string]: unknown };
export const isFields = (value: unknown): value is Fields =>
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
export function Rest({ of: rest }: { of: Fields }) {
  const left = Object.fromEntries(Object.entries(rest).filter(([, value]) => !isEmpty(value)));
  return Object.keys(left).length === 0 ? null : <Shown value={left} />;
}
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (isFields(value) && Object.keys(value).length === 0);

export function Items<T>({ of: items, each }: { of: T[]; each: (item: T) => ComponentChildren }) {
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
