import { ulid } from 'ulid';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { everyListed } from '../../catalogue/listed.js';
import { readPlan } from '../../catalogue/retention/planned.js';
import { createSqliteReader } from '../../catalogue/sqlite/reading/reader.js';
import { type About, entryOf, TAPEDECK } from '../../domain/assurance/audit.js';
import { times } from '../../domain/days.js';
import type { ControlAnswer, ControlBody, ControlName } from '../../domain/operations/control.js';
import { catalogueFile, keysFile } from '../../domain/paths.js';
import { createNumberIndex } from '../../domain/policy/lists/number-list.js';
import { printable } from '../../domain/printable.js';
import { inWords } from '../../domain/reason/words.js';
import { runDetail } from '../../domain/retention/run.js';
import { loadConfig, siteRegion } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { createLog } from '../../ops/log.js';
import { becomeOwnerOf, ownerToBecome } from '../../ops/process/become.js';
import { createNamesRemoval } from '../../recordings/retain/names.js';
import { createRetain, type Retain } from '../../recordings/retain.js';
import { refuseUnmoved } from '../../vault/installation/refuse.js';
import { createKeys, type Keys } from '../../vault/keys.js';
import { type MasterKeys, openMasterKeys } from '../../vault/master-key.js';
import type { RecordingReader } from '../../vault/store/store.js';
import { openRecordings, openStore } from '../../vault/store/tiers.js';
import { createAsking } from './asking.js';
import { passphraseFor } from './master.js';

/** So many listed numbers are read together. */
const LISTED_AT_ONCE = 200;

/** What a subcommand works with. Everything is opened when it is first asked for. */
export type CliContext = {
  config(): Config;
  /**
   * The data directory, for a process that is its owner: run as root, root is given up here for good (ops/become). So
   * whatever only root may read or write is read, or opened, before.
   */
  data(): string;
  /** The same. Throws `data_unmoved` where the recorder has still to take over what an earlier version left. */
  movedData(): string;
  /** To read: only the recorder makes one, and writes it. Throws `catalogue_missing`. */
  catalogue(): Promise<Catalogue>;
  /**
   * Asks the recorder, over the owner's socket; while none runs, takes its lock and does the same in this process. Throws what is
   * answered, and `already_running` while a recorder has the data directory and does not answer.
   */
  ask<N extends ControlName>(name: N, body: ControlBody<N>): Promise<ControlAnswer<N>>;
  /** What opens the master key, where it is locked; asked for at the console if it is not given. */
  passphrase(): Promise<string | undefined>;
  master(): Promise<MasterKeys>;
  /** Reads the master key while root still can, for a command that may need it later. What goes wrong is said then. */
  holdMaster(): Promise<void>;
  /** The keys of the recordings, to read. */
  keys(): Promise<Keys>;
  /** The sealed files, to read: in the data directory and in the archive. */
  recordings(): RecordingReader;
  /** Retention in this process, which writes this catalogue: for when no recorder runs. Opens the keys. */
  retain(catalogue: Catalogue): Promise<Retain>;
  /** Has this done when the command ends. */
  later(work: () => Promise<void>): void;
  /** Both end the text with a line end if it has none. */
  out(text: string): void;
  err(text: string): void;
};

/** Reads the file that `configPath` gives when it is needed. `close` closes whatever was opened. */
export function createCliContext(
  configPath: () => string,
  passphraseFd: () => number | undefined = () => undefined,
): CliContext & { close(): Promise<void> } {
  let config: Config | null = null;
  let passphrase: Promise<string | undefined> | null = null;
  let master: Promise<MasterKeys> | null = null;
  let reading: Keys | null = null;
  let catalogue: Promise<Catalogue> | null = null;
  let keys: Keys | null = null;
  const endings: (() => Promise<void>)[] = [];

  const ctx: CliContext & { close(): Promise<void> } = {
    config(): Config {
      config ??= loadConfig(configPath());
      return config;
    },

    data(): string {
      const { dir } = ctx.config().data;
      becomeOwnerOf(dir);
      return dir;
    },

    movedData(): string {
      const dir = ctx.data();
      refuseUnmoved(dir);
      return dir;
    },

    catalogue(): Promise<Catalogue> {
      catalogue ??= opened(ctx.movedData());
      return catalogue;
    },

    passphrase(): Promise<string | undefined> {
      passphrase ??= passphraseFor(ctx.config(), passphraseFd());
      return passphrase;
    },

    master(): Promise<MasterKeys> {
      master ??= ctx.passphrase().then((given) => openMasterKeys(ctx.config().keys.master_key_file, given));
      return master;
    },

    async holdMaster(): Promise<void> {
      if (ownerToBecome(ctx.config().data.dir)) await ctx.master().catch(() => {});
    },

    async keys(): Promise<Keys> {
      if (reading) return reading;
      const { current: masterKey, reread } = await ctx.master();
      const path = keysFile(ctx.movedData());
      const made = createKeys({ path, masterKey, reread, readonly: true });
      made.start();
      reading = made;
      return made;
    },

    ask: (name, body) => asking.ask(name, body),

    recordings: () =>
      openRecordings({
        dataDir: ctx.data(),
        archive: ctx.config().archive.directory,
        owner: async () => (await ctx.catalogue()).audit.id(),
      }),

    async retain(catalogue: Catalogue): Promise<Retain> {
      const { archive, retention, site } = ctx.config();
      const { current: masterKey, reread } = await ctx.master();
      const dataDir = ctx.movedData();
      keys ??= createKeys({ path: keysFile(dataDir), masterKey, reread });
      keys.start();
      const limit = { percent: retention.breaker_percent, count: retention.breaker_count };
      const region = siteRegion(ctx.config());
      const index = createNumberIndex(region);
      for await (const page of everyListed(catalogue, LISTED_AT_ONCE)) for (const one of page) index.add(one);
      const note = (about: About) =>
        catalogue.audit.append(entryOf(TAPEDECK, Date.now(), 'retention_run', about));
      return createRetain({
        catalogue,
        plan: (now) => readPlan(catalogue, now, limit, site.time_zone),
        mint: () => ulid(),
        keys,
        store: await openStore({ dataDir, archive: archive.directory, owner: catalogue.audit.id }),
        clock: () => Date.now(),
        alarms: { raise: () => {}, clear: () => {} },
        config: {
          schedule: retention.schedule,
          timeZone: site.time_zone,
          limit,
        },
        removeNames: createNamesRemoval({
          ...{ catalogue, listsOf: (number) => index.listsOf(number, Date.now()) },
          site: { timeZone: site.time_zone, region },
          log: createLog('silent', 'tapedeck'),
        }),
        ran: (run) => note({ detail: runDetail(run) }),
        refused: (why) => note({ outcome: 'refused', reason: inWords(why, times(site.time_zone)) }),
        log: createLog('silent', 'tapedeck'),
      });
    },

    later: (work) => void endings.push(work),
    out: (text: string) => void process.stdout.write(line(printable(text))),
    err: (text: string) => void process.stderr.write(line(printable(text))),

    async close(): Promise<void> {
      for (const end of endings.splice(0)) await end();
      await asking.close();
      await (await catalogue?.catch(() => null))?.stop();
      keys?.stop();
      reading?.stop();
      catalogue = null;
      keys = null;
      reading = null;
    },
  };
  const asking = createAsking(ctx);
  return ctx;
}

async function opened(dataDir: string): Promise<Catalogue> {
  const path = catalogueFile(dataDir);
  const catalogue = createSqliteReader({ path });
  await catalogue.start();
  await catalogue.changeCount(); // throws why it cannot be read
  return catalogue;
}

const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
