import { durationText, sizeText, wholeSeconds } from '../../../daemon/domain/written.js';
import { zone } from '../state/session.js';
import { t } from './en/messages.js';

/** English is the language of the messages, so dates follow the reader's kind of English. */
const locale = navigator.languages.find((l) => l.startsWith('en')) ?? 'en-GB';

const made = new Map<string, Intl.DateTimeFormat>();
function format(key: string, options: Intl.DateTimeFormatOptions, as = locale): Intl.DateTimeFormat {
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

/** The day in the site's zone, as 2026-11-25. */
export const dayOf = (m: Moment) =>
  format('day', { year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA').format(at(m));
export const clock = (m: Moment) =>
  format('clock', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at(m));
/** To the second, with the zone. */
export const exact = (m: Moment) =>
  format('exact', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at(m));
export const date = (m: Moment) =>
  format('date', { day: 'numeric', month: 'short', year: 'numeric' }).format(at(m));
/** 3 Nov 2026, 14:32:07 */
export const dateAndSeconds = (m: Moment) =>
  `${date(m)}, ${format('seconds', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(at(m))}`;
export const dateAndClock = (m: Moment) => `${date(m)}, ${clock(m)}`;

/** The day `days` after another, both as 2026-11-25. */
export function dayAfter(day: string, days: number): string {
  const d = new Date(`${day}T12:00:00Z`);
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

export function dayHeading(day: string, now: number): string {
  const today = dayOf(now);
  const long = new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
  }).format(new Date(`${day}T12:00:00Z`));
  if (day === today) return t.when.today;
  if (day === dayAfter(today, -1)) return t.when.yesterday;
  return long;
}

const HOUR = 3_600_000;

/** In a list under day headings: how long ago within the hour, the time of day before that. */
export function recently(m: Moment, now: number): string {
  const ago = now - at(m).getTime();
  if (ago < 0 || ago >= HOUR) return clock(m);
  return ago < 60_000 ? t.when.now : t.when.minutesAgo(Math.floor(ago / 60_000));
}

/** On its own: today 14:32, yesterday 14:32, 3 Nov 2026, 14:32. */
export function dayAndClock(m: Moment, now: number): string {
  const day = dayOf(m);
  const today = dayOf(now);
  if (day === today) return `${t.when.today.toLowerCase()} ${clock(m)}`;
  if (day === dayAfter(today, -1)) return `${t.when.yesterday.toLowerCase()} ${clock(m)}`;
  return dateAndClock(m);
}

/** 3:07 or 1:02:07; with a sign before the answer. */
export const length = durationText;

/** 3 minutes 7 seconds, for reading aloud. */
export function lengthInWords(ms: number): string {
  const total = wholeSeconds(ms);
  const parts = [
    t.when.hours(Math.floor(total / 3600)),
    t.when.minutes(Math.floor(total / 60) % 60),
    t.when.seconds(total % 60),
  ].filter((_, i) => [total >= 3600, Math.floor(total / 60) % 60 > 0, total % 60 > 0 || total === 0][i]);
  return parts.join(' ');
}

export const count = (n: number) => new Intl.NumberFormat(locale).format(n);

export const size = sizeText;

export const percent = (share: number) =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);

/** A level in whole decibels. */
export const db = (level: number) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(level);
