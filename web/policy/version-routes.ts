import { fail } from '../../daemon/domain/error.js';
import { defaultPolicy, type Policy } from '../../daemon/domain/policy/policy.js';
import { policyChanges } from '../../daemon/domain/policy/policy-changes.js';
import { ruleFaults, ruleFaultText, ruleHints } from '../../daemon/domain/policy/rule-faults.js';
import { signed } from '../auth/signed.js';
import { policyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { PolicyView } from './schemas.js';
import { CheckBody, CheckView, DiffQuery, DiffView, RestoreBody, VersionParams } from './version-schemas.js';

/** Versions of the policy beside each other, and what is wrong with the rules of one. */
export function versionRoutes(
  app: App,
  { catalogue, ask }: Needs<'ask', 'policy.newest' | 'policy.versions'>,
): void {
  /** Throws `version_unknown`. */
  async function versionOf(wanted: number): Promise<Policy> {
    if (wanted === 0) return defaultPolicy;
    const found = (await catalogue.policy.versions()).find(({ version }) => version === wanted);
    if (!found) throw fail('version_unknown', `Version ${wanted}.`);
    return found.policy;
  }

  app.get(
    '/policy/diff',
    {
      config: { access: 'oversee', audit: { nothing: "rules, and nobody's calls" } },
      schema: {
        tags: ['policy'],
        summary: 'What differs between two versions of the policy',
        description: 'One line for each change. Numbers of outside parties are counted, not written.',
        querystring: DiffQuery,
        response: answers(DiffView),
      },
    },
    async ({ query }) => ({
      changes: policyChanges(await versionOf(query.from), await versionOf(query.to)),
    }),
  );

  app.post(
    '/policy/versions/:version/restore',
    {
      config: { access: 'settings', audit: 'policy_change' },
      schema: {
        tags: ['policy'],
        summary: 'Bring back an older version of the policy',
        description: 'As a new version that says the same. Needs a proof of the last ten minutes.',
        params: VersionParams,
        body: RestoreBody,
        response: answers(PolicyView),
      },
    },
    async (request) => {
      const { based_on, confirm_no_emergency_numbers = false } = request.body;
      const policy = await versionOf(request.params.version);
      await ask('save_policy', {
        ...{ by: signed(request), policy, based_on, no_emergency_numbers: confirm_no_emergency_numbers },
      });
      return policyView(await catalogue.policy.newest());
    },
  );

  app.post(
    '/policy/check',
    {
      config: {
        access: 'oversee',
        audit: { nothing: 'it asks what is wrong with rules, and changes nothing' },
        invalid: 'policy_invalid',
      },
      schema: {
        tags: ['policy'],
        summary: 'What is wrong with the rules of a policy',
        description:
          'Rules that never fit a call, that are never reached, that contradict another one or overlap it. None of it keeps a policy from being saved.',
        body: CheckBody,
        response: answers(CheckView),
      },
    },
    async ({ body }) => ({
      faults: [...ruleFaults(body.policy), ...ruleHints(body.policy)].map((fault) => ({
        ...fault,
        message: ruleFaultText(fault),
      })),
    }),
  );
}
