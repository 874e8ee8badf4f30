import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord, putOnRecord } from '../catalogue/entries.js';
import type { JsonValue } from '../domain/approval/approval.js';
import { canonical, sha256 } from '../domain/assurance/canonical.js';
import { iso, type Site } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { By } from '../domain/operations/control/request.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { isOpen, jobView, newJob } from '../domain/operations/job.js';
import type { PolicyDraft } from '../domain/policy/draft.js';
import type { Policy } from '../domain/policy/policy.js';
import { confirmEmergency, controlsOff, policyChanges } from '../domain/policy/policy-changes.js';
import { checkPolicy } from '../domain/policy/policy-faults.js';
import { refuseConflicts } from '../domain/policy/rule-faults.js';
import { namesShorter } from '../domain/retention/names.js';
import type { createJobs } from '../ops/jobs.js';
import type { ApprovalsOf } from './approvals.js';
import type { Asker, Askers } from './askers.js';

/** How many of its changes an entry names. */
const MOST_CHANGES = 50;

export type RuleDeps = {
  catalogue: Verbs<'policy.newest' | 'approvals.draft' | 'audit.append' | 'audited' | 'jobs.get'>;
  askers: Pick<Askers, 'may' | 'proved'>;
  jobs: Pick<ReturnType<typeof createJobs>, 'ask' | 'cancel'>;
  approvals: Pick<ApprovalsOf, 'ask' | 'use' | 'newest'>;
  site: Pick<Site, 'region'>;
  clock: () => number;
  /** Makes an id. */
  mint: (at: number) => string;
};

/** Throws `request_invalid` where somebody chooses a state, and it is not known of which country: it would mean nothing. */
function refuseStateAlone(before: Policy, after: Policy, { region }: Pick<Site, 'region'>): void {
  const state = after.telling?.subdivision;
  if (region !== '' || !state || state === before.telling?.subdivision) return;
  throw fail(
    'request_invalid',
    'telling.subdivision: a state needs its country. Set region = "US" (your own country, as two letters) under [site] in tapedeck.toml, restart Tapedeck, and choose the state then.',
  );
}

/** What is recorded, how long it is kept, and long work: changed for those who may, by what they have shown the recorder itself. */
export function createRuleRequests({
  catalogue,
  askers,
  jobs,
  approvals,
  site,
  clock,
  mint,
}: RuleDeps): Pick<
  ControlHandlers,
  'save_policy' | 'ask_policy' | 'save_approved' | 'check_recordings' | 'move_to_archive' | 'cancel_job'
> {
  /** Saves a policy for somebody who has shown who they are. */
  async function save(
    asker: Asker,
    by: By,
    draft: PolicyDraft,
    approvalOf: (what: ToApprove) => Promise<string>,
  ): Promise<{ version: number }> {
    const { policy, based_on: basedOn, apply } = draft;
    checkPolicy(policy);
    const newest = await catalogue.policy.newest();
    const before = newest.policy;
    refuseStateAlone(before, policy, site);
    // An approval is not used up for what cannot be saved.
    if (newest.version !== basedOn)
      throw fail('policy_conflict', `It is at version ${newest.version}; the change was made on ${basedOn}.`);
    confirmEmergency(before, policy, draft.no_emergency_numbers);
    refuseConflicts(before, policy);
    const changes = policyChanges(before, policy).slice(0, MOST_CHANGES);
    const job = apply
      ? newJob(mint(clock()), 'apply_retention', { version: basedOn + 1, ...apply }, clock())
      : undefined;
    const what = toApprove(before, draft, changes);
    if (what) await approvals.use(asker, { ...what, id: await approvalOf(what) });
    const applied: Record<string, string | number> = apply
      ? { apply_to: 'all', shorter: apply.shorter }
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
  }

  return {
    async save_policy(body) {
      const asker = await askers.proved('save_policy', body, 'settings');
      const { by, policy, based_on, no_emergency_numbers, apply = null } = body;
      return save(asker, by, { policy, based_on, no_emergency_numbers, apply }, async (what) => {
        const found = asker.person && (await approvals.newest(asker.person, what));
        return found?.approval.id ?? '';
      });
    },

    async ask_policy({ by, reason, ...draft }) {
      const asker = await askers.may(by, 'settings');
      checkPolicy(draft.policy);
      const { policy: before, version } = await catalogue.policy.newest();
      if (version !== draft.based_on) throw fail('policy_conflict', `It is at version ${version}.`);
      confirmEmergency(before, draft.policy, draft.no_emergency_numbers);
      refuseStateAlone(before, draft.policy, site);
      refuseConflicts(before, draft.policy);
      const what = toApprove(before, draft, policyChanges(before, draft.policy).slice(0, MOST_CHANGES));
      if (!what) throw fail('request_invalid', 'policy: it can be saved without an approval');
      const { id } = await approvals.ask(asker, { ...what, reason }, draft);
      return { id };
    },

    async save_approved(body) {
      const asker = await askers.proved('save_approved', body, 'settings');
      const draft = await catalogue.approvals.draft(body.approval);
      if (!draft) throw fail('approval_unknown');
      return save(asker, body.by, draft, async () => body.approval);
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
      const job = await catalogue.jobs.get(id);
      if (!job || !isOpen(job)) throw fail('job_unknown', id);
      await putOnRecord(catalogue, asker.entry('job_cancel', { object: 'job', object_id: id }));
      return jobView(await jobs.cancel(id));
    },
  };
}

type ToApprove = NonNullable<ReturnType<typeof toApprove>>;

/**
 * What a second person sees, and approves: which rules, what they do to existing recordings, and for what nobody needs a second person
 * any more. Null for a policy that one person can save.
 */
function toApprove(before: Policy, { policy, apply }: PolicyDraft, changes: string[]) {
  const off = controlsOff(before, policy);
  const fewer = (apply?.shorter ?? 0) > 0 || namesShorter(before, policy);
  const shorter = fewer && before.approvals?.shorten_retention === true;
  if (off.length === 0 && !shorter) return null;
  const shown = {
    ...{ changes, ...(off.length > 0 ? { no_second_person_for: off } : {}) },
    ...(apply
      ? { as_of: iso(apply.as_of), shorter: apply.shorter, due: apply.due, digest: apply.digest }
      : {}),
    ...{ retention: plain(policy.retention), limits: plain(policy.limits ?? []) },
    ...(policy.metadata_days !== undefined && { metadata_days: policy.metadata_days }),
    policy_sha256: sha256(canonical(plain(policy))),
  };
  return {
    act: off.length > 0 ? ('loosen_approvals' as const) : ('shorten_retention' as const),
    ...{ object: 'policy', shown },
  };
}
/** As JSON has it: without what is undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonValue;

/** The author of a version, as people read it. */
export const nameOf = (by: By, name: string | undefined): string =>
  'console' in by ? `${by.console} (command line)` : (name ?? '');
