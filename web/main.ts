import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSqliteCatalogue } from '../daemon/catalogue/sqlite/catalogue.js';
import { type Config, version } from '../daemon/ops/config.js';
import { createLog } from '../daemon/ops/log.js';
import { notify } from '../daemon/ops/notify.js';
import * as passwords from '../daemon/ops/password.js';
import { untilSignal } from '../daemon/ops/signal.js';
import { createKeys, type Keys } from '../daemon/vault/keys.js';
import { loadMasterKey } from '../daemon/vault/master-key.js';
import { openSealed } from '../daemon/vault/open.js';
import { buildApp } from './app.js';
import { createControl } from './control.js';

/** What is still being sent when the first signal comes has this long to end. */
const DRAIN_MS = 10_000;

/**
 * The dashboard's process: serves until a signal ends it. The first SIGTERM or SIGINT lets what is being sent end, the
 * second ends at once. Throws when the catalogue cannot be opened or the address is taken.
 */
export async function runWeb(config: Config): Promise<void> {
  const log = createLog(config.log.level, 'web');
  const catalogue = createSqliteCatalogue({ path: join(config.data.dir, 'catalogue.db') });
  const keys = lateKeys(config);
  await catalogue.start();
  try {
    const { app, setup } = await buildApp({
      catalogue,
      keys,
      openSealed,
      passwords,
      control: createControl({ dataDir: config.data.dir }),
      dataDir: config.data.dir,
      uiDir: uiDir(),
      site: { name: config.site.name, timeZone: config.site.time_zone },
      web: config.web,
      retention: {
        schedule: config.retention.schedule,
        breakerPercent: config.retention.breaker_percent,
      },
      version: version(),
      log,
      now: Date.now,
    });
    const ended = untilSignal(log, 'the dashboard ends');
    const address = await app.listen({
      host: config.web.address,
      port: config.web.port,
      listenTextResolver: (at) => `listening at ${at}`,
    });
    invite(await setup.begin(), address);
    await notify('READY=1');
    log.info(`the dashboard is ready at ${address}`);
    await ended;
    await notify('STOPPING=1');
    const drained = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
    await app.close();
    clearTimeout(drained);
  } finally {
    keys.stop();
    await catalogue.stop();
  }
}

/** Shows the set-up code where only who runs the machine sees it. It is not logged. */
function invite(code: string | null, address: string): void {
  if (code === null) return;
  process.stdout.write(
    `\n  Nobody can sign in yet. Open ${address} and make the first user with this set-up code:\n\n      ${code}\n\n`,
  );
}

/**
 * The key store, opened when the first recording is played: the dashboard may be started before the daemon has made
 * the master key.
 */
function lateKeys(config: Config): Pick<Keys, 'identity'> & { stop(): void } {
  let opened: Keys | null = null;
  function open(): Keys {
    const keys = createKeys({
      path: join(config.data.dir, 'keys.db'),
      masterKey: loadMasterKey(config.keys.master_key_file),
      readonly: true,
    });
    keys.start();
    return keys;
  }
  return {
    async identity(recordingId) {
      opened ??= open();
      return opened.identity(recordingId);
    },
    stop() {
      opened?.stop();
    },
  };
}

/** True when running from the sources by way of a loader, not from dist/. */
const fromSource = import.meta.url.endsWith('.ts');
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const uiDir = (): string => here(fromSource ? '../dist/web/ui' : './ui');
