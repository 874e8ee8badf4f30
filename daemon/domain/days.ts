/** Where the installation is: `timeZone` is an IANA zone. */
export type Site = { timeZone: string };

const DAY_MS = 86_400_000;
/** No zone is further from UTC than this, and no change of clocks is longer. */
const FURTHEST_MS = 38 * 3_600_000;

/**
 * When a day (YYYY-MM-DD) begins in an IANA zone, in milliseconds since 1970: the first moment whose date there is that
 * day or a later one, so that days without a midnight, and days that a zone left out, are right too.
 */
export function startOfDay(day: string, zone: string): number {
  const dateAt = dates(zone);
  let before = Date.parse(`${day}T00:00:00Z`) - FURTHEST_MS;
  let from = before + 2 * FURTHEST_MS;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (dateAt(middle) >= day) from = middle;
    else before = middle;
  }
  return from;
}

/** The day so many days after another, or before it. */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

export const nextDay = (day: string): string => dayAfter(day, 1);

/** A time (ms since 1970) as ISO 8601 in UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** Gives dates in a zone as YYYY-MM-DD. */
export function dates(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return `${parts.year!.padStart(4, '0')}-${parts.month}-${parts.day}`;
  };
}

/** Gives times in a zone as YYYY-MM-DD HH:MM:SS. */
export function times(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (ms) => format.format(ms);
}
