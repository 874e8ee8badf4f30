import { useState } from 'preact/hooks';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { dayInWords } from '../messages/when.js';
import type { TellingFacts } from '../state/api.js';

const yesNo = (yes: boolean): string => (yes ? t.telling.yes : t.telling.no);

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
      <p class="quiet">{t.telling.columnsNote}</p>
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
                  <p>
                    {t.telling.least({ rule: t.telling.rules[p.rule]!, mode: t.telling.modes[p.least]! })}
                  </p>
                  {p.nuance !== '' && (
                    <p class="quiet" translate={false}>
                      {p.nuance}
                    </p>
                  )}
                  {p.overridden && <p class="telling-active">{t.telling.overridden}</p>}
                </td>
                <td>
                  <TableLabel name={c.notice} />
                  {p.notice && p.prompt_in_recording ? t.telling.inTheRecording : yesNo(p.notice)}
                </td>
                <td>
                  <TableLabel name={c.consent} />
                  {yesNo(p.prior_consent)}
                </td>
                <td>
                  <TableLabel name={c.objection} />
                  {yesNo(p.objection)}
                </td>
                <td>
                  <TableLabel name={c.purpose} />
                  {yesNo(p.purpose_and_identity)}
                </td>
                <td>
                  <TableLabel name={c.tone} />
                  {p.beep_seconds === null ? yesNo(!p.notice) : t.telling.beep({ s: p.beep_seconds })}
                </td>
                <td class="telling-source">
                  <TableLabel name={c.source} />
                  <span translate={false}>{p.statute}</span>
                  <p class="quiet" translate={false}>
                    {p.source}
                  </p>
                  <p class="quiet">
                    {t.telling.read({ day: dayInWords(p.as_of), sure: t.telling.confidence[p.confidence]! })}
                  </p>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
