import { startOfDay, wallClock } from '../days.js';
import type { ClockStart } from './starts.js';

/** The end of the year 9999: a later time is not written. */
export const LAST_MS = 253_402_300_799_999;
const LAST_YEAR = 9_999;
const DAY_MS = 86_400_000;
/** Far enough from any local time to be on the other side of a change of the clocks close to it. */
const APART_MS = 1.5 * DAY_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock of a zone shows at a moment, as if it were UTC, in ms. */
function shownAt(ms: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    const day = { era: 'short', year: 'numeric', month: 'numeric', day: 'numeric' } as const;
    const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', { ...day, ...time, timeZone: zone });
    formats.set(zone, format);
  }
  const at: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) at[type] = Number(value);
  const seconds = Date.UTC(at.year!, at.month! - 1, at.day, at.hour, at.minute, at.second);
  return seconds + (((ms % 1000) + 1000) % 1000);
}

/**
 * When the clock of a zone shows a time. What a change of the clocks repeats is the second of the two, and what it leaves out is as
 * long after the change: nothing is erased too early.
 */
function whenShown(shown: number, zone: string): number {
  const [before, after] = [shown - APART_MS, shown + APART_MS].map(
    (near) => shown - (shownAt(near, zone) - near),
  ) as [number, number];
  if (before === after) return before;
  const right = [before, after].filter((at) => shownAt(at, zone) === shown);
  return Math.max(...(right.length > 0 ? right : [before, after]));
}

/** The same time of day so many days later, by the calendar of the zone; at most the end of the year 9999. Times are ms since 1970. */
export function daysLater(ms: number, days: number, zone: string): number {
  const shown = shownAt(ms, zone) + days * DAY_MS;
  return shown > LAST_MS - 2 * DAY_MS ? LAST_MS : whenShown(shown, zone);
}

/** When the days of a rule begin to count for a call that ended then. Times are ms since 1970. */
export function clockStart(from: ClockStart, endedAt: number, zone: string): number {
  if (from === 'call_end') return endedAt;
  const [year, month] = wallClock(endedAt, zone).date.split('-').map(Number) as [number, number];
  const next = from === 'year_end' || month === 12 ? [year + 1, 1] : [year, month + 1];
  if (next[0]! > LAST_YEAR) return LAST_MS;
  const day = `${String(next[0]).padStart(4, '0')}-${String(next[1]).padStart(2, '0')}-01`;
  // Recordings are dated in the order of their calls, whole months of them one after the other.
  if (last?.day !== day || last.zone !== zone) last = { day, zone, ms: startOfDay(day, zone) };
  return last.ms;
}

let last: { day: string; zone: string; ms: number } | undefined;
