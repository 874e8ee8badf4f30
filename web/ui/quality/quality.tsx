import { useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { toAddress } from '../calls/filters.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { earName } from '../messages/ears.js';
import { t } from '../messages/en/messages.js';
import { count, dayAfter, dayOf } from '../messages/when.js';
import { api, type EarTrend, type Trends } from '../state/api.js';
import { useView } from '../state/use-view.js';

const words = t.quality;
const DEFAULT = '30';
type Days = { from: string; to: string };

/** Which phone or line sounds bad: the worst in one sentence, then all of them, each number a link to its calls. */
export function QualityPage() {
  const { query, route } = useLocation();
  const days = query.days !== undefined && query.days in words.periods ? query.days : DEFAULT;
  const today = dayOf(Date.now());
  const span = { from: dayAfter(today, 1 - Number(days)), to: today };
  const asked = useRef('');
  const ask = () => {
    const again = asked.current === days;
    asked.current = days;
    return api.quality(span.from, span.to, again);
  };
  const { view: v, problem, load } = useView(ask, days, today);
  return (
    <div class="sheet quality">
      <header class="sheet-head">
        <h1>{words.title}</h1>
        {v && <Answer view={v} span={span} />}
        <label class="quality-period">
          <span>{words.period}</span>
          <select
            class="chip-select"
            value={days}
            onChange={(e) => route(`/quality?days=${e.currentTarget.value}`)}
          >
            {Object.entries(words.periods).map(([n, name]) => (
              <option key={n} value={n}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!v && problem === null && <p class="quiet">{t.common.loading}</p>}
      {v && (
        <>
          <Ears
            id="phones"
            title={words.extensions}
            none={words.noExtensions}
            list={v.extensions}
            span={span}
          />
          <Ears id="lines" title={words.lines} none={words.noLines} list={v.lines} span={span} />
          <section aria-labelledby="quality-how">
            <h2 id="quality-how">{words.help}</h2>
            <dl class="quality-words">
              {words.means.map(([word, meaning]) => (
                <div key={word}>
                  <dt>{word}</dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <p class="quiet">{words.how}</p>
          </section>
        </>
      )}
    </div>
  );
}

/** Its faults, the most frequent first. */
const faultsOf = (ear: EarTrend) =>
  Object.entries(ear.flags)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a);

function Answer({ view, span }: { view: Trends; span: Days }) {
  const all = [...view.extensions, ...view.lines];
  const { worst } = view;
  if (all.length === 0) return <p class="answer">{words.none}</p>;
  if (!worst)
    return (
      <p class="answer">
        <TickIcon /> {words.allGood(count(all.length), all.length === 1)}
      </p>
    );
  const [flag, n] = faultsOf(worst)[0]!;
  const others = all.filter((ear) => ear.flagged > 0).length - 1;
  return (
    <p class="answer">
      <AlarmIcon />{' '}
      <a href={callsOf(worst, flag, span)}>
        <bdi>
          {words.worst(
            earName(worst.of),
            words.flags[flag] ?? flag,
            count(n),
            count(worst.calls),
            worst.calls,
          )}
        </bdi>
      </a>{' '}
      {others > 0 && words.more(count(others), others === 1)}
    </p>
  );
}

function callsOf(ear: EarTrend, quality: string, { from, to }: Days): string {
  const rest = { q: '', direction: '', coverage: '' };
  return toAddress({ ...rest, when: 'custom', from, to, quality, of: ear.of }, null);
}

type EarsProps = { id: string; title: string; none: string; list: EarTrend[]; span: Days };

function Ears({ id, title, none, list, span }: EarsProps) {
  const c = words.columns;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {list.length === 0 ? (
        <p class="quiet">{none}</p>
      ) : (
        <table class="table quality-table">
          <TableHead columns={c} />
          <tbody>
            {list.map((ear) => (
              <tr key={ear.of}>
                <td class="table-call">
                  <bdi>{earName(ear.of)}</bdi>
                </td>
                <td>
                  <span class="table-label">{c.calls}: </span>
                  <a href={callsOf(ear, '', span)}>{count(ear.calls)}</a>
                </td>
                <td>
                  <span class="table-label">{c.faults}: </span>
                  {ear.flagged > 0 ? <a href={callsOf(ear, 'any', span)}>{count(ear.flagged)}</a> : '0'}
                </td>
                <td>
                  {faultsOf(ear).map(([flag, n]) => (
                    <span key={flag} class="quality-fault">
                      {words.flags[flag] ?? flag} <a href={callsOf(ear, flag, span)}>{count(n)}</a>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
