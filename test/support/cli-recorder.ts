import { ulid } from 'ulid';
import { createNumbersInLists } from '../../daemon/catalogue/listed.js';
import { findCalls } from '../../daemon/catalogue/privacy/find-calls.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createStandingByNumber } from '../../daemon/catalogue/standing.js';
import type { ControlHandlers } from '../../daemon/domain/operations/control.js';
import { catalogueFile, controlSocket, ownerSocket } from '../../daemon/domain/paths.js';
import { createControl } from '../../daemon/operations/control.js';
import { createJobs, type JobHandler } from '../../daemon/ops/jobs.js';
import { createLog } from '../../daemon/ops/log.js';
import * as passwords from '../../daemon/ops/secrets/password.js';
import { createRequests } from '../../daemon/requests/requests.js';
import { openDataFolder } from '../../daemon/vault/data-folder.js';
import { fingerprint, type SigningKey } from '../../daemon/vault/signing-key.js';
import { freshCatalogue } from './catalogue/fresh.js';
import { handlersOf } from './control-handlers.js';

const never = (): never => {
  throw new Error('This is not in this test.');
};

/**
 * A recorder as the command line meets it: it has the data directory's lock, its catalogue and both sockets, and answers what is
 * asked for people, rules, jobs and reports. `check` is its check of all recordings, `key` signs reports.
 */
export async function startRecorder(
  dataDir: string,
  { check = never, key }: { check?: JobHandler; key?: SigningKey } = {},
) {
  const folder = openDataFolder(dataDir);
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dataDir)) });
  await catalogue.start();
  const log = createLog('silent', 'test');
  const clock = () => Date.now();
  const jobs = createJobs({
    ...{ store: catalogue.jobs, handlers: { recordings_check: check }, log, clock, mint: () => ulid() },
    pace: { lookMs: 5, saveMs: 0 },
  });
  const { handlers, streams, stop } = createRequests({
    lists: createNumbersInLists({ catalogue, clock, region: '' }),
    standing: createStandingByNumber({ catalogue, clock, region: '' }),
    documents: { keep: never, read: never, destroy: never },
    callsAsked: (asked) => findCalls(catalogue, catalogue.calls.list, asked),
    ...{ catalogue, passwords, dataDir, clock, jobs, mint: ulid, version: '0.0.0-test' },
    ...{
      rules: { ldap: [], oidc: [] },
      site: { name: '', timeZone: 'UTC', region: '' },
      deadlines: { look: async () => {} },
      retain: { run: never, eraseAll: never },
      eraseVersion: never,
      redactor: { redact: never },
      holding: { work: () => {} },
      coolOffMs: 86_400_000,
      mailings: { sendNow: never, changed: () => {} },
      mailOn: false,
      facts: { recipients: [], measures: [] },
    },
    ...{ factorSecrets: { seal: never, open: never }, passes: { take: () => false } },
    ...{
      direct: never,
      identity: never,
      registered: never,
      examine: never,
      makePrompt: never,
      speakPrompt: never,
      keepPrompt: never,
      sign: never,
      signer: () => '',
      textSigner: async () =>
        key
          ? {
              ...{ keyId: key.keyId, sha256: fingerprint(key.publicKeyPem), publicKey: key.publicKeyPem },
              sign: (text: string) => key.sign(Buffer.from(text)).toString('base64'),
            }
          : never(),
      alarms: { raise: () => {} },
    },
  });
  const asked: string[] = [];
  const noted = Object.entries(handlers).map(([name, handle]) => [
    name,
    (body: never) => {
      asked.push(name);
      return (handle as (body: never) => unknown)(body);
    },
  ]);
  const control = createControl({
    ...{ socket: controlSocket(dataDir), ownerSocket: ownerSocket(dataDir), log, streams },
    handlers: handlersOf(Object.fromEntries(noted) as Partial<ControlHandlers>),
  });
  await control.start();
  jobs.start();
  let up = true;
  return {
    catalogue,
    /** The names of the requests so far. */
    asked,
    async stop(): Promise<void> {
      if (!up) return;
      up = false;
      await jobs.stop();
      stop();
      await control.stop();
      await catalogue.stop();
      folder.release();
    },
  };
}

/** Run as a program: a recorder on this data directory, until it is killed. */
if (process.argv[1] === import.meta.filename) {
  await startRecorder(process.argv[2]!);
  process.stdout.write('up\n');
}
