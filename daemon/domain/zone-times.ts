import { shownTimes } from './days.js';

/** Whether this is an IANA time zone such as "Europe/Berlin". */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const clocks = new Map<string, (at: number) => string>();

/** What the clocks of a zone show at a time (ms since 1970), to the second, as ms since 1970 as if it were UTC. */
export function shownAt(at: number, zone: string): number {
  const clock = clocks.get(zone) ?? shownTimes(zone);
  clocks.set(zone, clock);
  return Date.parse(`${clock(at).replace(' ', 'T')}Z`);
}

/**
 * When clocks in a zone show this, in ms since 1970: once, twice when they are set back, and never when they jump over it. In their
 * order.
 */
export function instants(local: number, zone: string): number[] {
  const offset = (at: number) => shownAt(at, zone) - at;
  const found = [-86_400_000, 86_400_000].map((d) => local - offset(local + d));
  return [...new Set(found)].filter((at) => shownAt(at, zone) === local).sort((a, b) => a - b);
}
