import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { exactParty, nameOf } from '../messages/people.js';
import { dateAndClock, exact } from '../messages/when.js';
import type { RetentionItem } from '../state/api.js';

const words = t.retention.columns;
const SHOWN = 50;

/** Recordings with when they go, or went, and why; the first fifty. */
export function RetentionTable({ items, kind }: { items: RetentionItem[]; kind: 'kept' | 'gone' }) {
  const gone = kind === 'gone';
  return (
    <>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{words.call}</th>
            <th scope="col">{words.started}</th>
            <th scope="col">{gone ? words.erased : words.keepUntil}</th>
            <th scope="col">{words.reason}</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, SHOWN).map((i) => (
            <tr key={i.recording_id}>
              <td class="table-call">
                <a href={`/calls/${encodeURIComponent(i.call_id)}`}>
                  <bdi title={exactParty(i.them)}>{nameOf(i.them)}</bdi>
                </a>{' '}
                <span class="quiet">
                  {t.calls.with} <bdi title={exactParty(i.us)}>{nameOf(i.us)}</bdi>
                </span>
              </td>
              <td>
                <Moment at={i.started_at} label={words.started} />
              </td>
              <td>
                <Moment
                  at={gone ? i.erased_at : i.keep_until}
                  label={gone ? words.erased : words.keepUntil}
                />
              </td>
              <td class="table-why">
                {i.rule && (
                  <>
                    <bdi>{clean(i.rule)}</bdi>:{' '}
                  </>
                )}
                <bdi class="quiet">{clean((gone ? i.erase_reason : i.reason) ?? '')}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {items.length > SHOWN && <p class="quiet">{t.retention.more(String(items.length - SHOWN))}</p>}
    </>
  );
}

function Moment({ at, label }: { at: string | null; label: string }) {
  return (
    <>
      <span class="table-label" aria-hidden="true">
        {label}{' '}
      </span>
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
