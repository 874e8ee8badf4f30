import type { Verbs } from '../catalogue/catalogue.js';
import { entryOf, TAPEDECK } from '../domain/assurance/audit.js';
import { dates } from '../domain/days.js';
import type { Alarms, Severity } from '../domain/operations/alarm.js';
import {
  confirmBy,
  confirmUrgency,
  deadlineOf,
  forgetAt,
  monthsAfter,
  urgencyOf,
} from '../domain/privacy/deadline.js';
import { LOG_MONTHS, type PrivacyRequest } from '../domain/privacy/request.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

type Reminder = 'request_confirm' | 'request_due' | 'request_overdue';
/** The last day for what people are reminded of. */
type DayOf = (request: PrivacyRequest) => string;
/** How often it is looked, in ms: the last day of a request is over at midnight. */
const LOOK_MS = 600_000;

/**
 * Reminds of requests of people by three alarms: receipt is to be confirmed and at most three days are left, an answer is due within
 * seven days, an answer is overdue. Removes what names the person from closed requests at the end of the time for which a log of them is kept.
 */
export function createDeadlines(deps: {
  catalogue: Verbs<
    | 'privacyRequests.open'
    | 'privacyRequests.forgettable'
    | 'privacyRequests.forget'
    | 'audited'
    | 'checkpoint'
  >;
  alarms: Alarms;
  zone: string;
  clock: () => number;
  log: Log;
}) {
  const { catalogue, alarms, zone, clock, log } = deps;

  async function remind(): Promise<void> {
    const open = await catalogue.privacyRequests.open();
    const now = clock();
    const tell = (code: Reminder, severity: Severity, urgent: PrivacyRequest[], dayOf: DayOf) => {
      const days = urgent.map((request) => ({ number: request.number, day: dayOf(request) })).toSorted(byDay);
      const [first] = days;
      if (!first) alarms.clear(code);
      else alarms.raise(code, { severity, why: { code, params: { requests: days.length, ...first } } });
    };
    const which = (urgency: 'soon' | 'over') => open.filter((request) => urgencyOf(request, now) === urgency);
    const lastDay = (request: PrivacyRequest) => deadlineOf(request).day;
    const unconfirmed = open.filter((request) => confirmUrgency(request, now) !== 'none');
    tell('request_confirm', 'warning', unconfirmed, (request) => confirmBy(request)!);
    tell('request_due', 'warning', which('soon'), lastDay);
    tell('request_overdue', 'critical', which('over'), lastDay);
  }

  async function forget(): Promise<void> {
    const now = clock();
    // The day of the answer is by the zone of the request, so some are looked at a day too early and left.
    const before = monthsAfter(dates(zone)(now), -LOG_MONTHS);
    let forgotten = 0;
    for (const request of await catalogue.privacyRequests.forgettable(before)) {
      const at = forgetAt(request);
      if (at === null || now < at) continue;
      await catalogue.audited(entryFor(request, now), (c) => c.privacyRequests.forget(request.id, now));
      forgotten += 1;
    }
    if (forgotten === 0) return;
    log.info({ requests: forgotten }, 'The names were removed from old requests');
    await catalogue.checkpoint();
  }

  const looking = repeatedly(
    LOOK_MS,
    async () => {
      await remind();
      await forget();
    },
    (err) => log.error({ err }, 'requests of people could not be looked at; it is tried again'),
  );

  return {
    start(): void {
      looking.start();
      void looking.now();
    },
    /** Looks now: a request was entered, extended or closed. */
    look: looking.now,
    stop: looking.stop,
  };
}

const byDay = (a: { day: string }, b: { day: string }) => (a.day < b.day ? -1 : 1);

const entryFor = ({ id, number, kind }: PrivacyRequest, at: number) =>
  entryOf(TAPEDECK, at, 'privacy_forget', {
    ...{ object: 'privacy', object_id: id, detail: { number, kind } },
  });
