import { once } from 'node:events';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { ulid } from 'ulid';
import { createSqliteReader } from '../daemon/catalogue/sqlite/reading/reader.js';
import { createLdap } from '../daemon/directory/ldap.js';
import { createProvider } from '../daemon/directory/oidc.js';
import { TapedeckError } from '../daemon/domain/error.js';
import { catalogueFile, webFile } from '../daemon/domain/paths.js';
import { siteOf } from '../daemon/ops/config.js';
import type { Config } from '../daemon/ops/config-schema.js';
import { connectControl } from '../daemon/ops/control-client.js';
import { createLog, type Log } from '../daemon/ops/log.js';
import { noCoreDumps } from '../daemon/ops/process/core-dumps.js';
import { notify } from '../daemon/ops/process/notify.js';
import { programFile } from '../daemon/ops/process/program-files.js';
import { untilSignal } from '../daemon/ops/process/signal.js';
import { version } from '../daemon/ops/process/version.js';
import * as passwords from '../daemon/ops/secrets/password.js';
import { readSecret } from '../daemon/ops/secrets/secret.js';
import { pbxPorts } from '../daemon/ops/targets.js';
import { tlsMode } from '../daemon/ops/tls-mode.js';
import { writeInPlace } from '../daemon/vault/durable.js';
import { openSealed } from '../daemon/vault/open.js';
import { createArchiveApart } from '../daemon/vault/store/archive-apart.js';
import { createDiskReader } from '../daemon/vault/store/disk.js';
import { createTieredReader } from '../daemon/vault/store/tiers.js';
import { buildApp, type Deps } from './app.js';
import { createHosts } from './auth/hosts.js';
import type { Setup } from './auth/setup.js';
import type { Ask } from './server/ask.js';
import { createControl } from './server/control.js';
import { createPlainPort } from './server/plain-port.js';
import { throwPortError } from './server/port-error.js';
import { tlsOptions } from './server/tls.js';
import type { App } from './server/types.js';
import { openStore } from './store/store.js';

/** What is still being sent when the first signal comes has this long to end. */
const DRAIN_MS = 10_000;

/**
 * The dashboard's process: serves until a signal ends it. The first SIGTERM or SIGINT lets what is being sent end, the
 * second ends at once. Throws when the address is taken. While the catalogue cannot be read it says so on its pages, and waits.
 */
export async function runWeb(config: Config): Promise<void> {
  const log = createLog(config.log.level, 'web');
  // Garbage goes before the heap grows: otherwise a table of a million rows takes 150 MB more than what is in use.
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
  if (!(await noCoreDumps()))
    log.warn('Core dumps could not be turned off: a crash may write keys and speech to the disk');
  const { dir } = config.data;
  const catalogue = createSqliteReader({
    path: catalogueFile(dir),
    // The recorder raises the alarm.
    onBadRow: (bad) => log.error(bad, 'A row of the catalogue cannot be read and is left out'),
    onChange: (fault) =>
      fault
        ? log.warn({ err: fault }, 'The catalogue cannot be read; waiting for it')
        : log.info('The catalogue can be read'),
  });
  const { directory } = config.archive;
  const archive =
    directory === '' ? null : createArchiveApart({ directory, dataDir: dir, owner: catalogue.audit.id });
  const recordings = createTieredReader(createDiskReader(dir), archive);
  const store = openStore({ path: webFile(dir), log });
  const recorder = connectControl(dir);
  // Every request is given its body, also where that is empty.
  const ask = recorder.ask as Ask;
  const inviting = new AbortController();
  const tls = await createTls(config, log);
  await catalogue.start();
  try {
    await tls?.start();
    const { app, setup } = await buildApp({
      ...{ catalogue, store, passwords },
      openSealed: (...given) => openSealed(recordings, ...given),
      ...{ ask, askStream: recorder.askStream },
      ...outside(config),
      control: createControl(ask),
      dataDir: dir,
      uiDir: programFile('dist/web/ui'),
      helpDir: programFile('dist/docs'),
      site: { name: config.site.name, ...siteOf(config) },
      pbxes: config.pbxes.map(({ id, name }) => ({ id, name })),
      web: config.web,
      sessionLimits: {
        idleMs: config.web.session_idle_minutes * 60_000,
        longestMs: config.web.session_hours * 3_600_000,
      },
      tls: tls && { options: tls.options(), authority: tls.authority },
      retention: {
        schedule: config.retention.schedule,
        breakerPercent: config.retention.breaker_percent,
        breakerCount: config.retention.breaker_count,
        whenFull: config.data.when_full,
        archiveAfterDays: directory === '' ? null : config.archive.after_days,
      },
      coverage: { targetPercent: config.coverage.target_percent },
      mailOn: config.alerts.smtp_host !== '' && config.alerts.mail_from !== '',
      metrics: {
        allow: config.metrics.allow,
        token: () =>
          config.metrics.token_file ? readSecret(config.metrics.token_file, 'metrics-token') : null,
      },
      version: version(),
      log,
      now: Date.now,
    });
    const ended = untilSignal(log, 'the dashboard ends');
    tls?.use(app);
    const address = await app
      .listen({
        host: config.web.address,
        port: config.web.port,
        listenTextResolver: (at) => `listening at ${at}`,
      })
      .catch(throwPortError);
    await tls?.beside(app);
    // Whoever waits for the dashboard to be ready has the code by then, unless the recorder is not there yet.
    if (!(await invite(setup, address, log))) void inviteLater(setup, address, log, inviting.signal);
    await notify('READY=1');
    log.info({ event: 'ready' }, `the dashboard is ready at ${address}`);
    await ended;
    inviting.abort();
    await notify('STOPPING=1');
    const drained = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
    await app.close();
    clearTimeout(drained);
  } finally {
    inviting.abort();
    await tls?.stop();
    archive?.stop();
    await catalogue.stop();
    store.close();
    recorder.stop();
  }
}

