import type { createAssure } from '../assurance/assure.js';
import type { createCheckpoints } from '../assurance/checkpoint.js';
import type { createCounting } from '../assurance/counting.js';
import type { createDoubts } from '../assurance/doubts.js';
import type { createStrangers } from '../assurance/strangers.js';
import type { createLink } from '../calls/link.js';
import type { createRecorder } from '../calls/record.js';
import type { createTestCalls } from '../calls/test-call.js';
import type { createTimekeeper } from '../calls/timekeeper.js';
import type { createWatch } from '../calls/watch.js';
import type { createGrowthWatch } from '../capture/growth.js';
import type { createMuteWatch } from '../capture/mute.js';
import type { Spool } from '../capture/spool.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { NumbersInLists } from '../catalogue/listed.js';
import type { createOutbox } from '../catalogue/outbox.js';
import type { StandingByNumber } from '../catalogue/standing.js';
import type { About, AuditAction } from '../domain/assurance/audit.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { createAlert } from '../operations/alert.js';
import type { createDeadlines } from '../operations/deadlines.js';
import type { createDeliver } from '../operations/deliver.js';
import type { createHealth } from '../operations/health.js';
import type { MailingsOf } from '../operations/mailings.js';
import type { createNeeds } from '../operations/needs.js';
import type { createRoom } from '../operations/room.js';
import type { createUnlock } from '../operations/unlock.js';
import type { Clock } from '../ops/clock.js';
import type { Config, PbxConfig } from '../ops/config-schema.js';
import type { Ballast } from '../ops/disk.js';
import type { createEventLoopWatch } from '../ops/event-loop.js';
import type { createJobs, JobHandler } from '../ops/jobs.js';
import type { Log } from '../ops/log.js';
import type { createMetrics } from '../ops/metrics.js';
import type { createPasses } from '../ops/passes.js';
import type { Gate } from '../ops/process/gate.js';
import type { createStalls } from '../ops/stalls.js';
import type { createAmi } from '../pbx/ami.js';
import type { createAnswers } from '../pbx/answers.js';
import type { Ari } from '../pbx/ari.js';
import type { createContexts } from '../pbx/contexts.js';
import type { PromptServer } from '../pbx/prompt-server.js';
import type { Stamps } from '../pbx/stamps.js';
import type { Archiving } from '../recordings/archiving.js';
import type { createCustody } from '../recordings/custody.js';
import type { createHolding } from '../recordings/holding.js';
import type { createPreserver } from '../recordings/preserve.js';
import type { createRedactor } from '../recordings/redact.js';
import type { createRegistering } from '../recordings/registering.js';
import type { Retain } from '../recordings/retain.js';
import type { createScrub } from '../recordings/scrub.js';
import type { DataFolder } from '../vault/data-folder.js';
import type { MasterKeys } from '../vault/master-key.js';
import type { OwnPrompts, PromptFiles } from '../vault/prompts.js';
import type { createArchiveApart } from '../vault/store/archive-apart.js';
import type { TieredStore } from '../vault/store/store.js';
import type { createBackups } from './backup/backups.js';
import type { createKeysApart } from './keys-apart.js';
import type { Upgrade } from './upgrade/upgrade.js';

/** What every subsystem is given. `clock` tells ms since 1970. `gate` has what can wait wait while calls need the processor. */
export type Base = { config: Config; log: Log; time: Clock; clock: () => number; dir: string; gate: Gate };

