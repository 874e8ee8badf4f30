import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord, putOnRecord } from '../catalogue/entries.js';
import type { JsonValue } from '../domain/approval/approval.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Apply } from '../domain/operations/control/recordings.js';
import type { By } from '../domain/operations/control/request.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { jobView, newJob } from '../domain/operations/job.js';
import type { Policy } from '../domain/policy/policy.js';
import { confirmEmergency, policyChanges } from '../domain/policy/policy-changes.js';
import { checkPolicy } from '../domain/policy/policy-faults.js';
import type { createJobs } from '../ops/jobs.js';
import type { ApprovalsOf } from './approvals.js';
import type { Asker, Askers } from './askers.js';

/** How many of its changes an entry names. */
const MOST_CHANGES = 50;

export type RuleDeps = {
  catalogue: Verbs<'policy.newest' | 'audit.append' | 'audited'>;
  askers: Pick<Askers, 'may' | 'proved'>;
  jobs: Pick<ReturnType<typeof createJobs>, 'ask' | 'cancel'>;
  approvals: Pick<ApprovalsOf, 'ask' | 'use' | 'newest'>;
  clock: () => number;
  /** Makes an id. */
  mint: (at: number) => string;
};

/** What is recorded, how long it is kept, and long work: changed for those who may, by what they have shown the recorder itself. */
export function createRuleRequests({
  catalogue,
  askers,
  jobs,
  approvals,
  clock,
  mint,
}: RuleDeps): Pick<
  ControlHandlers,
  'save_policy' | 'ask_shorter' | 'check_recordings' | 'move_to_archive' | 'cancel_job'
> {
  /** Uses up the approval of exactly this. Throws `approval_missing`; `forbidden` on the command line. */
  async function useApproval(asker: Asker, what: ReturnType<typeof toApprove>): Promise<void> {
    const found = asker.person && (await approvals.newest(asker.person, what));
    await approvals.use(asker, { ...what, id: found?.approval.id ?? '' });
  }

  return {
    async save_policy(body) {
      const asker = await askers.proved('save_policy', body, 'settings');
      const { by, policy, based_on: basedOn, no_emergency_numbers: confirmed } = body;
      checkPolicy(policy);
      const newest = await catalogue.policy.newest();
      const before = newest.policy;
      // An approval is not used up for what cannot be saved.
      if (newest.version !== basedOn)
        throw fail(
          'policy_conflict',
          `It is at version ${newest.version}; the change was made on ${basedOn}.`,
        );
      confirmEmergency(before, policy, confirmed);
      const changes = policyChanges(before, policy).slice(0, MOST_CHANGES);
      const job = body.apply
        ? newJob(mint(clock()), 'apply_retention', { version: basedOn + 1, ...body.apply }, clock())
        : undefined;
      if (body.apply && body.apply.shorter > 0 && before.approvals?.shorten_retention)
        await useApproval(asker, toApprove(policy, body.apply, changes));
      const applied: Record<string, string | number> = body.apply
        ? { apply_to: 'all', shorter: body.apply.shorter }
        : { apply_to: 'new' };
      const version = await onRecord<number>(
        catalogue,
        (made) =>
          asker.entry('policy_change', {
            ...{ object: 'policy', object_id: String(made), detail: { changes, ...applied } },
          }),
        (c) => c.policy.save(policy, nameOf(by, asker.person?.name), clock(), basedOn, job),
      );
      // It is in the catalogue: this only begins it at once.
      if (job) await jobs.ask(job.kind, job.params).catch(() => undefined);
      return { version };
    },

    async ask_shorter({ by, policy, based_on: basedOn, apply, reason }) {
      const asker = await askers.may(by, 'settings');
      checkPolicy(policy);
      const { policy: before, version } = await catalogue.policy.newest();
      if (version !== basedOn) throw fail('policy_conflict', `It is at version ${version}.`);
      const { id } = await approvals.ask(asker, {
        ...toApprove(policy, apply, policyChanges(before, policy).slice(0, MOST_CHANGES)),
        reason,
      });
      return { id };
    },

    async check_recordings({ by }) {
      const asker = await askers.may(by, 'settings');
      await putOnRecord(catalogue, asker.entry('recordings_check'));
      const { job, already } = await jobs.ask('recordings_check');
      return { job: jobView(job), already };
    },

    async move_to_archive({ by }) {
      const asker = await askers.may(by, 'settings');
      await putOnRecord(catalogue, asker.entry('archive', { detail: { what: 'asked' } }));
      const { job, already } = await jobs.ask('archive');
      return { job: jobView(job), already };
    },

    async cancel_job({ by, id }) {
      const asker = await askers.may(by, 'settings');
      await putOnRecord(catalogue, asker.entry('job_cancel', { object: 'job', object_id: id }));
      return jobView(await jobs.cancel(id));
    },
  };
}

/** What a second person sees, and approves: which rules, and what they do to existing recordings. */
const toApprove = (policy: Policy, apply: Apply, changes: string[]) => ({
  act: 'shorten_retention' as const,
  object: 'policy',
  shown: {
    ...{ changes, as_of: iso(apply.as_of), shorter: apply.shorter, due: apply.due, digest: apply.digest },
    retention: plain(policy.retention),
    limits: plain(policy.limits ?? []),
  },
});
/** As JSON has it: without what is undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonValue;

/** The author of a version, as people read it. */
export const nameOf = (by: By, name: string | undefined): string =>
  'console' in by ? `${by.console} (command line)` : (name ?? '');
