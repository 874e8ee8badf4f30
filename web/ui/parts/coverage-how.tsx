import type { Coverage } from '../api.js';
import { t } from '../messages/en.js';
import { clean } from '../messages/numbers.js';
import { count, dateAndClock } from '../messages/when.js';
import { zone } from '../session.js';

const words = t.coverage;

/** Who was asked, when nobody watched, and what is counted. */
export function CoverageHow({ view }: { view: Coverage }) {
  const { unwitnessed } = view.totals;
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
      {view.blind.length === 0 ? (
        <p>{words.blindNone}</p>
      ) : (
        <>
          <ul>
            {view.blind.map((b) => (
              <li key={b.from}>
                {b.to === null
                  ? words.blindOpen(dateAndClock(b.from))
                  : words.blind(dateAndClock(b.from), dateAndClock(b.to))}
                {b.reason && (
                  <>
                    : <bdi class="quiet">{clean(b.reason)}</bdi>
                  </>
                )}
              </li>
            ))}
          </ul>
          <p class="quiet">{words.blindHint}</p>
        </>
      )}
      <p class="quiet">
        {t.retention.asOf(dateAndClock(view.now))} {t.when.zone(zone())}
      </p>
    </section>
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
