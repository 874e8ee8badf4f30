import { Sentence } from '../kit/sentence.js';
import { TableLabel } from '../kit/table-label.js';
import { Because, PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock, exact } from '../messages/when.js';
import type { RetentionItem } from '../state/api.js';

const SHOWN = 50;

/** Recordings with when they go, or went, and why; the first fifty. */
export function RetentionTable({ items, kind }: { items: RetentionItem[]; kind: 'kept' | 'gone' }) {
  const gone = kind === 'gone';
  return (
    <>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t.retention.columns.call}</th>
            <th scope="col">{t.retention.columns.started}</th>
            <th scope="col">{gone ? t.retention.columns.erased : t.retention.columns.keepUntil}</th>
            <th scope="col">{t.retention.columns.reason}</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, SHOWN).map((i) => (
            <tr key={i.recording_id}>
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
                {/* Why it was erased already names the rule. */}
                {gone ? (
                  <Verbatim text={i.erase_reason ?? ''} class="quiet" />
                ) : (
                  <Because rule={i.rule} reason={i.reason ?? ''} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {items.length > SHOWN && <p class="quiet">{t.retention.more({ n: items.length - SHOWN })}</p>}
    </>
  );
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
