import { useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { toAddress } from '../calls/filters.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { earName } from '../messages/ears.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { dayAfter, dayOf } from '../messages/when.js';
import { api, type EarTrend, type Trends } from '../state/api.js';
import { useView } from '../state/use-view.js';

const DEFAULT = '30';
const MOST = 100_000;
type Days = { from: string; to: string };

/** Which phone or line sounds bad: the worst in one sentence, then all of them, each number a link to its calls. */
export function QualityPage() {
  const { query, route } = useLocation();
  const days = query.days !== undefined && query.days in t.quality.periods ? query.days : DEFAULT;
  const today = dayOf(Date.now());
  const span = { from: dayAfter(today, 1 - Number(days)), to: today };
  /** The worst of very many phones are enough, unless all are asked for. */
  const all = query.all !== undefined;
  const asked = useRef('');
  const ask = () => {
    const now = `${days} ${all}`;
    const again = asked.current === now;
    asked.current = now;
    return api.quality({ ...span, ...(all && { limit: MOST }) }, again);
  };
  const { view: v, problem, load } = useView(ask, days, today, all);
  const same = { span, addressOfAll: `/quality?days=${days}&all` };
  return (
    <div class="sheet quality">
      <header class="sheet-head">
        <h1>{t.quality.title}</h1>
        {v && <Answer view={v} span={span} />}
        <label class="quality-period">
          <span>{t.quality.period}</span>
          <select
            class="chip-select"
            value={days}
            onChange={(e) => route(`/quality?days=${e.currentTarget.value}`)}
          >
            {Object.entries(t.quality.periods).map(([n, name]) => (
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
            {...{ ...same, id: 'phones', title: t.quality.extensions, none: t.quality.noExtensions }}
            {...{ list: v.extensions, total: v.extensions_total }}
          />
          <Ears
            {...{ ...same, id: 'lines', title: t.quality.lines, none: t.quality.noLines }}
            {...{ list: v.lines, total: v.lines_total }}
          />
          <section aria-labelledby="quality-how">
            <h2 id="quality-how">{t.quality.help}</h2>
            <dl class="quality-words">
              {t.quality.means.map(([word, meaning]) => (
                <div key={word}>
                  <dt>{word}</dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <p class="quiet">{t.quality.how}</p>
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
  const { worst } = view;
  const all = view.extensions_total + view.lines_total;
  if (all === 0) return <p class="answer">{t.quality.none}</p>;
  if (!worst)
    return (
      <p class="answer">
        <TickIcon /> {t.quality.allGood({ n: all })}
      </p>
    );
  const [flag, n] = faultsOf(worst)[0]!;
  const others = view.with_faults - 1;
  return (
    <p class="answer">
      <AlarmIcon />{' '}
      <a href={callsOf(worst, flag, span)}>
        <bdi>
          {t.quality.worst({
            who: earName(worst.of),
            what: t.quality.flags[flag] ?? flag,
            bad: n,
            of: worst.calls,
          })}
        </bdi>
      </a>{' '}
      {others > 0 && t.quality.more({ n: others })}
    </p>
  );
}

function callsOf(ear: EarTrend, quality: string, { from, to }: Days): string {
  const rest = { q: '', match: '', direction: '', pbx: '', coverage: '' };
  return toAddress({ ...rest, when: 'custom', from, to, quality, of: ear.of }, null);
}

type EarsProps = {
  id: string;
  title: string;
  none: string;
  list: EarTrend[];
  total: number;
  addressOfAll: string;
  span: Days;
};

function Ears({ id, title, none, list, total, addressOfAll, span }: EarsProps) {
  const c = t.quality.columns;
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
                  <TableLabel name={c.calls} />
                  <a href={callsOf(ear, '', span)}>{count(ear.calls)}</a>
                </td>
                <td>
                  <TableLabel name={c.faults} />
                  {ear.flagged > 0 ? <a href={callsOf(ear, 'any', span)}>{count(ear.flagged)}</a> : '0'}
                </td>
                <td>
                  {faultsOf(ear).map(([flag, n]) => (
                    <span key={flag} class="quality-fault">
                      {t.quality.flags[flag] ?? flag} <a href={callsOf(ear, flag, span)}>{count(n)}</a>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {total > list.length && (
        <p>
          <span class="quiet">{t.quality.listed({ n: list.length })}</span>{' '}
          <a href={addressOfAll}>{t.quality.showAll({ n: total })}</a>
        </p>
      )}
    </section>
  );
}
