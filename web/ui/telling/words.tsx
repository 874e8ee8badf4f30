import { useEffect, useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { api, type Prompts } from '../state/api.js';
import { Kinds } from './kinds.js';

type Kind = Prompts[number]['kind'];
type Doing = 'nothing' | 'speaking' | 'saving' | 'saved';

/** What was spoken, and of which words: others have to be heard again before they are saved. */
type Heard = { text: string; audio: string; url: string };

/** A prompt from the words of the site, in the language of these prompts, heard before it is saved. */
export function Words({ prompts, load }: { prompts: Prompts; load: () => void }) {
  const first = prompts.find((p) => p.lacks_purpose) ?? prompts[0]!;
  const [kind, setKind] = useState<Kind>(first.kind);
  const of = prompts.find((p) => p.kind === kind)!;
  const [typed, setTyped] = useState<string | null>(null);
  const [says, setSays] = useState(false);
  const [heard, setHeard] = useState<Heard | null>(null);
  const [doing, setDoing] = useState<Doing>('nothing');
  const [problem, setProblem] = useState<unknown>(null);
  const text = typed ?? of.offered;
  const { language } = of;
  const fault = isBlank(text) ? t.telling.noSentence : /[[\]]/.test(text) ? t.telling.fillIn : null;
  useEffect(() => () => URL.revokeObjectURL(heard?.url ?? ''), [heard]);

  function change(next: { kind?: Kind; text?: string }) {
    if (next.kind) setKind(next.kind);
    setTyped(next.text ?? null);
    setHeard(null);
    setDoing('nothing');
  }
  async function attempt(as: Doing, act: () => Promise<Doing>) {
    setDoing(as);
    setProblem(null);
    try {
      setDoing(await act());
    } catch (cause) {
      setProblem(cause);
      setDoing('nothing');
    }
  }
  const speak = () =>
    attempt('speaking', async () => {
      const { audio } = await api.speak({ language, text });
      setHeard({ text, audio, url: urlOf(audio) });
      return 'nothing';
    });
  const save = ({ audio }: Heard) =>
    attempt('saving', async () => {
      const name = t.telling.computerVoice;
      await api.addPrompt({ kind, language, name, text, audio, says_purpose: says });
      setHeard(null);
      setTyped(null);
      load();
      return 'saved';
    });
  const busy = doing === 'speaking' || doing === 'saving';
  return (
    <form
      class="telling-upload"
      onSubmit={(e) => {
        e.preventDefault();
        if (!fault && !busy) void (heard ? save(heard) : speak());
      }}
    >
      <h3>{t.telling.words}</h3>
      <p class="quiet">{t.telling.wordsNote}</p>
      <label class="telling-field">
        <span>{t.telling.wordsKind}</span>
        <select value={kind} onChange={(e) => change({ kind: e.currentTarget.value as Kind })}>
          <Kinds />
        </select>
      </label>
      <label class="telling-field">
        <span>{t.telling.sentence}</span>
        <textarea
          rows={3}
          maxLength={500}
          lang={language}
          value={text}
          aria-describedby={fault === null ? undefined : 'telling-words-fault'}
          onInput={(e) => change({ text: e.currentTarget.value })}
        />
      </label>
      {fault !== null && (
        <p class="quiet" id="telling-words-fault">
          {fault}
        </p>
      )}
      <label class="check">
        <input type="checkbox" checked={says} onChange={(e) => setSays(e.currentTarget.checked)} />
        <span>{t.telling.saysPurpose}</span>
      </label>
      {heard && (
        // biome-ignore lint/a11y/useMediaCaption: its words stand beside it
        <audio controls src={heard.url} aria-label={t.telling.spoken} />
      )}
      {problem !== null && <ErrorNote problem={problem} />}
      <div role="status">
        {doing === 'saved' && <p>{t.telling.savedWords}</p>}
        {doing === 'speaking' && <p>{t.telling.speaking}</p>}
      </div>
      <button type="button" class="button" disabled={fault !== null || busy} onClick={speak}>
        {t.telling.speak}
      </button>{' '}
      <button type="button" class="button" disabled={!heard || busy} onClick={() => heard && save(heard)}>
        {t.telling.saveWords}
      </button>
    </form>
  );
}

/** The address of a wav file that is in base64. */
const urlOf = (audio: string): string =>
  URL.createObjectURL(
    new Blob([Uint8Array.from(atob(audio), (c) => c.charCodeAt(0))], { type: 'audio/wav' }),
  );
