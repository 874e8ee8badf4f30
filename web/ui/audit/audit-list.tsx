import { AlarmIcon, NoIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { exactParty, nameOf } from '../messages/people.js';
import {
  count,
  dateAndClock,
  dateAndSeconds,
  exact,
  length,
  lengthInWords,
  percent,
  size,
} from '../messages/when.js';
import type { AuditEntry } from '../state/api.js';

const words = t.audit;
const HEARING = { action: 'hearing' };

/** Entries as sentences. */
export function AuditList({ entries }: { entries: AuditEntry[] }) {
  return (
    <table class="table audit-list">
      <TableHead columns={words.columns} />
      <tbody>
        {entries.map((e) => (
          <tr key={e.seq}>
            <td>
              <time datetime={e.at} title={exact(e.at)}>
                {dateAndSeconds(e.at)}
              </time>
              <span class="audit-seq">{words.entry(count(e.seq))}</span>
            </td>
            <td class="audit-who">
              <Who entry={e} />
            </td>
            <td class="audit-what">
              <What entry={e} />
            </td>
            <td class="audit-where quiet">{e.address ? <bdi>{clean(e.address)}</bdi> : words.here}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Who({ entry }: { entry: AuditEntry }) {
  if (entry.actor === 'tapedeck') return <span class="quiet">{words.tapedeck}</span>;
  const name = clean(entry.actor_name);
  if (!name) return <span class="quiet">{words.somebody}</span>;
  const params = new URLSearchParams({ person: entry.actor_id || entry.actor_name, ...HEARING });
  return (
    <a href={`/audit?${params}`} title={words.whatHeard(name)}>
      <bdi>{entry.actor === 'console' ? words.console(name) : name}</bdi>
      {entry.actor === 'token' && <span class="quiet"> {words.byToken}</span>}
    </a>
  );
}

function What({ entry }: { entry: AuditEntry }) {
  const [before, after] = sentenceOf(entry);
  const damage = entry.action === 'damage';
  const bad = entry.outcome !== 'ok' && !damage;
  return (
    <>
      {bad && (
        <span class={`badge badge-${entry.outcome === 'failed' ? 'alarm' : 'warn'}`}>
          {entry.outcome === 'failed' ? <AlarmIcon /> : <NoIcon />}
          <span class="badge-word">{words.outcomes[entry.outcome]}</span>
        </span>
      )}{' '}
      {damage && <AlarmIcon class="audit-bad" />}
      <span>{clean(before)}</span>
      {entry.object === 'call' && (
        <>
          {' '}
          <Call entry={entry} />
        </>
      )}
      {after && ` ${clean(after)}`}
      {entry.reason && <span class="audit-reason">{words.reason(clean(entry.reason))}</span>}
    </>
  );
}

function Call({ entry }: { entry: AuditEntry }) {
  const { call, object_id: id } = entry;
  if (!call)
    return (
      <span class="quiet" title={id}>
        {words.lostCall}
      </span>
    );
  return (
    <>
      <a href={`/calls/${encodeURIComponent(id)}`}>
        <bdi title={exactParty(call.them)}>{nameOf(call.them)}</bdi>
      </a>{' '}
      <span class="quiet">
        (<bdi title={exactParty(call.us)}>{nameOf(call.us)}</bdi>, {dateAndClock(call.started_at)})
      </span>
    </>
  );
}

function sentenceOf(e: AuditEntry): [before: string, after?: string] {
  const { detail } = e;
  if (e.outcome === 'refused' && e.action !== 'sign_in') {
    const wanted = words.wanted[e.action] ?? e.action.replaceAll('_', ' ');
    if (e.object === 'call') return words.refusedCall(wanted);
    return [words.refused(wanted, words.why[String(detail.because)] ?? '')];
  }
  const heard = Array.isArray(detail.heard) ? detail.heard : [];
  const bytes = Number(detail.bytes ?? 0);
  const time = (value: unknown) => (typeof value === 'string' && value ? dateAndClock(value) : '');
  return words.did[e.action]({
    ...{ detail, words: e.words, object: e.object, outcome: e.outcome, reason: e.reason },
    stretches: heard.map(stretch).join(', '),
    total: lengthInWords(Number(detail.total_ms ?? 0)),
    sent: size(bytes),
    share: percent(Math.min(1, bytes / Math.max(1, Number(detail.of_bytes ?? 1)))),
    from: time(detail.from),
    until: time(detail.until),
  });
}

/** "12000-100000" as 0:12–1:40. */
function stretch(written: string): string {
  const [from, until] = written.split('-').map(Number);
  return `${length(from ?? 0)}–${length(until ?? 0)}`;
}
