import { signal } from '@preact/signals';
import { createRef } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { MenuIcon } from '../kit/icons.js';
import { usePopup } from '../kit/use-popup.js';
import { t } from '../messages/language.js';
import { navigation } from './pages.js';

/** On narrow screens the navigation is a menu; on wide ones it is always there. */
const open = signal(false);
const button = createRef<HTMLButtonElement>();

export function MenuButton() {
  return (
    <button
      type="button"
      class="nav-button"
      ref={button}
      aria-expanded={open.value}
      aria-controls="navigation"
      onClick={() => {
        open.value = !open.value;
      }}
    >
      <MenuIcon />
      {t.nav.menu}
    </button>
  );
}

export function Navigation({ path }: { path: string }) {
  const box = useRef<HTMLElement>(null);
  const close = () => {
    open.value = false;
  };
  usePopup(open.value, close, { box, button });
  useEffect(close, [path]);
  return (
    <nav id="navigation" class={open.value ? 'nav nav-open' : 'nav'} aria-label={t.nav.label} ref={box}>
      {navigation(path).map(({ group, pages }) => (
        <div key={group} class="nav-group">
          <p id={`nav-${group}`}>{t.nav.groups[group]}</p>
          <ul aria-labelledby={`nav-${group}`}>
            {pages.map((page) => (
              <li key={page.name}>
                <a href={page.href} aria-current={page.here ? 'page' : undefined} onClick={close}>
                  {page.label}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
