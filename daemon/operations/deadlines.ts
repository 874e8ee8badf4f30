import type { Verbs } from '../catalogue/catalogue.js';
import { entryOf, TAPEDECK } from '../domain/assurance/audit.js';
import { dates } from '../domain/days.js';
import type { Alarms } from '../domain/operations/alarm.js';
import {
  confirmBy,
  confirmSoon,
  deadlineOf,
  forgetAt,
  monthsAfter,
  urgencyOf,
} from '../domain/privacy/deadline.js';
import { LOG_MONTHS, type PrivacyRequest } from '../domain/privacy/request.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

const [CONFIRM, DUE, OVERDUE] = ['request_confirm', 'request_due', 'request_overdue'] as const;
/** How often it is looked, in ms: the last day of a request is over at midnight. */
const LOOK_MS = 600_000;

/**
 * Raises an alarm for requests of people of which receipt has to be confirmed within three days, one for those that have to be answered within
 * seven days, and one for those that are overdue; and removes what names the person from closed requests at the end of the time for which a log of them is kept.
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
    const which = (urgency: 'soon' | 'over') =>
      open
        .filter((request) => urgencyOf(request, clock()) === urgency)
        .map((request) => ({ number: request.number, day: deadlineOf(request).day }))
        .toSorted(byDay);
    const unconfirmed = open
      .filter((request) => confirmSoon(request, clock()))
      .map((request) => ({ number: request.number, day: confirmBy(request)! }))
      .toSorted(byDay);
    if (unconfirmed.length === 0) alarms.clear(CONFIRM);
    else
      alarms.raise(CONFIRM, { severity: 'warning', why: { code: CONFIRM, params: paramsOf(unconfirmed) } });
    const soon = which('soon');
    if (soon.length === 0) alarms.clear(DUE);
    else alarms.raise(DUE, { severity: 'warning', why: { code: DUE, params: paramsOf(soon) } });
    const over = which('over');
    if (over.length === 0) alarms.clear(OVERDUE);
    else alarms.raise(OVERDUE, { severity: 'critical', why: { code: OVERDUE, params: paramsOf(over) } });
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

const paramsOf = (urgent: { number: number; day: string }[]) => ({
  requests: urgent.length,
  number: urgent[0]!.number,
  day: urgent[0]!.day,
});

const entryFor = ({ id, number, kind }: PrivacyRequest, at: number) =>
  entryOf(TAPEDECK, at, 'privacy_forget', {
    ...{ object: 'privacy', object_id: id, detail: { number, kind } },
  });
