import { signal } from '@preact/signals';

const said = signal('');

/** Says something politely to a screen reader; nothing shows. */
export function announce(text: string): void {
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function Announcer() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
