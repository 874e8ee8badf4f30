import type { Readable } from 'node:stream';
import type { Catalogue } from '../catalogue/catalogue.js';
import { times } from '../domain/days.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { APPROVALS } from '../domain/operations/control/approvals.js';
import type { CONSENTS } from '../domain/operations/control/consents.js';
import type { ERASING } from '../domain/operations/control/erasing.js';
import type { HOLDS } from '../domain/operations/control/holds.js';
import type { LISTS } from '../domain/operations/control/lists.js';
import type { OWNER } from '../domain/operations/control/owner.js';
import type { PEOPLE } from '../domain/operations/control/people.js';
import type { PRIVACY } from '../domain/operations/control/privacy.js';
import type { RECORDINGS } from '../domain/operations/control/recordings.js';
import type { MAILINGS, ORGANISATION } from '../domain/operations/control/reports.js';
import type { SIGN_IN } from '../domain/operations/control/sign-in.js';
import type { TELLING } from '../domain/operations/control/telling.js';
import type { ControlHandlers, StreamHandlers } from '../domain/operations/control.js';
import type { GroupRule } from '../domain/people/directory.js';
import type { Recording } from '../domain/recording/recording.js';
import type { Registered } from '../domain/recording/registered.js';
import type { Passes } from '../ops/passes.js';
import { type ApprovalDeps, createApprovals } from './approvals.js';
import { createAskers } from './askers.js';
import { createDamage } from './damage.js';
import { createDirectingRequests, type DirectingRequestDeps } from './directing.js';
import { createEvidence } from './evidence.js';
import type { FactorSecrets } from './factors.js';
import { createOwnerRequests } from './owner.js';
import { createPasswordCheck, type PasswordVerbs } from './password-check.js';
import { createPeopleRequests } from './people.js';
import { type ConsentDeps, createConsentRequests } from './policy/consents.js';
import { createListRequests, type ListDeps } from './policy/lists.js';
import { createPromptRequests, type PromptDeps } from './policy/prompts.js';
import { createAnswers } from './privacy/answers.js';
import { createOwnSide } from './privacy/own-side.js';
import { createPrivacyRequests, type PrivacyDeps } from './privacy/requests.js';
import { createProofs, type Proofs } from './proofs.js';
import { createImportRequests } from './recordings/importing.js';
import { createOlderRequests, type OlderDeps } from './recordings/older.js';
import { createRedactRequests, type RedactRequestDeps } from './redact.js';
import { createRefusals } from './refusals.js';
import { createMailingRequests, type MailingRequestDeps } from './reports/mailings.js';
import { createOrganisationRequests } from './reports/organisation.js';
import { createReports, type ReportDeps } from './reports/reports.js';
import { createEraseRequests, type EraseDeps } from './retention/erasing.js';
import { createHoldRequests, type HoldDeps } from './retention/holds.js';
import { createRuleRequests, type RuleDeps } from './rules.js';
import { createSignInRequests } from './sign-in.js';
import { createSound } from './sound.js';
import { createTaking } from './taking.js';
import { createTelling } from './tell.js';

