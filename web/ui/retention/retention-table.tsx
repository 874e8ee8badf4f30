import { Sentence } from '../kit/sentence.js';
import { TableLabel } from '../kit/table-label.js';
import { Because, PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { nameOf } from '../messages/people.js';
import { dateAndClock, exact } from '../messages/when.js';
import type { RetentionItem } from '../state/api-retention.js';

/** Calls that are picked in a table, and how one is picked or not any more. */
export type Picking = { picked: ReadonlySet<string>; toggle: (call: string) => void };

type Props = { items: RetentionItem[]; kind: 'kept' | 'protected' | 'gone'; picking?: Picking | undefined };

/** Recordings with when they may be erased, or were, and why. */
export function RetentionTable({ items, kind, picking }: Props) {
  const gone = kind === 'gone';
  return (
    <table class="table">
      <thead>
        <tr>
          {picking && (
            <th scope="col" class="table-pick">
              <span class="unseen">{t.retention.columns.pick}</span>
            </th>
          )}
          <th scope="col">{t.retention.columns.call}</th>
          <th scope="col">{t.retention.columns.started}</th>
          <th scope="col">{gone ? t.retention.columns.erased : t.retention.columns.keepUntil}</th>
          <th scope="col">
            {kind === 'protected' ? t.retention.columns.protectedBy : t.retention.columns.reason}
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((i) => (
          <tr key={i.recording_id}>
            {picking && (
              <td class="table-pick">
                <input
                  type="checkbox"
                  checked={picking.picked.has(i.call_id)}
                  onChange={() => picking.toggle(i.call_id)}
                  aria-label={t.erase.pick({ who: nameOf(i.them), when: dateAndClock(i.started_at) })}
                />
              </td>
            )}
            <td class="table-call">
              <a href={`/calls/${encodeURIComponent(i.call_id)}`}>
                <PartyName party={i.them} />
              </a>{' '}
              <span class="quiet">
                <Sentence of={t.calls.with} parts={{ us: <PartyName party={i.us} /> }} />
              </span>
            </td>
            <td>
              <Moment at={i.started_at} label={t.retention.columns.started} />
            </td>
            <td>
              <Moment
                at={gone ? i.erased_at : i.keep_until}
                label={gone ? t.retention.columns.erased : t.retention.columns.keepUntil}
              />
            </td>
            <td class="table-why">
              <Why item={i} kind={kind} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Why({ item, kind }: { item: RetentionItem; kind: Props['kind'] }) {
  // Why it was erased already names the rule.
  if (kind === 'gone')
    return (
      <>
        <Verbatim text={item.erase_reason ?? ''} class="quiet" />
        {item.certificate !== null && (
          <>
            {' '}
            <a href={`/certificates/${item.certificate}`}>{t.certificates.one({ n: item.certificate })}</a>
          </>
        )}
      </>
    );
  if (kind === 'protected') return <Verbatim text={item.protected_by?.reason ?? ''} />;
  return <Because rule={item.rule} reason={item.reason ?? ''} />;
}

function Moment({ at, label }: { at: string | null; label: string }) {
  return (
    <>
      <TableLabel name={label} />
      {at === null ? (
        t.when.forEver
      ) : (
        <time datetime={at} title={exact(at)}>
          {dateAndClock(at)}
        </time>
      )}
    </>
  );
}
