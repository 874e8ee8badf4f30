import { dates, dayAfter, endOfDay, startOfDay } from '../days.js';
import { fail } from '../error.js';

/** Days at the site, both included, and the times at which the first begins and the last ends, ms since 1970. */
export type ReportPeriod = { from: string; to: string; zone: string; begins: number; ends: number };

export const presetNames = [
  'last_month',
  'this_month',
  'last_quarter',
  'last_year',
  'since_installed',
] as const;
export type PresetName = (typeof presetNames)[number];

/** Twenty years: no report has to be longer. */
const MOST_DAYS = 7_320;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const two = (n: number): string => String(n).padStart(2, '0');

/** The first day of the month so many months after that of a day, or before it. */
export function monthStart(day: string, months = 0): string {
  const at = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months;
  return `${String(Math.floor(at / 12)).padStart(4, '0')}-${two((at % 12) + 1)}-01`;
}

/** Returns the days of each preset, as of a day at the site. `installed` is the day from which Tapedeck knows of calls. */
export function presetsAt(
  today: string,
  installed: string,
): Record<PresetName, { from: string; to: string }> {
  const quarter = monthStart(today, -((Number(today.slice(5, 7)) - 1) % 3));
  const year = today.slice(0, 4);
  const before = String(Number(year) - 1).padStart(4, '0');
  return {
    last_month: { from: monthStart(today, -1), to: dayAfter(monthStart(today), -1) },
    this_month: { from: monthStart(today), to: today },
    last_quarter: { from: monthStart(quarter, -3), to: dayAfter(quarter, -1) },
    last_year: { from: `${before}-01-01`, to: `${before}-12-31` },
    since_installed: { from: installed < today ? installed : today, to: today },
  };
}

/**
 * Returns the period of these days in a zone; last month where none is given. Throws `request_invalid` for what is no day, for a
 * period that ends before it begins, and for one of more than twenty years.
 */
export function reportPeriod(
  given: { from?: string | undefined; to?: string | undefined },
  zone: string,
  now: number,
): ReportPeriod {
  const today = dates(zone)(now);
  const preset = presetsAt(today, today).last_month;
  const from = given.from ?? (given.to === undefined ? preset.from : monthStart(given.to));
  const to = given.to ?? (given.from === undefined ? preset.to : today);
  for (const day of [from, to])
    if (!DAY.test(day) || Number.isNaN(Date.parse(day)) || dayAfter(day, 0) !== day)
      throw fail('request_invalid', `"${day}" is not a day (YYYY-MM-DD).`);
  if (from > to) throw fail('request_invalid', `The first day, ${from}, is after the last day, ${to}.`);
  if (from < dayAfter(to, 1 - MOST_DAYS))
    throw fail('request_invalid', `${from} to ${to} is longer than the twenty years of one report.`);
  return { from, to, zone, begins: startOfDay(from, zone), ends: endOfDay(to, zone) };
}

/**
 * What a period has to say of itself: that some or all of it was before Tapedeck was installed (ms since 1970, null where that is
 * not known), or is still to come.
 */
export function periodCaveats(period: ReportPeriod, installedAt: number | null, now: number): string[] {
  const said: string[] = [];
  const day = dates(period.zone);
  if (installedAt === null) said.push('Tapedeck has not been connected to a PBX yet: it knows of no calls.');
  else if (period.ends <= installedAt)
    said.push(
      `All of this period was before Tapedeck was installed on ${day(installedAt)}: it knows nothing of these days.`,
    );
  else if (period.from < day(installedAt))
    said.push(
      `Tapedeck was installed on ${day(installedAt)}: it knows nothing of the days of this period before that.`,
    );
  if (period.ends > now)
    said.push('This period is not over: the report has what was known when it was made.');
  return said;
}

/** Since when Tapedeck knows of calls, ms since 1970; null where it has never been connected to a PBX. */
export const installedAt = (spans: readonly { since: number }[]): number | null =>
  spans.length === 0 ? null : Math.min(...spans.map(({ since }) => since));