/** The data directory, opened: nobody else has it until `folder.release()`. */
export type Data = {
  folder: DataFolder;
  master: MasterKeys;
  keys: ReturnType<typeof createKeysApart>;
  ballast: Ballast;
  /** Sealed recordings, wherever they are. */
  store: TieredStore;
  /** Null where none is configured. */
  archive: ReturnType<typeof createArchiveApart> | null;
  catalogue: Catalogue;
  /** Whether it is still that of an earlier version. */
  upgrade: Upgrade;
  /** The catalogue for what must not wait: while it cannot be written, its rows wait in memory. */
  outbox: ReturnType<typeof createOutbox>;
  /** Which lists of numbers a number is on. */
  lists: NumbersInLists;
  /** What stands for a number: consents and objections. */
  standing: StandingByNumber;
  /** Writes an entry about what the recorder itself did. Never throws, since no entry may keep it from its work. */
  note: (action: AuditAction, about: About) => Promise<void>;
};
/** How prompts come to the PBXs. */
export type Prompting = {
  own: OwnPrompts;
  uploaded: PromptFiles;
  /** Where PBXs on other machines fetch prompts; null where that is not set up. */
  server: PromptServer | null;
};
export type Alarming = {
  alert: ReturnType<typeof createAlert>;
  deliver: ReturnType<typeof createDeliver>;
  /** Takes checkpoints of the audit log off this machine. */
  away: ReturnType<typeof createDeliver>;
};
/** Both links to one PBX. */
export type Links = {
  ari: Ari;
  ami: ReturnType<typeof createAmi>;
  answers: ReturnType<typeof createAnswers>;
  contexts: ReturnType<typeof createContexts>;
  stamps: Stamps;
  /** The zones in which CDRs may tell their times, the likeliest first. */
  zones: string[];
  /** People answer prompts by keys: from now on the PBX has to tell them. */
  hearKeys: () => void;
};
/** All that there is once for each PBX. One that is down, hangs or floods keeps no other from its work. */
export type Pbx = {
  /** Its section of the configuration. */
  section: PbxConfig;
  /** Tell of this PBX alone. */
  alarms: Alarms;
  log: Log;
  links: Links;
  spool: Spool;
  calls: Calls;
  assure: ReturnType<typeof createAssure>;
};
/** What every part of it is given. */
export type PbxBase = Pick<Pbx, 'section' | 'alarms' | 'log'>;
export type Recordings = {
  custody: ReturnType<typeof createCustody>;
  registering: ReturnType<typeof createRegistering>;
  preserver: ReturnType<typeof createPreserver>;
  retain: Retain;
  applyRetention: JobHandler;
  archiving: Archiving;
  holding: ReturnType<typeof createHolding>;
  redactor: ReturnType<typeof createRedactor>;
  scrub: ReturnType<typeof createScrub>;
  /** The job that imports recordings of other recorders. */
  importing: JobHandler;
};
export type Calls = {
  recorder: ReturnType<typeof createRecorder>;
  growth: ReturnType<typeof createGrowthWatch>;
  mutes: ReturnType<typeof createMuteWatch>;
  /** When calls were watched, and when their CDRs were heard. */
  watch: ReturnType<typeof createWatch>;
  listening: ReturnType<typeof createWatch>;
  testCalls: ReturnType<typeof createTestCalls>;
  link: ReturnType<typeof createLink>;
};
export type Assurance = {
  checkpoints: ReturnType<typeof createCheckpoints>;
  counting: ReturnType<typeof createCounting>;
  doubts: ReturnType<typeof createDoubts>;
  strangers: ReturnType<typeof createStrangers>;
};
export type Operations = {
  stalls: ReturnType<typeof createStalls>;
  timekeeper: ReturnType<typeof createTimekeeper>;
  room: ReturnType<typeof createRoom>;
  /** Ends a lock of the dashboard's on the catalogue. */
  unlock: ReturnType<typeof createUnlock>;
  deadlines: ReturnType<typeof createDeadlines>;
  health: ReturnType<typeof createHealth>;
  needs: ReturnType<typeof createNeeds>;
  jobs: ReturnType<typeof createJobs>;
  metrics: ReturnType<typeof createMetrics>;
  eventLoop: ReturnType<typeof createEventLoopWatch>;
  /** What lets a test call hear its recording through the dashboard. */
  passes: ReturnType<typeof createPasses>;
};
export type Backups = ReturnType<typeof createBackups>;
/** Where the recorder is asked, from `start` on. */
export type Requests = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Reports by mail, which are asked for and made as all others. */
  mailings: MailingsOf;
};

/**
 * The subsystems. Each is made with those before it, and its callbacks may use all of them: nothing calls back before
 * everything has been made.
 */
export type Parts = {
  data: Data;
  prompting: Prompting;
  alarming: Alarming;
  /** In the order of the configuration: the first is that of the PBX without an id. */
  pbxes: Pbx[];
  recordings: Recordings;
  assurance: Assurance;
  operations: Operations;
  backups: Backups;
  requests: Requests;
};
