import type { CallPage, CallSummary } from '../../state/api.js';

/** The row at the top of what is seen of the list, and how far its top is above that, in px. */
export type Anchor = { id: string; offset: number };

/** A list as it was left: what had been loaded, where more begins, and what was seen of it. */
export type Place = {
  calls: CallSummary[];
  next: string | null;
  match: CallPage['match'];
  anchor: Anchor | null;
};

const MOST_PLACES = 5;
/** By filters. They last as long as the document, which is one person's. */
const places = new Map<string, Place>();

/** Whether the last navigation was Back or Forward, not a link. */
let byHistory = false;
addEventListener('popstate', () => {
  byHistory = true;
});
addEventListener(
  'click',
  () => {
    byHistory = false;
  },
  { capture: true },
);

export function leavePlace(narrowed: string, place: Place): void {
  places.delete(narrowed);
  places.set(narrowed, place);
  if (places.size > MOST_PLACES) places.delete(places.keys().next().value!);
}

/** Returns the place that Back or Forward leads back to; null after following a link, or if it is not known. */
export const placeLeft = (narrowed: string): Place | null =>
  byHistory ? (places.get(narrowed) ?? null) : null;
