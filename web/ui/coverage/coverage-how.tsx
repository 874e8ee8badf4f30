import { Sentence } from '../kit/sentence.js';
import { OnPbx, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import type { Coverage } from '../state/api.js';
import { zone } from '../state/session.js';

/** Nothing at all is known of the period. */
export const isUnknown = ({ caveats }: Coverage): boolean =>
  caveats.includes('not_installed') || caveats.includes('future');

/** Who was asked, when nobody watched, and what is counted. */
export function CoverageHow({ view }: { view: Coverage }) {
  const { unwitnessed } = view.totals;
  const unknown = isUnknown(view);
  return (
    <section class="coverage-how" aria-labelledby="how">
      <h2 id="how">{t.coverage.howTitle}</h2>
      <p>{t.coverage.how}</p>
      <p>
        {view.witness
          ? t.coverage.witness({
              since: dateAndClock(view.witness.since),
              last: dateAndClock(view.witness.last),
            })
          : t.coverage.noWitness}{' '}
        {view.witness && unwitnessed > 0 && t.coverage.unwitnessed({ n: unwitnessed })}
      </p>
      {view.sources.length > 0 && (
        <>
          <h3>{t.coverage.sourcesTitle}</h3>
          <ul>
            {view.sources.map((s) => (
              <li key={`${s.pbx} ${s.name}`}>
                <Sentence
                  of={(marks) =>
                    t.coverage.sourceLine({ ...marks, name: t.coverage.source[s.name] ?? s.name })
                  }
                  parts={{ state: <Source source={s} /> }}
                />{' '}
                <OnPbx id={s.pbx} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{t.coverage.blindTitle}</h3>
      <Gaps
        gaps={view.blind}
        none={unknown ? t.coverage.blindUnknown : t.coverage.blindNone}
        hint={t.coverage.blindHint}
      />
      <h3>{t.coverage.gapsTitle}</h3>
      <Gaps
        gaps={view.witness_gaps}
        none={unknown ? t.coverage.blindUnknown : t.coverage.gapsNone}
        hint={t.coverage.gapsHint}
      />
      <p class="quiet">
        {t.retention.asOf({ when: dateAndClock(view.now) })} {t.when.zone({ zone: zone() })}
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
          <li key={`${gap.pbx} ${gap.from}`}>
            <Sentence
              of={({ reason }) =>
                t.coverage.gap({
                  from: dateAndClock(gap.from),
                  to: gap.to === null ? null : dateAndClock(gap.to),
                  reason: gap.reason ? reason : null,
                })
              }
              parts={{ reason: <Verbatim text={gap.reason} class="quiet" /> }}
            />{' '}
            <OnPbx id={gap.pbx} />{' '}
            {gap.filled_from && gap.filled_from.length > 0 && (
              <span>
                {t.coverage.gapFilled({
                  sources: gap.filled_from.map((name) => t.coverage.source[name] ?? name).join(', '),
                })}
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
  if (source.problem) return <strong>{t.coverage.sourceBad({ why: clean(source.problem) })}</strong>;
  const said = t.coverage.sourceState({
    n: source.count,
    last: source.last_at && dateAndClock(source.last_at),
    read: source.read_at && source.name !== 'AMI' ? dateAndClock(source.read_at) : null,
  });
  return <span class="quiet">{said}</span>;
}
