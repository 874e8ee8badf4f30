import { useState } from 'preact/hooks';
import { base64 } from '../kit/base64.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { api, type Prompts, type TellingFacts } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { Kinds } from './kinds.js';
import { Words } from './words.js';

type Kind = Prompts[number]['kind'];
type Language = Prompts[number]['language'];

/** What callers hear, of one language at a time: each can be listened to before it is used. */
export function PromptList({
  prompts,
  facts,
  load,
}: {
  prompts: Prompts;
  facts: TellingFacts;
  load: () => void;
}) {
  const [language, setLanguage] = useState<string>('en');
  const [problem, setProblem] = useState<unknown>(null);
  const fixed = !mayDo('settings');
  async function use(kind: Kind, language: Language, hash: string | null) {
    setProblem(null);
    await proven(() => api.usePrompt(kind, language, hash)).then(load, setProblem);
  }
  return (
    <section aria-labelledby="telling-prompts">
      <h2 id="telling-prompts">{t.telling.prompts}</h2>
      <p class="quiet">{t.telling.promptsNote({ refuse: facts.refuse_key, agree: facts.agree_key })}</p>
      <label class="telling-field">
        <span>{t.telling.language}</span>
        <select value={language} onChange={(e) => setLanguage(e.currentTarget.value)}>
          {Object.entries(t.telling.languages).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {prompts.some((p) => p.lacks_purpose) && <p class="note telling-lacks">{t.telling.lacks}</p>}
      {problem !== null && <ErrorNote problem={problem} />}
      {prompts
        .filter((p) => p.language === language)
        .map(({ kind, language, own, uploaded, lacks_purpose }) => (
          <div class="telling-kind" key={kind}>
            <h3>{t.telling.modes[kind]}</h3>
            {lacks_purpose && (
              <p class="telling-warning">
                <AlarmIcon /> {t.telling.lacksHere}
              </p>
            )}
            <ul>
              <One
                name={t.telling.included}
                {...own}
                use={fixed ? null : () => use(kind, language, null)}
                note=""
              />
              {uploaded.map((p) => (
                <One
                  key={p.hash}
                  {...p}
                  use={fixed ? null : () => use(kind, language, p.hash)}
                  note={t.telling.by({ who: clean(p.added_by), when: dateAndClock(p.added_at) })}
                />
              ))}
            </ul>
          </div>
        ))}
      {!fixed && (
        <Words
          key={`${language} ${facts.refuse_key} ${facts.agree_key}`}
          prompts={prompts.filter((p) => p.language === language)}
          load={load}
        />
      )}
      {!fixed && <Upload key={language} language={language as Language} load={load} />}
    </section>
  );
}

type OneProps = {
  name: string;
  hash: string;
  text: string;
  duration_ms: number;
  active: boolean;
  note: string;
  says_purpose?: boolean;
  use: (() => void) | null;
};

function One({ name, hash, text, duration_ms, active, note, says_purpose = false, use }: OneProps) {
  return (
    <li class="telling-prompt">
      <div>
        <p>
          <bdi>{name}</bdi>{' '}
          <span class="quiet">{t.telling.seconds({ s: (duration_ms / 1_000).toFixed(1) })}</span>
        </p>
        {text !== '' && (
          <p>
            <q translate={false}>{text}</q>
          </p>
        )}
        {says_purpose && <p class="quiet">{t.telling.saysPurpose}</p>}
        {note !== '' && <p class="quiet">{note}</p>}
      </div>
      {use && (
        // biome-ignore lint/a11y/useMediaCaption: its words stand beside it
        <audio
          controls
          preload="none"
          src={`/api/v1/prompts/${hash}/audio`}
          aria-label={t.telling.listen({ name })}
        />
      )}
      {active ? (
        <p class="telling-active">{t.telling.active}</p>
      ) : (
        use && (
          <button type="button" class="button" onClick={use}>
            {t.telling.use}
          </button>
        )
      )}
    </li>
  );
}

function Upload({ language, load }: { language: Language; load: () => void }) {
  const [state, setState] = useState<'idle' | 'sending' | 'sent'>('idle');
  const [problem, setProblem] = useState<unknown>(null);
  async function send(form: HTMLFormElement) {
    const given = new FormData(form);
    const file = given.get('file') as File;
    setState('sending');
    setProblem(null);
    try {
      await api.addPrompt({
        ...{ kind: given.get('kind') as Kind, language, name: String(given.get('name')) },
        ...{ text: String(given.get('text')), audio: await base64(file) },
        says_purpose: given.get('says_purpose') !== null,
      });
      form.reset();
      setState('sent');
      load();
    } catch (cause) {
      setProblem(cause);
      setState('idle');
    }
  }
  return (
    <form
      class="telling-upload"
      onSubmit={(e) => {
        e.preventDefault();
        send(e.currentTarget);
      }}
    >
      <h3>{t.telling.upload}</h3>
      <label class="telling-field">
        <span>{t.telling.kind}</span>
        <select name="kind">
          <Kinds />
        </select>
      </label>
      <label class="telling-field">
        <span>{t.telling.name}</span>
        <input name="name" required maxLength={80} autocomplete="off" />
      </label>
      <label class="telling-field">
        <span>{t.telling.said}</span>
        <input name="text" maxLength={500} autocomplete="off" />
      </label>
      <label class="check">
        <input type="checkbox" name="says_purpose" />
        <span>{t.telling.saysPurpose}</span>
      </label>
      <label class="telling-field">
        <span>{t.telling.file}</span>
        <input name="file" type="file" accept="audio/*" required />
      </label>
      <p class="quiet">{t.telling.fileHelp}</p>
      {problem !== null && <ErrorNote problem={problem} />}
      <div role="status">{state === 'sent' && <p>{t.telling.sent}</p>}</div>
      <button type="submit" class="button" disabled={state === 'sending'}>
        {state === 'sending' ? t.telling.sending : t.telling.send}
      </button>
    </form>
  );
}
