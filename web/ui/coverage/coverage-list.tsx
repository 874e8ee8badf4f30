import { AlarmIcon, ImportIcon, NoIcon, PartIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { TableHead } from '../kit/table-head.js';
import { Because, OnPbx, PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { clock, dateAndClock, exact, length } from '../messages/when.js';
import type { Coverage, CoverageCall } from '../state/api.js';
import { isUnknown } from './coverage-how.js';

/** That there is nothing to list, and no more than that can be vouched for. */
function noneWords(view: Coverage): string {
  if (isUnknown(view)) return t.coverage.unknown;
  if (view.filter !== 'exceptions') return t.coverage.listNone;
  if (view.totals.answered === 0) return t.coverage.exceptionsNoCalls;
  return view.caveats.length === 0 ? t.coverage.exceptionsNone : t.coverage.exceptionsNoneKnown;
}

/** The calls asked for: who, when, what is the matter, the lengths by both accounts, and why. */
export function CoverageList({ view }: { view: Coverage }) {
  if (view.calls.length === 0) return <p class="quiet">{noneWords(view)}</p>;
  return (
    <>
      <table class="table coverage-list">
        <TableHead columns={t.coverage.columns} />
        <tbody>
          {view.calls.map((c) => (
            <tr key={c.call_id ?? `${c.pbx} ${c.linkedid}`}>
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
        <p class="quiet">{t.coverage.more({ n: view.calls_total - view.calls.length })}</p>
      )}
    </>
  );
}

function Who({ call }: { call: CoverageCall }) {
  const them = <PartyName party={call.them} />;
  return (
    <>
      {call.call_id ? (
        <a href={`/calls/${encodeURIComponent(call.call_id)}`}>{them}</a>
      ) : (
        <strong>{them}</strong>
      )}{' '}
      <span class="quiet">
        <Sentence of={t.calls.with} parts={{ us: <PartyName party={call.us} /> }} />
      </span>{' '}
      <OnPbx id={call.pbx} />
    </>
  );
}

const LOOKS = {
  recorded: { tone: 'good', Icon: TickIcon },
  partial: { tone: 'warn', Icon: PartIcon },
  excluded: { tone: 'quiet', Icon: NoIcon },
  declined: { tone: 'quiet', Icon: NoIcon },
  not_kept: { tone: 'quiet', Icon: NoIcon },
  not_recorded: { tone: 'alarm', Icon: AlarmIcon },
  pending: { tone: 'wait', Icon: WaitIcon },
  imported: { tone: 'quiet', Icon: ImportIcon },
} as const;

function What({ call }: { call: CoverageCall }) {
  const { tone, Icon } = LOOKS[call.status];
  const finding = call.finding && call.finding !== 'unwitnessed' ? t.coverage.findings[call.finding] : null;
  return (
    <>
      <span class={`badge badge-${tone}`}>
        <Icon />
        <span class="badge-word">{t.coverage.statuses[call.status]}</span>
      </span>
      {finding && <span class="coverage-finding">{finding}</span>}
    </>
  );
}

function Lengths({ call }: { call: CoverageCall }) {
  const lines: [string, number | null][] = [
    [t.coverage.lengths.pbx, call.pbx_ms],
    [t.coverage.lengths.talk, call.talk_ms],
    [t.coverage.lengths.recording, call.recording_ms],
    [
      t.coverage.lengths.missing,
      call.status === 'partial' && call.missing_ms >= 500 ? call.missing_ms : null,
    ],
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
      <Because rule={call.rule} reason={call.reason} />
      {call.cdrs.length > 0 && (
        <details class="coverage-cdrs">
          <summary>{t.coverage.cdrs({ n: call.cdrs.length })}</summary>
          <ul>
            {call.cdrs.map((c) => (
              <li key={`${c.channel} ${c.started_at}`}>
                <bdi>{t.coverage.cdr({ from: clean(c.from), to: clean(c.to) })}</bdi>
                <dl>
                  <Line
                    name={t.coverage.cdrFields.channel}
                    value={[c.channel, c.peer].filter(Boolean).join(' → ')}
                  />
                  <Line
                    name={t.coverage.cdrFields.times}
                    value={`${clock(c.started_at)} – ${clock(c.ended_at)}`}
                  />
                  <Line name={t.coverage.cdrFields.app} value={c.app} />
                  <Line name={t.coverage.cdrFields.end} value={c.disposition} />
                  <Line name={t.coverage.cdrFields.id} value={c.uniqueid} />
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
        <Verbatim text={text} />
      </dd>
    </div>
  );
}
