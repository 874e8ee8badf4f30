import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock, exact } from '../messages/when.js';
import type { Certificate } from '../state/api-certificates.js';

type Item = Certificate['recordings'][number];

/** The recordings on a certificate. It names no party of their calls. */
export function CertificateItems({ items }: { items: readonly Item[] }) {
  return (
    <table class="table certificate-items">
      <TableHead columns={t.certificates.itemColumns} />
      <tbody>
        {items.map((item) => (
          <Row key={item.recording} item={item} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ item }: { item: Item }) {
  const words = t.certificates;
  const { policy } = item;
  return (
    <tr>
      <td>
        <a href={`/calls/${encodeURIComponent(item.call)}`} translate={false}>
          {clean(item.recording)}
        </a>
        {item.version > 1 && <span class="quiet"> {words.version({ n: item.version })}</span>}
        <details>
          <summary>{words.hashes}</summary>
          <code translate={false}>{words.sealed({ hash: clean(item.sealed_sha256) })}</code>
          <code translate={false}>
            {item.manifest_sha256 === null
              ? words.noManifest
              : words.manifest({ hash: clean(item.manifest_sha256) })}
          </code>
        </details>
      </td>
      <td>
        <TableLabel name={words.itemColumns.call} />
        {words.callOf({ from: when(item.call_started_at), to: when(item.call_ended_at) })}
      </td>
      <td>
        <TableLabel name={words.itemColumns.erased} />
        <time datetime={item.erased_at} title={exact(item.erased_at)}>
          {dateAndClock(item.erased_at)}
        </time>
      </td>
      <td>
        <TableLabel name={words.itemColumns.why} />
        {policy.rule === null ? words.noRule : <Verbatim text={policy.rule} />}
        {policy.version !== null && <p class="quiet">{words.policy({ n: policy.version })}</p>}
        {policy.purpose !== null && <p class="quiet">{words.purpose({ purpose: clean(policy.purpose) })}</p>}
        {policy.legal_basis !== null && (
          <p class="quiet">{words.basis({ basis: clean(policy.legal_basis) })}</p>
        )}
        {item.reason && <Verbatim text={item.reason} class="quiet certificate-reason" />}
      </td>
      <td>
        <TableLabel name={words.itemColumns.proof} />
        {words.proof(item.verified)}
        {item.left.map((left) => (
          <p key={left.entry}>{words.exported({ by: clean(left.by), when: dateAndClock(left.at) })}</p>
        ))}
        {item.left_not_listed > 0 && <p>{words.moreExports({ n: item.left_not_listed })}</p>}
      </td>
    </tr>
  );
}

const when = (at: string | null): string => (at === null ? t.certificates.unknownTime : dateAndClock(at));
