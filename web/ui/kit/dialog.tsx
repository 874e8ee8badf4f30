import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../messages/language.js';
import { CrossIcon } from './icons.js';

/**
 * A modal dialog on the platform's own element: it keeps focus, closes on Escape and gives focus back. It opens with the
 * focus on the field that has `autofocus`, before anything is painted: a key pressed in the meantime would still go to the
 * button that opened it.
 */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const opener = document.activeElement;
    element.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onClose={props.onClose}>
      <div class="dialog-head">
        <h2 id={id}>{props.title}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={t.common.close}
          onClick={() => element.current?.close()}
        >
          <CrossIcon />
        </button>
      </div>
      {props.children}
    </dialog>
  );
}
