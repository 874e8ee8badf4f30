import { ulid } from 'ulid';
import { withEntries } from '../../catalogue/entries.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type {
  ControlAnswer,
  ControlBody,
  ControlHandlers,
  ControlName,
} from '../../domain/operations/control.js';
import { catalogueFile, lockFile } from '../../domain/paths.js';
import { ask } from '../../ops/control-client.js';
import { type Lock, takeLock } from '../../ops/lock.js';
import { version } from '../../ops/process/version.js';
import * as passwords from '../../ops/secrets/password.js';
import { createRequests } from '../../requests/requests.js';
import type { CliContext } from './context.js';

/** What can be asked for while no recorder runs too: people, rules and erasing, so that a box that is broken can be set right. */
type Alone = Partial<ControlHandlers>;

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
    lock = takeLock(lockFile(dataDir));
    const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir), mustExist: true });
    await catalogue.start();
    const clock = () => Date.now();
    const withOwn = withEntries(catalogue, {
      clock,
      later: async (entry) => void (await catalogue.audit(entry)),
    });
    const away = async (): Promise<never> => {
      throw fail('daemon_unreachable', 'Only the recorder can do this.');
    };
    const { handlers, stop } = createRequests({
      ...{ catalogue: withOwn, passwords, dataDir, clock, mint: ulid, version: version() },
      rules: { ldap: ctx.config().ldap.roles ?? [], oidc: ctx.config().oidc.roles ?? [] },
      site: { name: ctx.config().site.name, timeZone: ctx.config().site.time_zone },
      retain: { run: async (how) => (await ctx.retain(withOwn)).run(how) },
      jobs: {
        ask: away,
        async cancel(id) {
          const job = await catalogue.cancelJob(id, clock());
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
      ...{ identity: away, examine: away, sign: away, passes: { take: () => false }, signer: () => '' },
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
          if (!(e instanceof TapedeckError) || e.code !== 'daemon_unreachable') throw e;
          alone = begin();
        }
      const handle = (await alone)[name] as ((body: ControlBody<N>) => unknown) | undefined;
      if (!handle) throw fail('daemon_unreachable');
      return (await handle(body)) as ControlAnswer<N>;
    },

    async close(): Promise<void> {
      await alone?.catch(() => {});
      await closing?.();
      lock?.release();
      alone = null;
    },
  };
}
