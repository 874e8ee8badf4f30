import { existsSync, mkdirSync } from 'node:fs';
import { ulid } from 'ulid';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { withEntries } from '../../catalogue/entries.js';
import { createNumbersInLists } from '../../catalogue/listed.js';
import { findCalls } from '../../catalogue/privacy/find-calls.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import { createStandingByNumber } from '../../catalogue/standing.js';
import { fail, TapedeckError } from '../../domain/error.js';
import { type Alarms, raised } from '../../domain/operations/alarm.js';
import { catalogueFile, lockFile, recorderFolder } from '../../domain/paths.js';
import { siteRegion } from '../../ops/config.js';
import { type Lock, takeLock } from '../../ops/lock.js';
import { version } from '../../ops/process/version.js';
import * as passwords from '../../ops/secrets/password.js';
import { createRequests } from '../../requests/requests.js';
import { refuseMoved } from '../../vault/backup/moved.js';
import type { Alone } from './asking.js';
import type { CliContext } from './context.js';

/**
 * What the recorder does when it is asked, in this process, with the recorder's lock. `close` also has to be called when it throws.
 */
export async function doAlone(ctx: CliContext): Promise<{ handlers: Alone; close(): Promise<void> }> {
  const dataDir = ctx.movedData();
  refuseMoved(dataDir);
  const lock = lockOf(dataDir);
  try {
    const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir), mustExist: true });
    await catalogue.start();
    // Nobody is told from here: alarms are written down, and the recorder tells of them at its next start.
    const told: Promise<void>[] = [];
    const { handlers, stop } = handlersOf(ctx, dataDir, catalogue, {
      raise: (key, alarm) => void told.push(catalogue.alarms.save(raised(undefined, key, alarm, Date.now()))),
    });
    return {
      handlers,
      async close(): Promise<void> {
        stop();
        await Promise.all(told);
        await catalogue.stop();
        lock.release();
      },
    };
  } catch (e) {
    lock.release();
    throw e;
  }
}

function handlersOf(ctx: CliContext, dataDir: string, catalogue: Catalogue, alarms: Pick<Alarms, 'raise'>) {
  const clock = () => Date.now();
  const withOwn = withEntries(catalogue, {
    clock,
    later: async (entry) => void (await catalogue.audit.append(entry)),
  });
  const away = async (): Promise<never> => {
    throw fail('daemon_unreachable', 'Only the recorder can do this.');
  };
  return createRequests({
    ...{ catalogue: withOwn, passwords, dataDir, clock, mint: ulid, version: version() },
    rules: { ldap: ctx.config().ldap.roles ?? [], oidc: ctx.config().oidc.roles ?? [] },
    site: {
      ...{ name: ctx.config().site.name, timeZone: ctx.config().site.time_zone },
      region: siteRegion(ctx.config()),
    },
    callsAsked: (asked) => findCalls(catalogue, catalogue.calls.list, asked),
    // Deadlines are looked at again when the recorder starts.
    deadlines: { look: async () => {} },
    direct: away,
    lists: createNumbersInLists({ catalogue, clock, region: siteRegion(ctx.config()) }),
    standing: createStandingByNumber({ catalogue, clock, region: siteRegion(ctx.config()) }),
    documents: { keep: away, read: away, destroy: away },
    redactor: { redact: away },
    retain: {
      run: async (how) => (await ctx.retain(withOwn)).run(how),
      eraseAll: async (...given) => (await ctx.retain(withOwn)).eraseAll(...given),
    },
    eraseVersion: async (...given) => (await ctx.retain(withOwn)).erase(...given),
    // The recorder works it out at its next start; until then nothing is erased.
    holding: { work: () => {} },
    mailings: { sendNow: away, changed: () => {} },
    mailOn: false,
    facts: { recipients: [], measures: [] },
    coolOffMs: ctx.config().holds.release_cool_off_hours * 3_600_000,
    jobs: {
      ask: away,
      async cancel(id) {
        const job = await catalogue.jobs.cancel(id, clock());
        if (!job) throw fail('job_unknown', id);
        return job;
      },
    },
    factorSecrets: {
      seal: () => {
        throw fail('daemon_unreachable');
      },
      open: () => {
        throw fail('daemon_unreachable');
      },
    },
    ...{
      identity: away,
      registered: away,
      examine: away,
      makePrompt: away,
      speakPrompt: away,
      keepPrompt: away,
      sign: away,
      passes: { take: () => false },
      signer: () => '',
      textSigner: away,
    },
    alarms,
  });
}

/** Throws `already_running` where a recorder has it, which then was asked and gave no answer; `catalogue_missing`. */
function lockOf(dataDir: string): Lock {
  const catalogue = catalogueFile(dataDir);
  if (!existsSync(catalogue)) throw fail('catalogue_missing', `${catalogue}.`);
  mkdirSync(recorderFolder(dataDir), { recursive: true, mode: 0o700 }); // a backup may be without it
  try {
    return takeLock(lockFile(dataDir));
  } catch (e) {
    if (!(e instanceof TapedeckError) || e.code !== 'already_running') throw e;
    throw fail('already_running', 'It does not answer, and nothing was changed here.', e);
  }
}
