import { signal } from '@preact/signals';

/** Set to have the search box take focus as soon as it can be seen. */
export const searchWanted = signal(false);
