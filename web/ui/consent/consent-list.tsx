import { AlarmIcon, NoIcon, PartIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { OnPbx, PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock, exact } from '../messages/when.js';
import type { Consent } from '../state/api.js';
import { modeName } from './consent-totals.js';

type Call = Consent['calls'][number];

/** The calls asked for: who, when, who was told, what they answered, what the recording has, and by which mode. */
export function ConsentList({ view }: { view: Consent }) {
  if (view.calls.length === 0)
    return (
      <p class="quiet">
        {view.filter === 'exceptions' && view.totals.calls > 0
          ? t.consent.exceptionsNone
          : t.consent.listNone}
      </p>
    );
  return (
    <table class="table consent-list">
      <TableHead columns={t.consent.columns} />
      <tbody>
        {view.calls.map((call) => (
          <tr key={call.call_id}>
            <td class="table-call">
              <a href={`/calls/${encodeURIComponent(call.call_id)}`}>
                <PartyName party={call.them} />
              </a>{' '}
              <span class="quiet">
                <Sentence of={t.calls.with} parts={{ us: <PartyName party={call.us} /> }} />
              </span>{' '}
              <OnPbx id={call.pbx} />
            </td>
            <td>
              <time datetime={call.started_at} title={exact(call.started_at)}>
                {dateAndClock(call.started_at)}
              </time>
            </td>
            <td>
              <Told call={call} />
            </td>
            <td>
              <TableLabel name={t.consent.columns.answer} />
              <span class={call.findings.includes('refused_kept') ? 'consent-bad' : undefined}>
                {call.findings.includes('not_agreed')
                  ? t.consent.filters.not_agreed
                  : call.findings.includes('refused_kept')
                    ? t.consent.filters.refused_kept
                    : t.consent.answers[call.answer]}
              </span>
            </td>
            <td>
              <TableLabel name={t.consent.columns.found} />
              <span class={call.found === 'no' ? 'consent-bad' : undefined}>
                {t.consent.found[call.found]}
              </span>
            </td>
            <td class="table-why">
              <Mode call={call} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const LOOKS = {
  all: { tone: 'good', Icon: TickIcon },
  some: { tone: 'warn', Icon: PartIcon },
  nobody: { tone: 'alarm', Icon: AlarmIcon },
  pending: { tone: 'wait', Icon: WaitIcon },
  not_needed: { tone: 'quiet', Icon: NoIcon },
} as const;

function Told({ call: { told, untold } }: { call: Call }) {
  const { tone, Icon } = LOOKS[told];
  const parts = Object.fromEntries(
    // Two people may have the same name.
    untold.map((party, i) => [`${i}`, <PartyName key={`${i} ${party.number}`} party={party} />]),
  );
  return (
    <>
      <span class={`badge badge-${tone}`}>
        <Icon />
        <span class="badge-word">{t.consent.told[told]}</span>
      </span>
      {told === 'some' && (
        <span class="coverage-finding">
          <Sentence of={(marks) => t.consent.notTold({ people: Object.values(marks) })} parts={parts} />
        </span>
      )}
    </>
  );
}

function Mode({ call }: { call: Call }) {
  const mode = modeName(call.mode);
  if (call.rule === null) return mode;
  return (
    <Sentence
      of={(marks) => t.consent.byRule({ mode, ...marks })}
      parts={{ rule: <Verbatim text={call.rule} /> }}
    />
  );
}
