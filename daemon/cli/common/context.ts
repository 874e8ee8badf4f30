import { resolve } from 'node:path';
import type { Catalogue } from '../../catalogue/catalogue.js';
import type { ControlAnswer, ControlBody, ControlName } from '../../domain/operations/control.js';
import { catalogueFile, keysFile } from '../../domain/paths.js';
import { printable } from '../../domain/printable.js';
import { loadConfig } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { becomeOwnerOf, ownerToBecome } from '../../ops/process/become.js';
import type { Retain } from '../../recordings/retain.js';
import { refuseUnmoved } from '../../vault/installation/refuse.js';
import type { Keys } from '../../vault/keys.js';
import type { MasterKeys } from '../../vault/master-key.js';
import type { RecordingReader } from '../../vault/store/store.js';
import { openRecordings } from '../../vault/store/tiers.js';
import type { Asking } from './asking.js';

/**
 * What a subcommand works with. Everything is loaded and opened when it is first asked for: reading all of it would take most of
 * the time of a short command.
 */
export type CliContext = {
  config(): Config;
  /** Where the configuration is, or would be. */
  configFile(): string;
  /** The file descriptor from which the passphrase of the master key is read, where one was given. */
  passphraseFd(): number | undefined;
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
  let asking: Promise<Asking> | null = null;
  const endings: (() => Promise<void>)[] = [];

  const ctx: CliContext & { close(): Promise<void> } = {
    config(): Config {
      config ??= loadConfig(configPath());
      return config;
    },

    configFile: () => resolve(configPath()),
    passphraseFd,

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
      catalogue ??= opened(ctx.movedData);
      return catalogue;
    },

    passphrase(): Promise<string | undefined> {
      passphrase ??= import('./master.js').then((m) => m.passphraseFor(ctx.config(), passphraseFd()));
      return passphrase;
    },

    master(): Promise<MasterKeys> {
      master ??= openedMaster(ctx);
      return master;
    },

    async holdMaster(): Promise<void> {
      if (ownerToBecome(ctx.config().data.dir)) await ctx.master().catch(() => {});
    },

    async keys(): Promise<Keys> {
      if (reading) return reading;
      const { current: masterKey, reread } = await ctx.master();
      const { createKeys } = await import('../../vault/keys.js');
      const path = keysFile(ctx.movedData());
      const made = createKeys({ path, masterKey, reread, readonly: true });
      made.start();
      reading = made;
      return made;
    },

    async ask(name, body) {
      asking ??= import('./asking.js').then(({ createAsking }) => createAsking(ctx));
      return (await asking).ask(name, body);
    },

    recordings: () =>
      openRecordings({
        dataDir: ctx.data(),
        archive: ctx.config().archive.directory,
        owner: async () => (await ctx.catalogue()).audit.id(),
      }),

    async retain(catalogue: Catalogue): Promise<Retain> {
      const { createKeys } = await import('../../vault/keys.js');
      const { createOwnRetain } = await import('./retaining.js');
      const { current: masterKey, reread } = await ctx.master();
      keys ??= createKeys({ path: keysFile(ctx.movedData()), masterKey, reread });
      keys.start();
      return createOwnRetain(ctx, catalogue, keys);
    },

    later: (work) => void endings.push(work),
    out: (text: string) => void process.stdout.write(line(printable(text))),
    err: (text: string) => void process.stderr.write(line(printable(text))),

    async close(): Promise<void> {
      for (const end of endings.splice(0)) await end();
      await (await asking)?.close();
      await (await catalogue?.catch(() => null))?.stop();
      keys?.stop();
      reading?.stop();
      catalogue = null;
      keys = null;
      reading = null;
    },
  };
  return ctx;
}

// What these load is loaded while root can still read it: `dataDir` may give root up.
async function opened(dataDir: () => string): Promise<Catalogue> {
  const { createSqliteReader } = await import('../../catalogue/sqlite/reading/reader.js');
  const path = catalogueFile(dataDir());
  const catalogue = createSqliteReader({ path });
  await catalogue.start();
  await catalogue.changeCount(); // throws why it cannot be read
  return catalogue;
}

async function openedMaster(ctx: CliContext): Promise<MasterKeys> {
  const { openMasterKeys } = await import('../../vault/master-key.js');
  const given = await ctx.passphrase();
  return openMasterKeys(ctx.config().keys.master_key_file, given);
}

const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
