import { existsSync, mkdirSync } from 'node:fs';
import { ulid } from 'ulid';
import { withEntries } from '../../catalogue/entries.js';
import { createNumbersInLists } from '../../catalogue/listed.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import { createStandingByNumber } from '../../catalogue/standing.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type {
  ControlAnswer,
  ControlBody,
  ControlHandlers,
  ControlName,
} from '../../domain/operations/control.js';
import { catalogueFile, lockFile, recorderFolder } from '../../domain/paths.js';
import { siteRegion } from '../../ops/config.js';
import { ask } from '../../ops/control-client.js';
import { type Lock, takeLock } from '../../ops/lock.js';
import { version } from '../../ops/process/version.js';
import * as passwords from '../../ops/secrets/password.js';
import { createRequests } from '../../requests/requests.js';
import { refuseMoved } from '../../vault/backup/moved.js';
import type { CliContext } from './context.js';

/** What can be asked for while no recorder runs too: people, rules and erasing, so that a box that is broken can be set right. */
const ALONE = [
  'add_user',
  'set_password',
  'reset_factors',
  'change_person',
  'remove_person',
  'save_policy',
  'add_list',
  'change_list',
  'remove_list',
  'put_listed',
  'drop_listed',
  'add_consents',
  'withdraw_consent',
  'run_retention',
  'erase_calls',
  'cancel_job',
  'approvals',
  'open_matter',
  'widen_matter',
  'hold_recordings',
  'ask_release',
  'withdraw_approval',
  'write_entry',
  'put_finding',
  'reseal_totp',
] as const satisfies ControlName[];
type Alone = Pick<ControlHandlers, (typeof ALONE)[number]>;
const isAlone = (name: ControlName): name is keyof Alone => (ALONE as readonly ControlName[]).includes(name);

/**
 * Asks the recorder over the owner's socket. While none runs, this process takes its lock and does the same itself, so that one
 * process alone writes at any time.
 */
export function createAsking(ctx: CliContext) {
  let lock: Lock | null = null;
  let closing: (() => Promise<void>) | null = null;
  let alone: Promise<Alone> | null = null;

  async function begin(): Promise<Alone> {
    const dataDir = ctx.movedData();
    refuseMoved(dataDir);
    lock = lockOf(dataDir);
    const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir), mustExist: true });
    await catalogue.start();
    const clock = () => Date.now();
    const withOwn = withEntries(catalogue, {
      clock,
      later: async (entry) => void (await catalogue.audit.append(entry)),
    });
    const away = async (): Promise<never> => {
      throw fail('daemon_unreachable', 'Only the recorder can do this.');
    };
    const { handlers, stop } = createRequests({
      ...{ catalogue: withOwn, passwords, dataDir, clock, mint: ulid, version: version() },
      rules: { ldap: ctx.config().ldap.roles ?? [], oidc: ctx.config().oidc.roles ?? [] },
      site: {
        ...{ name: ctx.config().site.name, timeZone: ctx.config().site.time_zone },
        region: siteRegion(ctx.config()),
      },
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
        keepPrompt: away,
        sign: away,
        passes: { take: () => false },
        signer: () => '',
        textSigner: away,
      },
      alarms: { raise: () => {} },
    });
    closing = async () => {
      stop();
      await catalogue.stop();
    };
    return handlers;
  }

  return {
    /** Throws what is answered; `already_running` while a recorder has the data directory and does not answer. */
    async ask<N extends ControlName>(name: N, body: ControlBody<N>): Promise<ControlAnswer<N>> {
      if (!alone)
        try {
          return await ask(ctx.data(), name, ...([body] as never));
        } catch (e) {
          const away = e instanceof TapedeckError && e.code === 'daemon_unreachable';
          if (!away || !isAlone(name)) throw e;
          alone = begin();
        }
      if (!isAlone(name)) throw fail('daemon_unreachable');
      const handle = (await alone)[name] as (body: ControlBody<N>) => unknown;
      return (await handle(body)) as ControlAnswer<N>;
    },

    async close(): Promise<void> {
      await alone?.catch(() => {});
      await closing?.();
      lock?.release();
      alone = null;
      closing = null;
      lock = null;
    },
  };
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
