import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { api, type TellingFacts } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { useView } from '../state/use-view.js';
import { PromptList } from './prompts.js';

/** How people are told that calls are recorded: the default, what they hear, and the law it rests on. */
export function TellingPage() {
  const ask = async () => {
    const [facts, { prompts }] = await Promise.all([api.telling(), api.prompts()]);
    return { facts, prompts };
  };
  const { view: v, problem, load } = useView(ask);
  return (
    <div class="sheet telling">
      <header class="sheet-head">
        <h1>{t.telling.title}</h1>
        <p class="note note-warn" role="note">
          {t.telling.notYet}
        </p>
        <p class="note">{t.telling.notice}</p>
        <p class="quiet">{t.telling.intro}</p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!v && problem === null && <p class="quiet">{t.common.loading}</p>}
      {v && (
        <>
          <Default key={v.facts.policy_version} facts={v.facts} load={load} />
          <PromptList prompts={v.prompts} facts={v.facts} load={load} />
          <Law places={v.facts.jurisdictions} />
        </>
      )}
    </div>
  );
}

function Default({ facts, load }: { facts: TellingFacts; load: () => void }) {
  const [mode, setMode] = useState(facts.mode);
  const [confirmed, setConfirmed] = useState(facts.silent_confirmed);
  const [problem, setProblem] = useState<unknown>(null);
  const fixed = !mayDo('settings');
  const changed = mode !== facts.mode || confirmed !== facts.silent_confirmed;
  async function save() {
    setProblem(null);
    try {
      const { version, policy } = await api.policy();
      const telling = { ...policy.telling, mode, silent_confirmed: confirmed };
      await proven(() => api.savePolicy(version, { ...policy, telling }));
      load();
    } catch (cause) {
      setProblem(cause);
    }
  }
  return (
    <section aria-labelledby="telling-default">
      <h2 id="telling-default">{t.telling.default}</h2>
      <label class="telling-field">
        <span>{t.telling.defaultLabel}</span>
        <select
          value={mode}
          disabled={fixed}
          onChange={(e) => setMode(e.currentTarget.value as TellingFacts['mode'])}
        >
          {Object.entries(t.telling.modes).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {mode === 'silent' && (
        <label class="telling-check">
          <input
            type="checkbox"
            checked={confirmed}
            disabled={fixed}
            onChange={(e) => setConfirmed(e.currentTarget.checked)}
          />{' '}
          {t.telling.confirm}
        </label>
      )}
      {problem !== null && <ErrorNote problem={problem} />}
      {!fixed && changed && (
        <button type="button" class="button button-main" onClick={save}>
          {t.telling.save}
        </button>
      )}
    </section>
  );
}

function Law({ places }: { places: TellingFacts['jurisdictions'] }) {
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
