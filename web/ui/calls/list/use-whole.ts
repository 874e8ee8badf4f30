import { options } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/**
 * Whether all that was loaded of the list is drawn: for print, and for the browser's own search, which finds only what is drawn.
 * The search ends with the next key or click in the page.
 */
export function useWhole(): boolean {
  const [whole, setWhole] = useState<'print' | 'search' | null>(null);
  useEffect(() => {
    const print = () => atOnce(() => setWhole('print'));
    const printed = () => setWhole(null);
    const pressed = (event: KeyboardEvent) => {
      const searches = event.key === 'F3' || ((event.ctrlKey || event.metaKey) && event.key === 'f');
      if (searches) atOnce(() => setWhole('search'));
      else if (!['Control', 'Meta', 'Shift'].includes(event.key)) setWhole(null);
    };
    const clicked = () => setWhole(null);
    addEventListener('beforeprint', print);
    addEventListener('afterprint', printed);
    addEventListener('keydown', pressed, { capture: true });
    addEventListener('pointerdown', clicked, { capture: true });
    return () => {
      removeEventListener('beforeprint', print);
      removeEventListener('afterprint', printed);
      removeEventListener('keydown', pressed, { capture: true });
      removeEventListener('pointerdown', clicked, { capture: true });
    };
  }, []);
  return whole !== null;
}

/** Renders a change before it returns: the browser prints or searches what is on the page then. */
function atOnce(change: () => void): void {
  const { debounceRendering } = options;
  options.debounceRendering = (draw) => draw();
  change();
  options.debounceRendering = debounceRendering;
}
