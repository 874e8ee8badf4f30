import { auditText } from './audit.js';
import { consentText } from './consent.js';
import { consentsText } from './consents.js';
import { coverageText } from './coverage.js';
import { csvText } from './csv.js';
import { healthText } from './health.js';
import { listsText } from './lists.js';
import { approvalsText } from './people/approvals.js';
import { requestsText } from './people/requests.js';
import { peopleText } from './people.js';
import { keepingText } from './policy/keeping.js';
import { wouldText } from './policy/would.js';
import { policyText } from './policy.js';
import { referenceText } from './reference.js';
import { certificatesText } from './retention/certificates.js';
import { holdsText } from './retention/holds.js';
import { reportsText } from './retention/reports.js';
import { storageText } from './retention/storage.js';
import { retentionText } from './retention.js';
import { rulesText } from './rules.js';

/** The messages of every other page, in English. They are fetched with the first of these pages. */
export const pageMessages = {
  approvals: approvalsText,
  audit: auditText,
  certificates: certificatesText,
  consent: consentText,
  consents: consentsText,
  coverage: coverageText,
  csv: csvText,
  health: healthText,
  holds: holdsText,
  keeping: keepingText,
  lists: listsText,
  people: peopleText,
  policy: policyText,
  reference: referenceText,
  reports: reportsText,
  requests: requestsText,
  retention: retentionText,
  rules: rulesText,
  storage: storageText,
  would: wouldText,
};

export type PageMessages = typeof pageMessages;
