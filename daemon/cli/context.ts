import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.js';
import { createSqliteCatalogue } from '../catalogue/sqlite/catalogue.js';
import { type Config, loadConfig } from '../ops/config.js';
import { createLog } from '../ops/log.js';
import { createRetain, type Retain } from '../retain.js';
import { removeDurably } from '../vault/durable.js';
import { createKeys, type Keys } from '../vault/keys.js';
import { loadMasterKey } from '../vault/master-key.js';

/** What a subcommand works with. Everything is opened when it is first asked for. */
export type CliContext = {
  config(): Config;
  catalogue(): Promise<Catalogue>;
  /** Retention in this process, for when the daemon does not run. Opens the keys. */
  retain(): Promise<Retain>;
  /** Both end the text with a line end if it has none. */
  out(text: string): void;
  err(text: string): void;
};

/** Reads the file that `configPath` gives when it is needed. `close` closes whatever was opened. */
export function createCliContext(configPath: () => string): CliContext & { close(): Promise<void> } {
  let config: Config | null = null;
  let catalogue: Catalogue | null = null;
  let keys: Keys | null = null;

  const ctx = {
    config(): Config {
      config ??= loadConfig(configPath());
      return config;
    },

    async catalogue(): Promise<Catalogue> {
      if (catalogue) return catalogue;
      const opened = createSqliteCatalogue({
        path: join(ctx.config().data.dir, 'catalogue.db'),
        readonlyOk: true,
      });
      await opened.start();
      catalogue = opened;
      return opened;
    },

    async retain(): Promise<Retain> {
      const { data, keys: of, retention, site } = ctx.config();
      keys ??= createKeys({ path: join(data.dir, 'keys.db'), masterKey: loadMasterKey(of.master_key_file) });
      keys.start();
      const exists = (path: string) =>
        access(path).then(
          () => true,
          () => false,
        );
      return createRetain({
        catalogue: await ctx.catalogue(),
        keys,
        files: { remove: removeDurably, exists },
        clock: () => Date.now(),
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
      await catalogue?.stop();
      keys?.stop();
      catalogue = null;
      keys = null;
    },
  };
  return ctx;
}

const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
