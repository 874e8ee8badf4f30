import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/**
 * What a menu does while it is open: Escape closes it and gives the focus back to its button, a click or the focus
 * elsewhere closes it.
 */
export function usePopup(
  open: boolean,
  close: () => void,
  { box, button }: { box: RefObject<HTMLElement | null>; button: RefObject<HTMLElement | null> },
): void {
  // Before the next key: an Escape right after the click closes the menu, not the call behind it.
  useLayoutEffect(() => {
    if (!open) return;
    const outside = (e: Event) => {
      const target = e.target as Node;
      if (!box.current?.contains(target) && !button.current?.contains(target)) close();
    };
    const onEscape = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return;
      e.preventDefault();
      close();
      button.current?.focus();
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    // Before anything else that Escape would close.
    addEventListener('keydown', onEscape, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
      removeEventListener('keydown', onEscape, true);
    };
  }, [open]);
}
