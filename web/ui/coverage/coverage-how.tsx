import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { count, dateAndClock } from '../messages/when.js';
import type { Coverage } from '../state/api.js';
import { zone } from '../state/session.js';

const words = t.coverage;

/** Nothing at all is known of the period. */
export const isUnknown = ({ caveats }: Coverage): boolean =>
  caveats.includes('not_installed') || caveats.includes('future');

/** Who was asked, when nobody watched, and what is counted. */
export function CoverageHow({ view }: { view: Coverage }) {
  const { unwitnessed } = view.totals;
  const unknown = isUnknown(view);
  return (
    <section class="coverage-how" aria-labelledby="how">
      <h2 id="how">{words.howTitle}</h2>
      <p>{words.how}</p>
      <p>
        {view.witness
          ? words.witness(dateAndClock(view.witness.since), dateAndClock(view.witness.last))
          : words.noWitness}{' '}
        {view.witness && unwitnessed > 0 && words.unwitnessed(count(unwitnessed), unwitnessed === 1)}
      </p>
      {view.sources.length > 0 && (
        <>
          <h3>{words.sourcesTitle}</h3>
          <ul>
            {view.sources.map((s) => (
              <li key={s.name}>
                {words.source[s.name] ?? s.name}: <Source source={s} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{words.blindTitle}</h3>
      <Gaps gaps={view.blind} none={unknown ? words.blindUnknown : words.blindNone} hint={words.blindHint} />
      <h3>{words.gapsTitle}</h3>
      <Gaps
        gaps={view.witness_gaps}
        none={unknown ? words.blindUnknown : words.gapsNone}
        hint={words.gapsHint}
      />
      <p class="quiet">
        {t.retention.asOf(dateAndClock(view.now))} {t.when.zone(zone())}
      </p>
    </section>
  );
}

type Gap = Coverage['blind'][number] & { filled_from?: string[] };

/** When nobody watched, or listened, and why. */
function Gaps({ gaps, none, hint }: { gaps: Gap[]; none: string; hint: string }) {
  if (gaps.length === 0) return <p>{none}</p>;
  return (
    <>
      <ul>
        {gaps.map((gap) => (
          <li key={gap.from}>
            {gap.to === null
              ? words.blindOpen(dateAndClock(gap.from))
              : words.blind(dateAndClock(gap.from), dateAndClock(gap.to))}
            {gap.reason && (
              <>
                : <bdi class="quiet">{clean(gap.reason)}</bdi>
              </>
            )}{' '}
            {gap.filled_from && gap.filled_from.length > 0 && (
              <span>
                {words.gapFilled(gap.filled_from.map((name) => words.source[name] ?? name).join(', '))}
              </span>
            )}
          </li>
        ))}
      </ul>
      <p class="quiet">{hint}</p>
    </>
  );
}

function Source({ source }: { source: Coverage['sources'][number] }) {
  if (source.problem) return <strong>{words.sourceBad(clean(source.problem))}</strong>;
  const parts = [
    words.sourceCount(count(source.count)),
    source.last_at && words.sourceLast(dateAndClock(source.last_at)),
    source.read_at && source.name !== 'AMI' && words.sourceRead(dateAndClock(source.read_at)),
  ];
  return <span class="quiet">{parts.filter(Boolean).join(', ')}</span>;
}
