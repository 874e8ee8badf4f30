import { WEEKDAYS, type Weekday } from '../../../daemon/domain/policy/hours.js';
import { durationText, repeatedOffset, sizeParts, wholeSeconds } from '../../../daemon/domain/written.js';
import { zone } from '../state/session.js';
import { t, written } from './language.js';
import { localeNow } from './locale.js';

const made = new Map<string, Intl.DateTimeFormat>();
function format(key: string, options: Intl.DateTimeFormatOptions, as = localeNow()): Intl.DateTimeFormat {
  const id = `${key} ${zone()}`;
  let f = made.get(id);
  if (!f) {
    try {
      f = new Intl.DateTimeFormat(as, { ...options, timeZone: zone() });
    } catch {
      f = new Intl.DateTimeFormat(as, { ...options, timeZone: 'UTC' });
    }
    made.set(id, f);
  }
  return f;
}

type Moment = string | number;
const at = (m: Moment) => new Date(m);

const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const;
const MINUTE = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const SECOND = { ...MINUTE, second: '2-digit' } as const;

/** The day in the site's zone, as 2026-11-25. */
export const dayOf = (m: Moment) =>
  format('day', { year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA').format(at(m));
/** The offset of a time that the clocks at the site show twice: "02:30 +02:00". */
function repeated(m: Moment): string {
  try {
    return repeatedOffset(at(m).getTime(), zone());
  } catch {
    return '';
  }
}
export const clock = (m: Moment) => `${format('clock', MINUTE).format(at(m))}${repeated(m)}`;
/** The days of a week, in their order. */
export function weekdays(): Record<Weekday, string> {
  const long = new Intl.DateTimeFormat(localeNow(), { weekday: 'long', timeZone: 'UTC' });
  const named = WEEKDAYS.map((day, n) => [day, written(long.format(Date.UTC(2024, 0, 1 + n)))]);
  return Object.fromEntries(named) as Record<Weekday, string>;
}
/** To the second, with the zone. */
export const exact = (m: Moment) =>
  written(format('exact', { weekday: 'short', ...DAY, ...SECOND, timeZoneName: 'short' }).format(at(m)));
export const date = (m: Moment) => written(format('date', DAY).format(at(m)));
/** 3 Nov 2026, 14:32:07 */
export const dateAndSeconds = (m: Moment) =>
  `${written(format('seconds', { ...DAY, ...SECOND }).format(at(m)))}${repeated(m)}`;
export const dateAndClock = (m: Moment) =>
  `${written(format('minutes', { ...DAY, ...MINUTE }).format(at(m)))}${repeated(m)}`;

/** A day of the calendar, such as 2026-11-25, as 25 Nov 2026. */
export const dayInWords = (day: string) =>
  written(
    new Intl.DateTimeFormat(localeNow(), { ...DAY, timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`)),
  );

/** The day `days` after another, both as 2026-11-25. */
export function dayAfter(day: string, days: number): string {
  const d = new Date(`${day}T12:00:00Z`);
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

export function dayHeading(day: string, now: number): string {
  const today = dayOf(now);
  if (day === today) return t.when.today;
  if (day === dayAfter(today, -1)) return t.when.yesterday;
  const long = new Intl.DateTimeFormat(localeNow(), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
  });
  return written(long.format(new Date(`${day}T12:00:00Z`)));
}

const HOUR = 3_600_000;

/** In a list under day headings: how long ago within the hour, the time of day before that. */
export function recently(m: Moment, now: number): string {
  const ago = now - at(m).getTime();
  if (ago < 0 || ago >= HOUR) return clock(m);
  return ago < 60_000 ? t.when.now : t.when.minutesAgo({ n: Math.floor(ago / 60_000) });
}

/** On its own: today 14:32, yesterday 14:32, 3 Nov 2026, 14:32. */
export function dayAndClock(m: Moment, now: number): string {
  const day = dayOf(m);
  const today = dayOf(now);
  if (day === today) return t.when.todayAt({ clock: clock(m) });
  if (day === dayAfter(today, -1)) return t.when.yesterdayAt({ clock: clock(m) });
  return dateAndClock(m);
}

/** 3:07 or 1:02:07; with a sign before the answer. */
export const length = durationText;

const units = new Map<string, Intl.NumberFormat>();
function unitFormat(unit: 'hour' | 'minute' | 'second'): Intl.NumberFormat {
  const known =
    units.get(unit) ?? new Intl.NumberFormat(localeNow(), { style: 'unit', unit, unitDisplay: 'long' });
  units.set(unit, known);
  return known;
}

let joined: Intl.ListFormat | undefined;

/** 3 minutes 7 seconds, for reading aloud. */
export function lengthInWords(ms: number): string {
  const total = wholeSeconds(ms);
  const parts = [
    [Math.floor(total / 3600), 'hour'],
    [Math.floor(total / 60) % 60, 'minute'],
    [total % 60, 'second'],
  ] as const;
  const said = parts
    .filter(([n, unit]) => n > 0 || (total === 0 && unit === 'second'))
    .map(([n, unit]) => unitFormat(unit).format(n));
  joined ??= new Intl.ListFormat(localeNow(), { type: 'unit', style: 'narrow' });
  return written(joined.format(said));
}

/** 812 bytes, 1.5 MB, 71.3 GB */
export function size(bytes: number): string {
  const { value, unit } = sizeParts(bytes);
  return t.when.size[unit]({ n: value });
}