export type RequestsDeps = Pick<RuleDeps, 'jobs'> &
  Pick<EraseDeps, 'retain'> &
  Pick<OlderDeps, 'eraseVersion'> &
  Pick<DirectingRequestDeps, 'direct'> &
  Pick<ListDeps, 'lists'> &
  Pick<ConsentDeps, 'standing' | 'documents'> &
  Pick<RedactRequestDeps, 'redactor'> &
  Pick<HoldDeps, 'holding' | 'coolOffMs'> &
  Pick<ApprovalDeps, 'passkeysFor'> &
  Pick<PrivacyDeps, 'deadlines' | 'callsAsked'> &
  Pick<ReportDeps, 'textSigner' | 'facts'> &
  Pick<MailingRequestDeps, 'mailOn' | 'mailings'> &
  Pick<PromptDeps, 'makePrompt' | 'speakPrompt' | 'keepPrompt'> & {
    catalogue: Catalogue;
    passwords: PasswordVerbs;
    factorSecrets: FactorSecrets;
    /** What groups make somebody here, by `[ldap]` and `[oidc]`. */
    rules: Record<'ldap' | 'oidc', readonly GroupRule[]>;
    passes: Pick<Passes, 'take'>;
    /** The key of a recording. Throws `key_missing`. */
    identity: (recordingId: string) => Promise<string>;
    /** Reads a recording; what is wrong with it in words, null for nothing. */
    examine: (recording: Recording) => Promise<string | null>;
    /** What the recorder noted when it sealed a recording; null for nothing, undefined where that is not known. */
    registered: (recording: Recording) => Promise<Registered | null | undefined>;
    /** The id of the key with which the recorder signs, and a note with which it signs the log as it is now. */
    signer: () => string;
    sign: () => Promise<{ note: string }>;
    alarms: Pick<Alarms, 'raise'>;
    dataDir: string;
    /** The directory of the archive; left out where there is none. */
    archive?: string;
    site: { name: string; timeZone: string; region: string };
    version: string;
    clock: () => number;
    /** Makes an id. */
    mint: (at: number) => string;
  };

type Handlers = Pick<
  ControlHandlers,
  | keyof typeof APPROVALS
  | keyof typeof OWNER
  | keyof typeof PEOPLE
  | keyof typeof SIGN_IN
  | keyof typeof RECORDINGS
  | keyof typeof ERASING
  | keyof typeof LISTS
  | keyof typeof HOLDS
  | keyof typeof PRIVACY
  | keyof typeof CONSENTS
  | keyof typeof TELLING
  | keyof typeof MAILINGS
  | keyof typeof ORGANISATION
>;

/**
 * What the dashboard, and the command line, ask the recorder to do for somebody. Each request is checked here whatever was
 * checked before, and is on record before it is answered.
 */
export function createRequests(deps: RequestsDeps): {
  handlers: Handlers;
  streams: StreamHandlers<Readable>;
  proofs: Proofs;
  /** Makes a report that is sent by mail. */
  toMail: ReturnType<typeof createReports>['toMail'];
  /** Breaks off what is being given out. */
  stop(): void;
} {
  const proofs = createProofs(deps);
  const askers = createAskers({ ...deps, proofs });
  const shared = {
    ...{ ...deps, proofs, askers },
    passwordCheck: createPasswordCheck(deps),
    refusals: createRefusals(deps),
    taking: createTaking(deps),
    damage: createDamage(deps),
  };
  const approvals = createApprovals(shared);
  const evidence = createEvidence({ ...shared, approvals });
  const consents = createConsentRequests(shared);
  const reports = createReports(shared);
  const answers = createAnswers(shared);
  return {
    handlers: {
      ...approvals.handlers,
      ...createOwnerRequests(shared),
      ...createPeopleRequests(shared),
      ...createSignInRequests({ ...shared, siteName: deps.site.name }),
      ...createRuleRequests({ ...shared, approvals }),
      ...createEraseRequests({ ...shared, approvals, say: times(deps.site.timeZone) }),
      ...createDirectingRequests(shared),
      ...createListRequests(shared),
      ...createHoldRequests({ ...shared, approvals }),
      ...createPrivacyRequests(shared),
      ...createOwnSide(shared),
      ...consents.handlers,
      ...createImportRequests(shared),
      ...createRedactRequests(shared),
      ...createOlderRequests({ ...shared, approvals }),
      ...createPromptRequests(shared),
      ...createSound(shared),
      ...createTelling(shared),
      ...createMailingRequests(shared),
      ...createOrganisationRequests(shared),
    },
    streams: { ...evidence.handlers, ...consents.streams, ...reports.handlers, ...answers.handlers },
    proofs,
    toMail: reports.toMail,
    stop() {
      evidence.stop();
      reports.stop();
      answers.stop();
    },
  };
}
