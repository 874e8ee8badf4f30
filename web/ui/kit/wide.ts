import { signal } from '@preact/signals';

/** True where the list and a call fit side by side. The same width is in calls/calls.css. */
const query = matchMedia('(min-width: 1100px)');
export const wide = signal(query.matches);
query.addEventListener('change', () => {
  wide.value = query.matches;
});
