/** How days and times of day are written in a rule. */

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const TIME = '([01]\\d|2[0-3]):[0-5]\\d';

/** From a time until before another, by the clock: "22:00-06:00" goes over midnight, "00:00-24:00" is the whole day. */
export const HOURS = `^${TIME}-(${TIME}|24:00)$`;

/** Returns what tells whether a time (HH:MM) lies in hours written so. */
export function during(hours: string): (time: string) => boolean {
  const [from, until] = hours.split('-') as [string, string];
  return (time) => (from < until ? from <= time && time < until : time >= from || time < until);
}

/** Whether there is such a day: YYYY-MM-DD, or MM-DD in a leap year. */
export function isDay(date: string): boolean {
  const day = date.length === 5 ? `2000-${date}` : date;
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === day;
}
