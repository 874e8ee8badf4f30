import { createAlarms } from './alarms.js';
import { createAudit } from './audit.js';
import { createNotices } from './calls/notices.js';
import { createSeen } from './calls/seen.js';
import { createToldCalls } from './calls/told-calls.js';
import { createToldCounts } from './calls/told-counts.js';
import { createCalls } from './calls.js';
import type { Reader } from './checked.js';
import type { Db } from './db.js';
import { createDirectives } from './directives.js';
import { createJobs } from './jobs.js';
import { preparingLate } from './late.js';
import { createLedger } from './ledger.js';
import { createApprovals } from './people/approvals.js';
import { createFactors } from './people/factors.js';
import { createTokens } from './people/tokens.js';
import { createUsers } from './people/users.js';
import { createConsents } from './policy/consents.js';
import { createLists } from './policy/lists.js';
import { createPolicy } from './policy.js';
import { createPrivacyRequests } from './privacy/privacy-requests.js';
import { createPrompts } from './prompts.js';
import { createChanges } from './reading/changes.js';
import { createCertificates } from './recordings/certificates.js';
import { createImports } from './recordings/imports.js';
import { createTiers } from './recordings/tiers.js';
import { createRecordings } from './recordings.js';
import { createMadeReports } from './reports/made.js';
import { createMailings } from './reports/mailings.js';
import { createOrganisation } from './reports/organisation.js';
import { createDue } from './retention/due.js';
import { createHoldReleases } from './retention/hold-releases.js';
import { createHolds } from './retention/holds.js';
import { createNames } from './retention/names.js';
import { schemaFaults } from './schema.js';
import { createSeals } from './seals.js';
import { createSegments } from './segments.js';
import { createTestCalls } from './test-calls.js';
import { createWatch } from './watch.js';

export type Prepared = ReturnType<typeof createNouns>;

/** The statements of every part of the catalogue, for this connection. */
export function createNouns(open: Db, reader: Reader, prepare = preparingLate) {
  const db = prepare(open);
  const calls = createCalls(db, reader);
  const tokens = createTokens(db);
  const holds = createHolds(db, reader);
  const users = createUsers(db, tokens);
  const toldCalls = createToldCalls(db, reader);
  return {
    calls,
    segments: createSegments(db, reader, calls.current),
    directives: createDirectives(db, reader, calls.current),
    notices: createNotices(db, reader, calls.current),
    toldCalls,
    toldCounts: createToldCounts(db, reader, toldCalls.between),
    recordings: createRecordings(db, reader),
    tiers: createTiers(db, reader),
    due: createDue(db, reader),
    holds,
    holdReleases: createHoldReleases(db, reader, holds.caught),
    names: createNames(db, holds.asks),
    seals: createSeals(db, reader),
    certificates: createCertificates(db, reader),
    madeReports: createMadeReports(db, reader),
    mailings: createMailings(db, reader),
    organisation: createOrganisation(db, reader),
    policy: createPolicy(db, reader),
    lists: createLists(db, reader),
    consents: createConsents(db, reader),
    privacyRequests: createPrivacyRequests(db, reader),
    prompts: createPrompts(db, reader),
    users,
    approvals: createApprovals(db, reader, users),
    tokens,
    seen: createSeen(db),
    factors: createFactors(db),
    ledger: createLedger(db, reader, calls),
    watch: createWatch(db, reader, 'calls'),
    witnessWatch: createWatch(db, reader, 'cdrs'),
    testCalls: createTestCalls(db, reader, calls.readable),
    alarms: createAlarms(db, reader),
    jobs: createJobs(db, reader),
    imports: createImports(db, reader),
    audit: createAudit(db, reader),
    changes: createChanges(db),
    schemaFaults: () => schemaFaults(db),
  };
}
