import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

const said = signal('');

/** Says something politely to a screen reader; nothing shows. */
export function announce(text: string): void {
  said.value = said.value === text ? `${text}\u00a0` : text;
}

/** `silent`: forgets what was announced before, which was for somebody who has signed out. */
export function Announcer({ silent }: { silent: boolean }) {
  useLayoutEffect(() => {
    if (silent) said.value = '';
  }, [silent]);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
