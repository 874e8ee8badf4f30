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

type ActsProps = { busy: boolean; ready: boolean; send: string; act: () => unknown; cancel: () => void };

/** The buttons of a dialog: cancel, and `send`, which waits until what it needs is `ready`. */
export function DialogActs({ busy, ready, send, act, cancel }: ActsProps) {
  return (
    <div class="dialog-acts">
      <button type="button" class="button" onClick={cancel}>
        {t.common.cancel}
      </button>
      <button type="button" class="button button-main" disabled={busy || !ready} onClick={act}>
        {send}
      </button>
    </div>
  );
}
