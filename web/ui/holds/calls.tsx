import { ErrorNote } from '../kit/error-note.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { nameOf } from '../messages/people.js';
import { date, dateAndClock } from '../messages/when.js';
import type { CallSummary } from '../state/api.js';
import { holdsApi } from '../state/api-holds.js';
import { usePages } from '../state/use-pages.js';

function CallLink({ call }: { call: CallSummary }) {
  return (
    <a href={`/calls/${encodeURIComponent(call.id)}`} translate={false}>
      {nameOf(call.them)}
    </a>
  );
}

/** What a matter holds, page by page. */
export function HeldCalls({ id }: { id: string }) {
  const { pages, problem, more } = usePages(
    (after: number | undefined) => holdsApi.recordings(id, after ?? 0),
    ({ next }) => next,
  );
  const recordings = pages?.flatMap((page) => page.recordings);
  const columns = t.holds.recordingColumns;
  return (
    <section>
      <h2>{t.holds.recordings}</h2>
      {problem !== null && <ErrorNote problem={problem} retry={more ?? undefined} />}
      {recordings?.length === 0 && <p class="quiet">{t.holds.noRecordings}</p>}
      {recordings && recordings.length > 0 && (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {recordings.map(({ recording, call, why, since }) => (
              <tr key={recording}>
                <td class="table-call">
                  {call ? <CallLink call={call} /> : <span class="quiet">{t.holds.hidden}</span>}
                </td>
                <td>
                  <TableLabel name={columns.when} />
                  {call && <time datetime={call.started_at}>{dateAndClock(call.started_at)}</time>}
                </td>
                <td>
                  <TableLabel name={columns.why} />
                  {t.holds.why[why]}
                </td>
                <td>
                  <TableLabel name={columns.since} />
                  <time datetime={since}>{date(since)}</time>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pages && more && (
        <button type="button" class="button" onClick={more}>
          {t.holds.more}
        </button>
      )}
    </section>
  );
}

/** Calls that a matter asks for and that have no recording, with the reason. */
export function NotHeldCalls({ id }: { id: string }) {
  const { pages, problem, more } = usePages(
    (before: string | undefined) => holdsApi.notHeld(id, before),
    ({ next }) => next,
  );
  const calls = pages?.flatMap((page) => page.calls);
  const { call, when } = t.holds.recordingColumns;
  return (
    <section>
      <h2>{t.holds.notHeld}</h2>
      <p class="quiet">{calls?.length === 0 ? t.holds.notHeldNone : t.holds.notHeldHelp}</p>
      {problem !== null && <ErrorNote problem={problem} retry={more ?? undefined} />}
      {calls && calls.length > 0 && (
        <table class="table">
          <TableHead columns={{ call, when, reason: t.holds.notHeldReason }} />
          <tbody>
            {calls.map((one) => (
              <tr key={one.id}>
                <td class="table-call">
                  <CallLink call={one} />
                </td>
                <td>
                  <TableLabel name={when} />
                  <time datetime={one.started_at}>{dateAndClock(one.started_at)}</time>
                </td>
                <td>
                  <TableLabel name={t.holds.notHeldReason} />
                  {one.recording?.erase_reason ?? one.coverage.reason}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pages && more && (
        <button type="button" class="button" onClick={more}>
          {t.holds.more}
        </button>
      )}
    </section>
  );
}
