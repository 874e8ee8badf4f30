import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { ErrorNote } from '../kit/error-note.js';
import { PersonIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { usePopup } from '../kit/use-popup.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { session, signOut } from '../state/session.js';
import { theme, themes } from '../state/theme.js';
import { keysShown } from './keys.js';
import { helpAt } from './pages.js';

export function UserMenu() {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const name = session.value?.user?.name ?? '';

  usePopup(open, () => setOpen(false), { box, button });

  return (
    <div class="user" ref={box}>
      <button
        type="button"
        class="user-button"
        ref={button}
        aria-expanded={open}
        aria-controls="user-menu"
        aria-label={t.menu.user({ name })}
        title={name}
        data-said="title"
        onClick={() => setOpen(!open)}
      >
        <PersonIcon />
        <Verbatim text={name} class="user-name" />
      </button>
      <div class="user-menu" id="user-menu" hidden={!open}>
        <p class="user-who">
          <Sentence of={t.menu.signedInAs} parts={{ name: <Verbatim text={name} /> }} />
        </p>
        <a class="button" href="/account" onClick={() => setOpen(false)}>
          {t.account.menu}
        </a>
        <fieldset class="segments">
          <legend>{t.menu.theme}</legend>
          {themes.map((choice) => (
            <label key={choice}>
              <input
                type="radio"
                name="theme"
                checked={theme.value === choice}
                onChange={() => {
                  theme.value = choice;
                }}
              />
              <span>{t.menu.themes[choice]}</span>
            </label>
          ))}
        </fieldset>
        {problem !== null && <ErrorNote problem={problem} />}
        <div class="user-acts">
          {/* In a tab of its own, so that a call that plays goes on. */}
          <a class="button" href={helpAt(path)} target="_blank" rel="noopener" onClick={() => setOpen(false)}>
            {t.menu.help}
          </a>
          <button
            type="button"
            class="button"
            onClick={() => {
              setOpen(false);
              keysShown.value = true;
            }}
          >
            {t.menu.keys}
          </button>
          <button type="button" class="button" onClick={() => signOut().catch(setProblem)}>
            {t.menu.signOut}
          </button>
        </div>
        <p class="user-about">{t.menu.about({ v: session.value?.version ?? '' })}</p>
      </div>
    </div>
  );
}
