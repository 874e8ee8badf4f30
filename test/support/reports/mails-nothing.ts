import type { Verbs } from '../../../daemon/catalogue/catalogue.js';
import { putOnRecord } from '../../../daemon/catalogue/entries.js';
import type { MailingRequestDeps } from '../../../daemon/requests/reports/mailings.js';

/** What sends reports, without a mail server: it writes its entry, and nobody gets anything. */
export const mailsNothing = (catalogue: Verbs<'audit.append'>): MailingRequestDeps['mailings'] => ({
  async sendNow(_, writes) {
    await putOnRecord(catalogue, writes('report_mail'));
    return [];
  },
  changed: () => {},
});
