import { join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.js';
import { withEntries } from '../catalogue/entries.js';
import { createSqliteCatalogue } from '../catalogue/sqlite/catalogue.js';
import type { NewEntry } from '../domain/audit.js';
import { loadConfig } from '../ops/config.js';
import type { Config } from '../ops/config-schema.js';
import { createLog } from '../ops/log.js';
import { createRetain, type Retain } from '../retain.js';
import { isThere, removeDurably } from '../vault/durable.js';
import { createKeys, type Keys, keysFile } from '../vault/keys.js';
import { type MasterKeys, openMasterKeys } from '../vault/master-key.js';
import { passphraseFor } from './master.js';

/** What a subcommand works with. Everything is opened when it is first asked for. */
export type CliContext = {
  config(): Config;
  catalogue(): Promise<Catalogue>;
  /** What opens the master key, where it is locked; asked for at the console if it is not given. */
  passphrase(): Promise<string | undefined>;
  master(): Promise<MasterKeys>;
  /** The keys of the recordings, to read. */
  keys(): Promise<Keys>;
  /** Retention in this process, for when the daemon does not run. Opens the keys. */
  retain(): Promise<Retain>;
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
  let reading: Keys | null = null;
  let catalogue: Promise<Catalogue> | null = null;
  let keys: Keys | null = null;

  const ctx = {
    config(): Config {
      config ??= loadConfig(configPath());
      return config;
    },

    catalogue(): Promise<Catalogue> {
      catalogue ??= opened(ctx.config());
      return catalogue;
    },

    passphrase(): Promise<string | undefined> {
      passphrase ??= passphraseFor(ctx.config(), passphraseFd());
      return passphrase;
    },

    async master(): Promise<MasterKeys> {
      return openMasterKeys(ctx.config().keys.master_key_file, await ctx.passphrase());
    },

    async keys(): Promise<Keys> {
      if (reading) return reading;
      const { current: masterKey, reread } = await ctx.master();
      const path = keysFile(ctx.config().data.dir);
      const made = createKeys({ path, masterKey, reread, readonly: true });
      made.start();
      reading = made;
      return made;
    },

    async retain(): Promise<Retain> {
      const { data, retention, site } = ctx.config();
      const { current: masterKey, reread } = await ctx.master();
      keys ??= createKeys({ path: keysFile(data.dir), masterKey, reread });
      keys.start();
      const catalogue = await ctx.catalogue();
      const later = async (entry: NewEntry) => void (await catalogue.audit(entry));
      return createRetain({
        catalogue: withEntries(catalogue, { clock: () => Date.now(), later }),
        keys,
        files: { remove: removeDurably, exists: isThere },
        clock: () => Date.now(),
        alarms: { raise: () => {}, clear: () => {} },
        config: {
          dataDir: data.dir,
          schedule: retention.schedule,
          timeZone: site.time_zone,
          breakerPercent: retention.breaker_percent,
        },
        log: createLog('silent', 'tapedeck'),
      });
    },

    out: (text: string) => void process.stdout.write(line(text)),
    err: (text: string) => void process.stderr.write(line(text)),

    async close(): Promise<void> {
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

async function opened(config: Config): Promise<Catalogue> {
  const catalogue = createSqliteCatalogue({ path: join(config.data.dir, 'catalogue.db'), readonlyOk: true });
  await catalogue.start();
  return catalogue;
}

const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
