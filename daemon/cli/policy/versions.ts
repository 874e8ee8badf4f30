import { type Command, InvalidArgumentError } from 'commander';
import type { Policies } from '../../catalogue/policy.js';
import { fail } from '../../domain/error.js';
import { defaultPolicy, type Policy } from '../../domain/policy/policy.js';
import { policyChanges } from '../../domain/policy/policy-changes.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';

function version(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0) throw new InvalidArgumentError('Write the number of a version.');
  return n;
}

/** `tapedeck policy diff` and `restore`: versions beside each other, and an older one again. */
export function policyVersions(command: Command, ctx: CliContext): void {
  command
    .command('diff')
    .description('show what differs between two versions')
    .argument('<from>', 'the earlier version; 0 is the policy that Tapedeck comes with', version)
    .argument('[to]', 'the later version; the one in force if not given', version)
    .addHelpText('after', '\nExample:\n  tapedeck policy diff 3 5')
    .action(async (from: number, to: number | undefined) => {
      const { policy } = await ctx.catalogue();
      const later = to === undefined ? (await policy.newest()).policy : await versionOf(policy, to);
      const changes = policyChanges(await versionOf(policy, from), later);
      ctx.out(changes.length === 0 ? 'They say the same.' : changes.join('\n'));
    });

  command
    .command('restore')
    .description('put an older version into force again, as a new one')
    .argument('<version>', 'the version; 0 is the policy that Tapedeck comes with', version)
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--allow-no-emergency-numbers', 'accept a policy without emergency numbers')
    .addHelpText('after', '\nExample:\n  tapedeck policy restore 3 --dry-run')
    .action(async (from: number, options: { dryRun?: boolean; allowNoEmergencyNumbers?: boolean }) => {
      const { policy } = await ctx.catalogue();
      const now = await policy.newest();
      const older = await versionOf(policy, from);
      const changes = policyChanges(now.policy, older);
      if (changes.length === 0 && now.fault === null)
        return ctx.out(`Version ${now.version} says the same; nothing to change.`);
      ctx.out(changes.join('\n'));
      if (options.dryRun) return ctx.out('Nothing was changed (--dry-run).');
      const { version: made } = await ctx.ask('save_policy', {
        ...{ by: onConsole(), policy: older, based_on: now.version },
        no_emergency_numbers: options.allowNoEmergencyNumbers ?? false,
      });
      ctx.out(`Version ${made} is in force, as version ${from} was.`);
    });
}

/** Throws `version_unknown`. */
async function versionOf(policies: Pick<Policies, 'versions'>, wanted: number): Promise<Policy> {
  if (wanted === 0) return defaultPolicy;
  const found = (await policies.versions()).find(({ version }) => version === wanted);
  if (!found) throw fail('version_unknown', `Version ${wanted}.`);
  return found.policy;
}
