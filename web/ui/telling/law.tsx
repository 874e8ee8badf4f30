import { useState } from 'preact/hooks';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import type { TellingFacts } from '../state/api.js';

/** What is known of the law of each place. */
export function Law({ places }: { places: TellingFacts['jurisdictions'] }) {
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const c = t.telling.columns;
  const shown = places.filter((p) =>
    `${p.id} ${p.name} ${t.telling.rules[p.rule]}`.toLowerCase().includes(wanted),
  );
  return (
    <section aria-labelledby="telling-law">
      <h2 id="telling-law">{t.telling.law}</h2>
      <p class="note">{t.telling.notice}</p>
      <label class="telling-field">
        <span>{t.telling.filter}</span>
        <input type="search" value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
      </label>
      <p class="quiet" role="status">
        {shown.length === 0 ? t.telling.none : t.telling.lawNote({ n: shown.length })}
      </p>
      {shown.length > 0 && (
        <table class="table telling-table">
          <TableHead columns={c} />
          <tbody>
            {shown.map((p) => (
              <tr key={p.id}>
                <td class="table-call">
                  <span translate={false}>
                    {p.name} <span class="quiet">{p.id}</span>
                  </span>
                  {p.nuance !== '' && (
                    <p class="quiet" translate={false}>
                      {p.nuance}
                    </p>
                  )}
                  {p.prompt_in_recording && <p class="quiet">{t.telling.inRecording}</p>}
                  {p.beep_seconds !== null && <p class="quiet">{t.telling.beep({ s: p.beep_seconds })}</p>}
                  {p.overridden && <p class="telling-active">{t.telling.overridden}</p>}
                </td>
                <td>
                  <TableLabel name={c.rule} />
                  {t.telling.rules[p.rule]}
                </td>
                <td>
                  <TableLabel name={c.enough} />
                  {t.telling.modes[p.satisfied_by[0]!]}
                </td>
                <td class="telling-source">
                  <TableLabel name={c.source} />
                  <span translate={false}>{p.source}</span>
                </td>
                <td>
                  <TableLabel name={c.date} />
                  <span translate={false}>{p.as_of}</span>
                </td>
                <td>
                  <TableLabel name={c.sure} />
                  {t.telling.confidence[p.confidence]}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
