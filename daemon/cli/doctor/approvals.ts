import { INDEPENDENT_AFTER_MS, isApprover } from '../../domain/approval/second-person.js';
import type { CliContext } from '../common/context.js';
import { type Finding, ok, warn } from './finding.js';

const CHECK = 'approvals';

/** Whether two people could approve where only passkeys count. Nothing where apps count too. */
export async function approvals(ctx: CliContext): Promise<Finding[]> {
  const { approvals, web } = ctx.config();
  if (!approvals.passkeys_only) return [];
  const { people, factors } = await ctx.catalogue();
  const now = Date.now();
  const names = web.hosts.map((host) => host.toLowerCase());
  const approvers = (await people.list()).filter(
    (one) => one.source === 'local' && one.disabledAt === null && isApprover(one),
  );
  const keys = await Promise.all(approvers.map(({ id }) => factors.passkeys(id)));
  const can = keys.filter((all) =>
    all.some(({ host, addedAt }) => names.includes(host) && addedAt + INDEPENDENT_AFTER_MS <= now),
  ).length;
  if (can >= 2) return [ok(CHECK, `Only passkeys approve, and ${can} people have one that counts.`)];
  return [
    warn(
      CHECK,
      `Only passkeys approve, and ${can === 0 ? 'nobody has' : 'only one person has'} one that counts: nothing can be approved by a second person.`,
      'Have two admins add a passkey under a name in [web] hosts, and wait 7 days; until then set passkeys_only = false in [approvals].',
    ),
  ];
}
