import { fail } from './error.js';
import { repeatedOffset } from './written.js';

/**
 * Where the installation is: `timeZone` is an IANA zone, `region` (ISO 3166-1) the one whose numbers are written without a country
 * code there, or ''.
 */
export type Site = {
  timeZone: string;
  region: string;
  /** By their ids, those PBXs that stand in another country, and in which state of it; '' for none that matters. */
  elsewhere?: ReadonlyMap<string, { region: string; subdivision: string }>;
};

/** Where a PBX stands. Its state is left out where it stands at the site: then the policy has it. */
export const siteOfPbx = (site: Site, pbx: string): Site & { subdivision?: string } => ({
  ...site,
  ...site.elsewhere?.get(pbx),
});

const DAY_MS = 86_400_000;
/** No zone is further from UTC than this, and no change of clocks is longer. */
const FURTHEST_MS = 38 * 3_600_000;

/**
 * When a day (YYYY-MM-DD) begins in an IANA zone, in milliseconds since 1970: the first moment whose date there is that
 * day or a later one, so that days without a midnight, and days that a zone left out, are right too.
 */
export const startOfDay = (day: string, zone: string): number => boundary('start', day, zone);

/** When a day is over in a zone: the first moment whose date there is a later one, in milliseconds since 1970. */
export const endOfDay = (day: string, zone: string): number => boundary('end', day, zone);

/** Finding a boundary formats some thirty dates, and the same few days are asked for again and again. */
const boundaries = new Map<string, number>();
const MAX_BOUNDARIES = 20_000;

function boundary(edge: 'start' | 'end', day: string, zone: string): number {
  const key = `${edge} ${day} ${zone}`;
  const found = boundaries.get(key);
  if (found !== undefined) return found;
  const fits = (date: string) => (edge === 'start' ? !isLater(day, date) : isLater(date, day));
  const dateAt = dates(zone);
  const midnight = midnightOf(day);
  let before = midnight - FURTHEST_MS;
  let from = midnight + DAY_MS + FURTHEST_MS;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (fits(dateAt(middle))) from = middle;
    else before = middle;
  }
  if (boundaries.size >= MAX_BOUNDARIES) boundaries.clear();
  boundaries.set(key, from);
  return from;
}

/** Whether a date is later than another: the year after 9999 has five digits. */
const isLater = (date: string, other: string): boolean =>
  date.length === other.length ? date > other : date.length > other.length;

const midnightOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/**
 * The day so many days after another, or before it. Throws `request_invalid` for one beyond the years 0 to 9999: such a day is not
 * written as YYYY-MM-DD, and no order of texts is its order.
 */
export function dayAfter(day: string, days: number): string {
  const [date] = new Date(midnightOf(day) + days * DAY_MS).toISOString().split('T') as [string];
  if (date.length !== day.length)
    throw fail(
      'request_invalid',
      `${day} is too close to the ${days > 0 ? 'end' : 'beginning'} of the calendar.`,
    );
  return date;
}

/** Every day of a period, both included. */
export const daysOf = ({ from, to }: { from: string; to: string }): string[] =>
  Array.from({ length: Math.max(0, (midnightOf(to) - midnightOf(from)) / DAY_MS + 1) }, (_, n) =>
    dayAfter(from, n),
  );

type WallClock = { date: string; weekday: string; time: string };
type ZoneClock = { format: Intl.DateTimeFormat; minutes: Map<number, WallClock> };
const clocks = new Map<string, ZoneClock>();
/** Minutes that are remembered: rules ask for many calls of the same 30 days again and again. */
const MOST_MINUTES = 45_000;

let last: { ms: number; zone: string; shown: WallClock } | undefined;

/** What calendar and clock show in an IANA zone: the day (YYYY-MM-DD) and its name (mon, tue, ...), and the time as HH:MM. */
export function wallClock(ms: number, zone: string): WallClock {
  if (last?.ms === ms && last.zone === zone) return last.shown;
  const shown = minuteOf(ms, zone);
  last = { ms, zone, shown };
  return shown;
}

function minuteOf(ms: number, zone: string): WallClock {
  let clock = clocks.get(zone);
  if (!clock) {
    const day = { weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const parts = { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', { ...parts, timeZone: zone });
    clock = { format, minutes: new Map() };
    clocks.set(zone, clock);
  }
  const minute = Math.floor(ms / 60_000);
  const known = clock.minutes.get(minute);
  if (known) return known;
  const parts = Object.fromEntries(clock.format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const shown = {
    date: `${parts.year!.padStart(4, '0')}-${parts.month}-${parts.day}`,
    weekday: parts.weekday!.toLowerCase(),
    time: `${parts.hour}:${parts.minute}`,
  };
  if (clock.minutes.size >= MOST_MINUTES) clock.minutes.clear();
  clock.minutes.set(minute, shown);
  return shown;
}

/**
 * The first moment at which the clocks of a zone show this (YYYY-MM-DD HH:MM) or a later time, in ms since 1970; null for what is
 * no such time. What a change of the clocks leaves out is when it changes; what it repeats is the first of the two.
 */
export function momentOf(text: string, zone: string): number | null {
  const wanted = `${text.trim().replace('T', ' ')}:00`;
  const about = Date.parse(`${wanted.replace(' ', 'T')}Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (
    !/^[\d-]{10} [\d:]{8}$/.test(wanted) ||
    Number.isNaN(about) ||
    iso(about).slice(8, 10) !== wanted.slice(8, 10)
  )
    return null;
  const shown = shownTimes(zone);
  // Zones are at most 14 hours from UTC. Time on the clock may run backwards, so it is looked for from the left.
  for (let at = about - 15 * 3_600_000; at <= about + 15 * 3_600_000; at += 15 * 60_000)
    if (shown(at) >= wanted) return at;
  return null;
}

/** A time (ms since 1970) as ISO 8601 in UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** Keeps one formatter for each zone: making one takes 60 times as long as using it, and 30 KB outside the heap limit. */
function onceForEachZone<T>(make: (zone: string) => T): (zone: string) => T {
  const made = new Map<string, T>();
  return (zone) => {
    const known = made.get(zone) ?? make(zone);
    made.set(zone, known);
    return known;
  };
}

/** Returns what writes dates in a zone as YYYY-MM-DD. */
export const dates = onceForEachZone((zone): ((ms: number) => string) => {
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
});

/** Returns what writes the time that the clocks of a zone show as YYYY-MM-DD HH:MM:SS. */
export const shownTimes = onceForEachZone((zone): ((ms: number) => string) => {
  // With the first time: making it takes 20 ms, and a short command may have none to write.
  let format: Intl.DateTimeFormat | null = null;
  return (ms) => {
    format ??= new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    return format.format(ms);
  };
});

/** Returns what writes times in a zone for people: YYYY-MM-DD HH:MM:SS, and the offset where the clocks show that twice. */
export const times = onceForEachZone((zone): ((ms: number) => string) => {
  const shown = shownTimes(zone);
  return (ms) => `${shown(ms)}${repeatedOffset(ms, zone)}`;
});
