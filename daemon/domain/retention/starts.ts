/** When the days of a rule begin to count. Ends of months and years are those of the site's calendar. */
export const clockStarts = ['call_end', 'month_end', 'year_end'] as const;
export type ClockStart = (typeof clockStarts)[number];
