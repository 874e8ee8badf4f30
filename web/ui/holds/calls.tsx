import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { nameOf } from '../messages/people.js';
import { date, dateAndClock, length } from '../messages/when.js';
import type { CallSummary } from '../state/api.js';
import { holdsApi, type Matter } from '../state/api-holds.js';
import { usePages } from '../state/use-pages.js';
import { AskRelease } from './acts.js';

function CallLink({ call }: { call: CallSummary }) {
  return (
    <a href={`/calls/${encodeURIComponent(call.id)}`} translate={false}>
      {nameOf(call.them)}
    </a>
  );
}

/** As many as can be let go at once. */
const MOST_PICKED = 500;

/** What a matter holds, page by page; what was picked by hand can be selected, to ask for its release. */
export function HeldCalls({ matter, done }: { matter: Matter; done: () => void }) {
  const { id } = matter;
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const toggle = (recording: string) =>
    setPicked((now) => {
      const next = new Set(now);
      if (!next.delete(recording)) next.add(recording);
      return next;
    });
  const may = (matter.state === 'open' || matter.state === 'applying') && matter.held.picked > 0;
  const asked = () => {
    setPicked(new Set());
    done();
  };
  const l = t.holds.letting;
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
      {may && (
        <div class="holds-picked">
          <p aria-live="polite">{l.selected({ n: picked.size })}</p>
          <AskRelease matter={matter} recordings={[...picked].slice(0, MOST_PICKED)} done={asked} />
          {picked.size > MOST_PICKED && <p class="field-error">{l.tooMany({ n: MOST_PICKED })}</p>}
          {matter.held.query > 0 && <p class="quiet">{l.byQuery}</p>}
        </div>
      )}
      {recordings && recordings.length > 0 && (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {recordings.map(({ recording, call, why, since }) => (
              <tr key={recording}>
                <td class="table-call">
                  {may && why === 'picked' && (
                    <input
                      type="checkbox"
                      checked={picked.has(recording)}
                      aria-label={l.pick({ call: call ? nameOf(call.them) : recording })}
                      onChange={() => toggle(recording)}
                    />
                  )}
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

/** What is missing of the recording of a call, or why there is none. */
function missingOf({ recording, coverage }: CallSummary): string {
  const words = t.holds.missing;
  if (!recording) return coverage.reason;
  if (recording.state !== 'sealed') return recording.erase_reason ?? coverage.reason;
  const sum = (parts: readonly { at_ms: number; until_ms: number }[]) =>
    parts.reduce((ms, part) => ms + part.until_ms - part.at_ms, 0);
  const masks = (kind: string) => recording.masks.filter((mask) => mask.kind === kind);
  return [
    { ms: sum(masks('mask')), say: words.masked },
    { ms: sum(masks('unagreed')), say: words.unagreed },
    { ms: sum(masks('hold')), say: words.onHold },
    { ms: sum(masks('redacted')), say: words.redacted },
    { ms: sum(recording.gaps), say: words.gaps },
  ]
    .flatMap(({ ms, say }) => (ms > 0 ? [say({ length: length(ms) })] : []))
    .concat(coverage.reason || [])
    .join(' ');
}

/** Calls that a matter asks for and that were not recorded in full, with the reason. */
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
                  {missingOf(one)}
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
