/** Where keys are letters. */
export const typing =
  'input:not([type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable]';

/** Calls back when Escape is pressed and nothing smaller (a dialog, a menu, a field) has used it. Returns how to stop. */
export function onEscape(act: () => void): () => void {
  const listener = (event: KeyboardEvent) => {
    const target = event.target as Element | null;
    if (event.key !== 'Escape' || event.defaultPrevented || target?.closest(typing)) return;
    if (!document.querySelector('dialog[open]')) act();
  };
  addEventListener('keydown', listener);
  return () => removeEventListener('keydown', listener);
}
