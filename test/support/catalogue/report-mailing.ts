import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { NO_ORGANISATION } from '../../../daemon/domain/report/processing.js';

/** The columns of what belongs to reports, but for the ids. */
export const MAILING_TABLES = {
  report_mailings: [
    ...['report', 'period', 'day', 'attach', 'set_by', 'set_by_name', 'set_at', 'done_day', 'failures'],
    ...['failing_since', 'next_at', 'last_at', 'last_day', 'last_result', 'last_detail'],
  ],
  report_recipients: ['address'],
  organisation: ['about', 'changed_by', 'changed_at'],
};

/** A report that is sent to a user regularly. */
export async function furnishMailing(c: Catalogue): Promise<void> {
  await c.people.add({ ...FOUNDER, id: 'mia', name: 'Mia', passwordHash: 'x', createdAt: 1 });
  await c.organisation.save({ ...NO_ORGANISATION, dpo: 'Mia' }, 'Mia', 1);
  await c.mailings.save({
    ...{ id: 'M', report: 'retention', period: 'last_month', day: 3, attach: false },
    recipients: [{ person: 'mia', address: 'mia@x.example' }],
    ...{ setBy: { id: 'mia', name: 'Mia' }, setAt: 1 },
    progress: {
      ...{ doneDay: '2026-10-03', failures: 0, failingSince: null, nextAt: 0 },
      last: { at: 1, day: '2026-10-03', result: 'sent', detail: '' },
    },
  });
}
