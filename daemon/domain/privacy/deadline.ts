import { dayAfter, endOfDay, startOfDay } from '../days.js';
import { LOG_MONTHS, lawOf, type PrivacyRequest } from './request.js';

/**
 * When a request has to be answered, by the calendar of the site. GDPR article 12(3): one month, and two more where it was extended;
 * the month ends on the day with the same number, or on the last day of a shorter month. 11 CCR 7021: 45 calendar days, and 45
 * more; receipt is confirmed within 10 business days. Weekends and holidays move nothing, so that the day named is never too late.
 */
const MONTHS = { first: 1, extended: 3 };
const DAYS = { first: 45, extended: 90 };
const CONFIRM_BUSINESS_DAYS = 10;
/** So many days before the last one people are reminded. */
const REMIND_DAYS = 7;
/** Of confirming receipt: there are at least two working days among them and the last one. */
const REMIND_CONFIRM_DAYS = 3;

/** The same day so many months later, or the last one of that month. */
export function monthsAfter(day: string, months: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

type Counted = Pick<PrivacyRequest, 'kind' | 'received' | 'zone'>;

/** The last day on which a request can be answered in time. */
export function lastDay({ kind, received }: Counted, extended: boolean): string {
  const which = extended ? 'extended' : 'first';
  return lawOf(kind) === 'gdpr' ? monthsAfter(received, MONTHS[which]) : dayAfter(received, DAYS[which]);
}

/**
 * The last day on which receipt of a request has to be confirmed: 10 days from Monday to Friday (11 CCR 7021(a)). Null under the GDPR, which
 * asks for no confirmation. Public holidays are counted as well, so that the day is never too late.
 */
export function confirmBy({ kind, received }: Counted): string | null {
  if (lawOf(kind) === 'gdpr') return null;
  let day = received;
  for (let left = CONFIRM_BUSINESS_DAYS; left > 0; ) {
    day = dayAfter(day, 1);
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return day;
}

/**
 * How urgent it is to confirm receipt: `soon` from three days before the last day, `over` once that has passed; `none` where that is
 * written down, or no law asks for it.
 */
export function confirmUrgency(request: Counted & Pick<PrivacyRequest, 'confirmed'>, now: number): Urgency {
  const day = confirmBy(request);
  if (day === null || request.confirmed !== null) return 'none';
  if (now >= endOfDay(day, request.zone)) return 'over';
  return now >= startOfDay(dayAfter(day, -REMIND_CONFIRM_DAYS), request.zone) ? 'soon' : 'none';
}

/** The deadline of a request as it stands: its last day, and when that is over, ms since 1970. */
export function deadlineOf(request: Counted & Pick<PrivacyRequest, 'extended'>): {
  day: string;
  at: number;
} {
  const day = lastDay(request, request.extended !== null);
  return { day, at: endOfDay(day, request.zone) };
}

/** How urgent a request is that is not closed: `soon` from seven days before its last day, `over` once that has passed. */
export type Urgency = 'none' | 'soon' | 'over';
export function urgencyOf(request: Counted & Pick<PrivacyRequest, 'extended'>, now: number): Urgency {
  const { day, at } = deadlineOf(request);
  if (now >= at) return 'over';
  return now >= startOfDay(dayAfter(day, -REMIND_DAYS), request.zone) ? 'soon' : 'none';
}

/** Whether it can be extended: the person has to be told of it within the first deadline. */
export const canExtend = (
  request: Counted & Pick<PrivacyRequest, 'extended' | 'state'>,
  now: number,
): boolean => request.state === 'open' && now < deadlineOf(request).at;

/** From when on nothing that names the person is kept of a closed request, ms since 1970. */
export function forgetAt({ closed, zone }: Pick<PrivacyRequest, 'closed' | 'zone'>): number | null {
  return closed && endOfDay(monthsAfter(closed.day, LOG_MONTHS), zone);
}
