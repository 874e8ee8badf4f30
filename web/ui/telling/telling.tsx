import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { useReplay } from '../policy/replay.js';
import { SaveBar } from '../policy/save-bar.js';
import { usePolicy } from '../policy/use-policy.js';
import { api } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { useView } from '../state/use-view.js';
import { Law } from './law.js';
import { PromptList } from './prompts.js';
import { sameKeys, TellingSettings } from './settings.js';
import { WhoTells } from './who-tells.js';

/** How people are told that calls are recorded: by whom, by default and where the law asks for more, and what they hear. */
export function TellingPage() {
  const ask = async () => {
    const [facts, { prompts }] = await Promise.all([api.telling(), api.prompts()]);
    return { facts, prompts };
  };
  const { view: v, problem, load } = useView(ask);
  const policy = usePolicy();
  const replay = useReplay();
  const [editing, setEditing] = useState(0);
  const [draft, loaded] = [policy.draft.value, policy.loaded.value];
  const fixed = !mayDo('settings');
  const trouble = problem ?? (draft ? null : policy.problem.value);
  const ready = v && draft && loaded;
  return (
    <div class="sheet telling">
      <header class="sheet-head">
        <h1>{t.telling.title}</h1>
        {ready && (
          <p class="answer">
            {v.facts.tells ? t.telling.tells({ how: t.would.how[v.facts.mode] }) : t.telling.tellsNobody}
          </p>
        )}
        <p class="note">{t.telling.notice}</p>
        {fixed && <p class="quiet">{t.rights.readOnly}</p>}
      </header>
      {trouble !== null && <ErrorNote problem={trouble} retry={load} />}
      {!ready && trouble === null && <p class="quiet">{t.common.loading}</p>}
      {ready && (
        <>
          <WhoTells telling={draft.telling} fixed={fixed} change={(telling) => policy.change({ telling })} />
          {draft.telling && (
            <TellingSettings
              telling={draft.telling}
              facts={v.facts}
              fixed={fixed}
              change={(part) => policy.change({ telling: { ...draft.telling, ...part } })}
              open={(by) => setEditing((n) => n + by)}
            />
          )}
          <PromptList prompts={v.prompts} facts={v.facts} load={load} />
          <Law places={v.facts.jurisdictions} />
          <SaveBar
            policy={policy}
            replay={replay}
            page="telling"
            blocked={draft.telling !== undefined && (sameKeys(draft.telling) || editing > 0)}
          />
        </>
      )}
    </div>
  );
}
