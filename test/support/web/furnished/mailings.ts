import { dates, dayAfter } from '../../../../daemon/domain/days.js';
import type { Mailing } from '../../../../daemon/domain/report/mailing.js';
import type { Dashboard } from '../dashboard.js';

/** Three reports by mail: one that goes out, one that a server refuses, and one that somebody set up who may not have it any more. */
export async function fillMailings({ catalogue, now }: Dashboard, text: string): Promise<void> {
  const day = dayAfter(dates('UTC')(now()), -1);
  const at = now() - 80_000_000;
  const done = { doneDay: day, failures: 0, failingSince: null, nextAt: 0 };
  const common = {
    ...{ report: 'retention', period: 'last_month', day: 2, attach: false },
    recipients: [{ person: 'eve', address: 'eve.hartmann@a-law-firm-with-a-long-name.example' }],
    ...{ setBy: { id: 'eve', name: 'Eve Hartmann' }, setAt: now() - 9e8 },
  } satisfies Partial<Mailing>;
  await catalogue.mailings.save({
    ...{ ...common, id: 'M1' },
    progress: { ...done, last: { at, day, result: 'sent', detail: '' } },
  });
  await catalogue.mailings.save({
    ...{ ...common, id: 'M2', report: 'storage', period: 'last_quarter', day: 3, attach: true },
    recipients: [...common.recipients, { person: 'finn', address: 'finn@hartley.example' }],
    progress: {
      ...{ doneDay: dayAfter(day, -30), failures: 3, failingSince: at, nextAt: now() + 900_000 },
      last: { at, day, result: 'failed', detail: `mail.hartley.example:587: 550 ${text}` },
    },
  });
  await catalogue.mailings.save({
    ...{ ...common, id: 'M3', report: 'access', setBy: { id: 'finn', name: text } },
    progress: {
      ...done,
      last: { at, day, result: 'stopped', detail: `${text}, who set it up, may not have it.` },
    },
  });
}