/** Where people may come from besides this catalogue. */
function outside(config: Config): Pick<Deps, 'directory' | 'provider'> {
  const { ldap, oidc } = config;
  const now = Date.now;
  const ldapPassword = () => readSecret(ldap.bind_password_file, 'ldap-password');
  const oidcSecret = () => readSecret(oidc.client_secret_file, 'oidc-secret');
  return {
    directory: ldap.url ? { ldap: createLdap({ config: ldap, password: ldapPassword, now }) } : null,
    provider: oidc.issuer
      ? {
          oidc: createProvider({ config: oidc, secret: oidcSecret, now, pbxPorts: pbxPorts(config) }),
          name: oidc.name,
        }
      : null,
  };
}

/**
 * TLS as [web] has it, or null. The server takes each new certificate for the connections after it; SIGHUP has the files
 * looked at now instead of within a minute.
 */
async function createTls(config: Config, log: Log) {
  const { web, data } = config;
  const mode = tlsMode(web);
  if (mode === 'off') return null;
  const { createCertificates } = await import('../daemon/tls/certificates.js');
  let options: ServerOptions = {};
  let app: App | null = null;
  const certificates = createCertificates({
    settings: {
      mode,
      dataDir: data.dir,
      address: web.address,
      hosts: web.hosts,
      files: { certificate: web.tls_cert_file, key: web.tls_key_file },
      acme: {
        directory: web.acme_directory,
        caFile: web.acme_ca_file,
        email: web.acme_email,
        pbxPorts: pbxPorts(config),
      },
    },
    write: writeInPlace,
    onChange(pair) {
      options = tlsOptions(pair);
      if (app) (app.server as unknown as HttpsServer).setSecureContext(options);
    },
    log,
    now: Date.now,
  });
  const plain = web.http_port
    ? createPlainPort({
        hosts: createHosts(web),
        port: () => (app!.server.address() as AddressInfo).port,
        proof: certificates.proof,
        newId: () => ulid(),
      })
    : null;
  const again = () => void certificates.look();

  return {
    start: certificates.start,
    authority: certificates.authority,
    options: () => options,
    use(of: App): void {
      app = of;
      process.on('SIGHUP', again);
    },
    /** Opens the plain port beside the server, which listens by now, and renews certificates from then on. */
    async beside(of: App): Promise<void> {
      if (plain) {
        plain.listen(web.http_port, web.address);
        await once(plain, 'listening').catch(throwPortError);
        const { port } = of.server.address() as AddressInfo;
        log.info(`browsers at port ${web.http_port} are sent on to port ${port}`);
      }
      await certificates.keep();
    },
    async stop(): Promise<void> {
      process.off('SIGHUP', again);
      plain?.close().closeAllConnections();
      await certificates.stop();
    },
  };
}

/** How long to wait for the recorder before it is asked for a set-up code again, in ms. */
const SETUP_AGAIN_MS = 2_000;

/**
 * Shows the set-up code where only who runs the machine sees it; it is not logged. Returns false while the recorder does not
 * give one.
 */
async function invite(setup: Setup, address: string, log: Log): Promise<boolean> {
  try {
    const code = await setup.begin();
    if (code !== null)
      process.stdout.write(
        `\n  Nobody can sign in yet. Open ${address} and make the first user with this set-up code:\n\n      ${code}\n\n`,
      );
    return true;
  } catch (err) {
    if (!(err instanceof TapedeckError)) log.error({ err }, 'There is no set-up code');
    return false;
  }
}

/** The same as soon as the recorder gives one. */
async function inviteLater(setup: Setup, address: string, log: Log, signal: AbortSignal): Promise<void> {
  do await sleep(SETUP_AGAIN_MS, undefined, { signal }).catch(() => {});
  while (!signal.aborted && !(await invite(setup, address, log)));
}
