import { AlarmIcon, NoIcon, PartIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { exactParty, nameOf } from '../messages/people.js';
import { clock, count, dateAndClock, exact, length } from '../messages/when.js';
import type { Coverage, CoverageCall } from '../state/api.js';
import { isUnknown } from './coverage-how.js';

const words = t.coverage;

/** That there is nothing to list, and no more than that can be vouched for. */
function noneWords(view: Coverage): string {
  if (isUnknown(view)) return words.unknown;
  if (view.filter !== 'exceptions') return words.listNone;
  if (view.totals.answered === 0) return words.exceptionsNoCalls;
  return view.caveats.length === 0 ? words.exceptionsNone : words.exceptionsNoneKnown;
}

/** The calls asked for: who, when, what is the matter, the lengths by both accounts, and why. */
export function CoverageList({ view }: { view: Coverage }) {
  if (view.calls.length === 0) return <p class="quiet">{noneWords(view)}</p>;
  return (
    <>
      <table class="table coverage-list">
        <TableHead columns={words.columns} />
        <tbody>
          {view.calls.map((c) => (
            <tr key={c.call_id ?? c.linkedid}>
              <td class="table-call">
                <Who call={c} />
              </td>
              <td>
                <time datetime={c.started_at} title={exact(c.started_at)}>
                  {dateAndClock(c.started_at)}
                </time>
              </td>
              <td>
                <What call={c} />
              </td>
              <td class="coverage-lengths">
                <Lengths call={c} />
              </td>
              <td class="table-why">
                <Why call={c} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {view.calls_total > view.calls.length && (
        <p class="quiet">{words.more(count(view.calls_total - view.calls.length))}</p>
      )}
    </>
  );
}

function Who({ call }: { call: CoverageCall }) {
  const them = <bdi title={exactParty(call.them)}>{nameOf(call.them)}</bdi>;
  return (
    <>
      {call.call_id ? (
        <a href={`/calls/${encodeURIComponent(call.call_id)}`}>{them}</a>
      ) : (
        <strong>{them}</strong>
      )}{' '}
      <span class="quiet">
        {t.calls.with} <bdi title={exactParty(call.us)}>{nameOf(call.us)}</bdi>
      </span>
    </>
  );
}

const LOOKS = {
  recorded: { tone: 'good', Icon: TickIcon },
  partial: { tone: 'warn', Icon: PartIcon },
  excluded: { tone: 'quiet', Icon: NoIcon },
  declined: { tone: 'quiet', Icon: NoIcon },
  not_recorded: { tone: 'alarm', Icon: AlarmIcon },
  pending: { tone: 'wait', Icon: WaitIcon },
} as const;

function What({ call }: { call: CoverageCall }) {
  const { tone, Icon } = LOOKS[call.status];
  const finding = call.finding && call.finding !== 'unwitnessed' ? words.findings[call.finding] : null;
  return (
    <>
      <span class={`badge badge-${tone}`}>
        <Icon />
        <span class="badge-word">{words.statuses[call.status]}</span>
      </span>
      {finding && <span class="coverage-finding">{finding}</span>}
    </>
  );
}

function Lengths({ call }: { call: CoverageCall }) {
  const lines: [string, number | null][] = [
    [words.lengths.pbx, call.pbx_ms],
    [words.lengths.talk, call.talk_ms],
    [words.lengths.recording, call.recording_ms],
    [words.lengths.missing, call.status === 'partial' && call.missing_ms >= 500 ? call.missing_ms : null],
  ];
  return (
    <dl>
      {lines.map(
        ([name, ms]) =>
          ms !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{length(ms)}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Why({ call }: { call: CoverageCall }) {
  return (
    <>
      {call.rule && (
        <>
          <bdi>{clean(call.rule)}</bdi>:{' '}
        </>
      )}
      <bdi class="quiet">{clean(call.reason)}</bdi>
      {call.cdrs.length > 0 && (
        <details class="coverage-cdrs">
          <summary>{words.cdrs(call.cdrs.length)}</summary>
          <ul>
            {call.cdrs.map((c) => (
              <li key={`${c.channel} ${c.started_at}`}>
                <bdi>{words.cdr(clean(c.from), clean(c.to))}</bdi>
                <dl>
                  <Line
                    name={words.cdrFields.channel}
                    value={[c.channel, c.peer].filter(Boolean).join(' → ')}
                  />
                  <Line
                    name={words.cdrFields.times}
                    value={`${clock(c.started_at)} – ${clock(c.ended_at)}`}
                  />
                  <Line name={words.cdrFields.app} value={c.app} />
                  <Line name={words.cdrFields.end} value={c.disposition} />
                  <Line name={words.cdrFields.id} value={c.uniqueid} />
                </dl>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  const text = clean(value);
  if (!text) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{text}</bdi>
      </dd>
    </div>
  );
}
