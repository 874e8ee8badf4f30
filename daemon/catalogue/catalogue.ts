import type { Alarms } from './alarms.js';
import type { AuditLog, Entries } from './audit.js';
import type { Calls } from './calls.js';
import type { Certificates } from './certificates/certificates.js';
import type { Directives } from './directives.js';
import type { Factors } from './factors.js';
import type { JobCatalogue } from './jobs.js';
import type { Ledger } from './ledger.js';
import type { NumberLists } from './lists.js';
import type { Notices } from './notices.js';
import type { Approvals } from './people/approvals.js';
import type { People, Tokens } from './people.js';
import type { Policies } from './policy.js';
import type { PrivacyRequests } from './privacy/privacy-requests.js';
import type { Prompts } from './prompts.js';
import type { Imports } from './recordings/imports.js';
import type { Recordings } from './recordings.js';
import type { MadeReports } from './reports/made.js';
import type { Mailings } from './reports/mailings.js';
import type { Organisations } from './reports/organisation.js';
import type { Due } from './retention/due.js';
import type { Holds } from './retention/holds.js';
import type { CallNames } from './retention/names.js';
import type { Tiers } from './retention/tiers.js';
import type { Seals } from './seals.js';
import type { Segments } from './segments.js';
import type { Consents } from './standing.js';
import type { TestCallCatalogue } from './test-calls.js';
import type { Watch } from './watch.js';

/** A row that is not what Tapedeck writes: its table, what names it there, and what is wrong with it. */
export type BadRow = { table: string; key: string; fault: string };

/**
 * What the catalogue keeps. Each verb of a noun is one transaction and answers with a promise; what was written is durable when it
 * resolves, but for a call that has not ended and a segment that is being captured: these outlive the process, and a power
 * failure once anything written later is durable.
 */
export type Nouns = {
  calls: Calls;
  segments: Segments;
  directives: Directives;
  notices: Notices;
  recordings: Recordings;
  /** Where the files of recordings are kept. */
  tiers: Tiers;
  /** Recordings by when they may be erased. */
  due: Due;
  holds: Holds;
  names: CallNames;
  seals: Seals;
  certificates: Certificates;
  madeReports: MadeReports;
  mailings: Mailings;
  organisation: Organisations;
  policy: Policies;
  lists: NumberLists;
  consents: Consents;
  privacyRequests: PrivacyRequests;
  prompts: Prompts;
  ledger: Ledger;
  /** When calls were watched, and when CDRs were heard. */
  watch: Watch;
  listening: Watch;
  testCalls: TestCallCatalogue;
  alarms: Alarms;
  jobs: JobCatalogue;
  imports: Imports;
  people: People;
  tokens: Tokens;
  factors: Factors;
  approvals: Approvals;
  audit: AuditLog;
};
type Noun = keyof Nouns;

/**
 * Where everything but audio and keys is kept. No transaction leaves it, so that another engine can stand in this place;
 * `test/contract/catalogue` says what any of them must do.
 */
export interface Catalogue extends Nouns {
  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * Does the one thing that `verb` asks for, and writes these entries in the same transaction: both are there, or neither. Where
   * it throws, or `entries` gives none, none is written. Throws `internal` for a verb that reads, and for a second one.
   */
  audited<T>(entries: Entries<T>, verb: (c: Nouns) => Promise<T>): Promise<T>;

  /**
   * Makes what was deleted leave the files of the catalogue too, its journal included. False when another process
   * was reading just then: some of it may still be there, and it has to be asked for again.
   */
  checkpoint(): Promise<boolean>;
  /** What of the catalogue's schema is not as Tapedeck makes it, one sentence each. Cheap: to be asked before each signature. */
  schemaFaults(): Promise<string[]>;
  /** A number that changes whenever anybody, in any process, has written; but for our own entries of the audit log. Cheap. */
  changeCount(): Promise<number>;
}

type Names<N extends Noun> = `${N}.${keyof Nouns[N] & string}`;
type Whole = Exclude<keyof Catalogue, Noun>;

/** A verb of a noun, such as `calls.get`, or one of the whole. */
export type Verb = { [N in Noun]: Names<N> }[Noun] | Whole;

/** So much of the catalogue: `Verbs<'calls.get' | 'audited'>`. */
export type Verbs<V extends Verb> = Pick<Catalogue, V & Whole> & {
  [N in Noun as V & Names<N> extends never ? never : N]: {
    [M in keyof Nouns[N] as `${N}.${M & string}` extends V ? M : never]: Nouns[N][M];
  };
};
