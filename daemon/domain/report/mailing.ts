import { dates, dayAfter, wallClock } from '../days.js';
import { mayDo, type Person } from '../people/person.js';
import { reachOf } from '../people/reach.js';
import { monthStart, presetsAt } from './period.js';
import { type ReportName, reportRight } from './report.js';

/** The periods of which a report can be sent regularly. */
export const mailingPeriods = ['last_month', 'last_quarter'] as const;
export type MailingPeriod = (typeof mailingPeriods)[number];

export const mailingResults = ['sent', 'failed', 'stopped'] as const;

/** A report that is sent regularly. Times are ms since 1970, days YYYY-MM-DD at the site. */
export type Mailing = {
  id: string;
  report: ReportName;
  period: MailingPeriod;
  /** The day of the month, or of the first month after a quarter; every month has it. */
  day: number;
  /** Whether the file is in the mail; else the mail only has the address of the report. */
  attach: boolean;
  /** Users of Tapedeck, and the addresses at which they get it. */
  recipients: readonly MailingRecipient[];
  /** On whose word it is sent. */
  setBy: { id: string; name: string };
  setAt: number;
  progress: MailingProgress;
};
export type MailingRecipient = { person: string; address: string };

/** How far sending is. */
export type MailingProgress = {
  /** The last day of sending that is over: sent, given up, or not to be sent. */
  doneDay: string;
  /** Attempts that failed since then, when the first of them was, and when the next one is. */
  failures: number;
  failingSince: number | null;
  nextAt: number;
  last: { at: number; day: string; result: (typeof mailingResults)[number]; detail: string } | null;
};

export const LAST_DAY = 28;
export const MOST_MAILINGS = 50;
export const MOST_RECIPIENTS = 20;
export const MAIL_ADDRESS = '^[^\\s@<>(),;:"\\x00-\\x1f\\x7f]{1,100}@[^\\s@<>(),;:"\\x00-\\x1f\\x7f]{1,99}$';

/** At this time of a day at the site its reports are made. */
const HOUR = '06:00';
export const MAILING_CRON = '0 6 * * *';

/** Reports that name nobody: their file may leave in a mail unless somebody decides otherwise. */
const NAMELESS: readonly ReportName[] = ['storage'];
export const namesPeople = (report: ReportName): boolean => !NAMELESS.includes(report);

type Timing = Pick<Mailing, 'period' | 'day'>;

const isMonth = (period: MailingPeriod, first: string): boolean =>
  period === 'last_month' || Number(first.slice(5, 7)) % 3 === 1;
const dayIn = (first: string, day: number): string => `${first.slice(0, 8)}${String(day).padStart(2, '0')}`;

/** The day at the site whose reports are to be made by now: from six o'clock on today, before that yesterday. */
export function mailingDay(now: number, zone: string): string {
  const today = dates(zone)(now);
  return wallClock(now, zone).time >= HOUR ? today : dayAfter(today, -1);
}

/** The last day of sending that is not after this day. */
export function lastSending({ period, day }: Timing, today: string): string {
  for (let back = 0; ; back += 1) {
    const first = monthStart(today, -back);
    if (isMonth(period, first) && dayIn(first, day) <= today) return dayIn(first, day);
  }
}

/** The first day of sending that is after this day. */
export function nextSending({ period, day }: Timing, after: string): string {
  for (let on = 0; ; on += 1) {
    const first = monthStart(after, on);
    if (isMonth(period, first) && dayIn(first, day) > after) return dayIn(first, day);
  }
}

/** The day of sending that is due; null for none. Of several that were missed it is the last: each report is made up once. */
export function dueSending(mailing: Mailing, now: number, zone: string): string | null {
  const { progress } = mailing;
  const day = lastSending(mailing, mailingDay(now, zone));
  // A clock that was set back keeps nothing waiting for longer than a day.
  const waits = progress.nextAt > now && progress.nextAt - now <= 86_400_000;
  return day > progress.doneDay && !waits ? day : null;
}

/** The days that a report tells of when it is sent on this day. */
export const mailedDays = ({ period }: Pick<Mailing, 'period'>, day: string) => presetsAt(day, day)[period];

/** Whether somebody may have this report, and so be sent it. */
export const mayHave = (person: Person & { disabledAt: number | null }, report: ReportName): boolean =>
  person.disabledAt === null &&
  mayDo(person, 'oversee') &&
  mayDo(person, reportRight(report)) &&
  reachOf(person, 'view') === 'all';
