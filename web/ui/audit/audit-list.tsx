import { AlarmIcon, NoIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { TableHead } from '../kit/table-head.js';
import { PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count, percent } from '../messages/locale.js';
import { clean } from '../messages/numbers.js';
import {
  dateAndClock,
  dateAndSeconds,
  dayInWords,
  exact,
  length,
  lengthInWords,
  size,
} from '../messages/when.js';
import type { AuditEntry } from '../state/api.js';

const HEARING = { action: 'hearing' };

/** Entries as sentences. */
export function AuditList({ entries }: { entries: AuditEntry[] }) {
  return (
    <table class="table audit-list">
      <TableHead columns={t.audit.columns} />
      <tbody>
        {entries.map((e) => (
          <tr key={e.seq}>
            <td>
              <time datetime={e.at} title={exact(e.at)}>
                {dateAndSeconds(e.at)}
              </time>
              <span class="audit-seq">{t.audit.entry({ n: count(e.seq) })}</span>
            </td>
            <td class="audit-who">
              <Who entry={e} />
            </td>
            <td class="audit-what">
              <What entry={e} />
            </td>
            <td class="audit-where quiet">{e.address ? <Verbatim text={e.address} /> : t.audit.here}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Who({ entry }: { entry: AuditEntry }) {
  if (entry.actor === 'tapedeck') return <span class="quiet">{t.audit.tapedeck}</span>;
  const name = clean(entry.actor_name);
  if (!name) return <span class="quiet">{t.audit.somebody}</span>;
  const params = new URLSearchParams({ person: entry.actor_id || entry.actor_name, ...HEARING });
  return (
    <a href={`/audit?${params}`} title={t.audit.whatHeard({ name })}>
      {entry.actor === 'console' ? <bdi>{t.audit.console({ name })}</bdi> : <Verbatim text={name} />}
      {entry.actor === 'token' && <span class="quiet"> {t.audit.byToken}</span>}
    </a>
  );
}

function What({ entry }: { entry: AuditEntry }) {
  const damage = entry.action === 'damage';
  const bad = entry.outcome !== 'ok' && !damage;
  return (
    <>
      {bad && (
        <span class={`badge badge-${entry.outcome === 'failed' ? 'alarm' : 'warn'}`}>
          {entry.outcome === 'failed' ? <AlarmIcon /> : <NoIcon />}
          <span class="badge-word">{t.audit.outcomes[entry.outcome]}</span>
        </span>
      )}{' '}
      {damage && <AlarmIcon class="audit-bad" />}
      <span>
        <Sentence
          of={({ call }) => sentenceOf(entry, entry.object === 'call' ? call : '')}
          parts={{ call: <Call entry={entry} /> }}
        />
      </span>
      {entry.reason && <span class="audit-reason">{t.audit.reason({ why: clean(entry.reason) })}</span>}
    </>
  );
}

function Call({ entry }: { entry: AuditEntry }) {
  const { call, object_id: id } = entry;
  if (!call)
    return (
      <span class="quiet" title={id} data-said="title">
        {t.audit.lostCall}
      </span>
    );
  return (
    <Sentence
      of={t.audit.call}
      parts={{
        them: (
          <a href={`/calls/${encodeURIComponent(id)}`}>
            <PartyName party={call.them} />
          </a>
        ),
        us: (
          <span class="quiet">
            <PartyName party={call.us} />
          </span>
        ),
        when: <span class="quiet">{dateAndClock(call.started_at)}</span>,
      }}
      between="quiet"
    />
  );
}

type Detail = AuditEntry['detail'];

/** A day such as 2026-11-25 as it stands elsewhere on a page. */
const readable = (value: string): string =>
  /^\d{4}-\d\d-\d\d$/.test(value) && Number.isFinite(Date.parse(value)) ? dayInWords(value) : clean(value);

/** What was written down of something, as it may be shown. */
function cleaned(detail: Detail): Detail {
  const shown = Object.entries(detail).map(([name, value]) => {
    if (Array.isArray(value)) return [name, value.map((one) => clean(String(one)))];
    return [name, typeof value === 'string' ? readable(value) : value];
  });
  return Object.fromEntries(shown);
}

/** How somebody shows who they are: what is refused of it says so itself. */
const SHOWING: ReadonlySet<AuditEntry['action']> = new Set(['sign_in', 'second_factor']);

function sentenceOf(e: AuditEntry, call: string): string {
  const detail = cleaned(e.detail);
  if (e.outcome === 'refused' && !SHOWING.has(e.action)) {
    const wanted = t.audit.wanted[e.action] ?? e.action.replaceAll('_', ' ');
    if (e.object === 'call') return t.audit.refusedCall({ wanted, call });
    return t.audit.refused({ wanted, why: t.audit.why[String(detail.because)] ?? '' });
  }
  const heard = Array.isArray(detail.heard) ? detail.heard : [];
  const bytes = Number(detail.bytes ?? 0);
  const time = (value: unknown) => (typeof value === 'string' && value ? dateAndClock(value) : '');
  return t.audit.did[e.action]({
    ...{ detail, call, object: clean(e.object), outcome: e.outcome, reason: clean(e.reason) },
    words: e.words === null ? null : clean(e.words),
    stretches: heard.map(stretch).join(', '),
    total: lengthInWords(Number(detail.total_ms ?? 0)),
    sent: size(bytes),
    share: percent(Math.min(1, bytes / Math.max(1, Number(detail.of_bytes ?? 1)))),
    from: time(e.detail.from),
    until: time(e.detail.until),
  });
}

/** "12000-100000" as 0:12–1:40. */
function stretch(written: string): string {
  const [from, until] = written.split('-').map(Number);
  return `${length(from ?? 0)}–${length(until ?? 0)}`;
}
