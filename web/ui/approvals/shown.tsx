import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';

/** Deeper, a value is shown as the JSON that it is. */
const DEEPEST = 3;

/** Exactly what is approved: every value of it, lists with all of their items. */
export function Shown({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (typeof value === 'boolean') return <span>{value ? t.approvals.yes : t.approvals.no}</span>;
  const nothing = value === null || (Array.isArray(value) && value.length === 0);
  if (nothing || typeof value !== 'object')
    return <Verbatim text={nothing ? '–' : String(value)} class="approval-id" />;
  if (depth >= DEEPEST) return <Verbatim text={JSON.stringify(value)} class="approval-id" />;
  if (Array.isArray(value))
    return (
      <>
        <p class="quiet">{t.approvals.items({ n: value.length })}</p>
        <ol class="approval-items">
          {value.map((item, i) => (
            <li key={i}>
              <Shown value={item} depth={depth + 1} />
            </li>
          ))}
        </ol>
      </>
    );
  return (
    <dl class="approval-facts">
      {Object.entries(value).map(([name, item]) => [
        <dt key={name}>
          <Verbatim text={name.replaceAll('_', ' ')} />
        </dt>,
        <dd key={`${name} value`}>
          <Shown value={item} depth={depth + 1} />
        </dd>,
      ])}
    </dl>
  );
}
