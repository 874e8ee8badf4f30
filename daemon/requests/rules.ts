import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord, putOnRecord } from '../catalogue/entries.js';
import type { By } from '../domain/operations/control/request.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { jobView } from '../domain/operations/job.js';
import { confirmEmergency, policyChanges } from '../domain/policy/policy-changes.js';
import { checkPolicy } from '../domain/policy/policy-faults.js';
import type { createJobs } from '../ops/jobs.js';
import type { Askers } from './askers.js';

/** How many of its changes an entry names. */
const MOST_CHANGES = 50;

export type RuleDeps = {
  catalogue: Verbs<'policy.newest' | 'audit.append' | 'audited'>;
  askers: Pick<Askers, 'may' | 'proved'>;
  jobs: Pick<ReturnType<typeof createJobs>, 'ask' | 'cancel'>;
  clock: () => number;
};

/** What is recorded, how long it is kept, and long work: changed for those who may, by what they have shown the recorder itself. */
export function createRuleRequests({
  catalogue,
  askers,
  jobs,
  clock,
}: RuleDeps): Pick<ControlHandlers, 'save_policy' | 'check_recordings' | 'cancel_job'> {
  return {
    async save_policy(body) {
      const asker = await askers.proved('save_policy', body, 'settings');
      const { by, policy, based_on: basedOn, no_emergency_numbers: confirmed } = body;
      checkPolicy(policy);
      const before = (await catalogue.policy.newest()).policy;
      confirmEmergency(before, policy, confirmed);
      const changes = policyChanges(before, policy).slice(0, MOST_CHANGES);
      const version = await onRecord<number>(
        catalogue,
        (made) =>
          asker.entry('policy_change', { object: 'policy', object_id: String(made), detail: { changes } }),
        (c) => c.policy.save(policy, nameOf(by, asker.person?.name), clock(), basedOn),
      );
      return { version };
    },

    async check_recordings({ by }) {
      const asker = await askers.may(by, 'settings');
      await putOnRecord(catalogue, asker.entry('recordings_check'));
      const { job, already } = await jobs.ask('recordings_check');
      return { job: jobView(job), already };
    },

    async cancel_job({ by, id }) {
      const asker = await askers.may(by, 'settings');
      await putOnRecord(catalogue, asker.entry('job_cancel', { object: 'job', object_id: id }));
      return jobView(await jobs.cancel(id));
    },
  };
}

/** The author of a version, as people read it. */
export const nameOf = (by: By, name: string | undefined): string =>
  'console' in by ? `${by.console} (command line)` : (name ?? '');
