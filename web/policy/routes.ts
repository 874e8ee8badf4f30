import { standingOfNumber } from '../../daemon/catalogue/standing.js';
import { isoOrNull } from '../../daemon/domain/days.js';
import { imagine } from '../../daemon/domain/policy/imagined.js';
import { verdictOf } from '../../daemon/domain/policy/verdict.js';
import { inWords, reasonView } from '../../daemon/domain/reason/words.js';
import { APPLIES_TO } from '../../daemon/domain/retention/words.js';
import { saysPurpose, wouldLackPurpose } from '../../daemon/domain/telling/purpose.js';
import { signed } from '../auth/signed.js';
import { policyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { wouldTellView } from '../telling/views.js';
import { createPolicyPreview, previewRoutes } from './preview-routes.js';
import { PolicyBody, PolicyTestBody, PolicyTestView, PolicyVersionsView, PolicyView } from './schemas.js';

type Deps = Needs<
  'ask' | 'now' | 'site' | 'reached',
  | 'policy.newest'
  | 'policy.versions'
  | 'consents.list'
  | 'recordings.keptAfter'
  | 'lists.entries'
  | 'names.count'
  | 'prompts.list'
>;

/** What to record and how long to keep it. */
export function policyRoutes(app: App, deps: Deps): void {
  const { catalogue, ask, now, site } = deps;
  const preview = createPolicyPreview(deps);
  previewRoutes(app, { ...deps, preview });

  app.get(
    '/policy',
    {
      config: { access: 'oversee', audit: { nothing: "rules, and nobody's calls" } },
      schema: {
        tags: ['policy'],
        summary: 'The policy in force',
        description: 'The newest version.',
        response: answers(PolicyView),
      },
    },
    async () => policyView(await catalogue.policy.newest()),
  );

  app.put(
    '/policy',
    {
      config: { access: 'settings', audit: 'policy_change', invalid: 'policy_invalid' },
      schema: {
        tags: ['policy'],
        summary: 'Change the policy',
        description: `Makes a new version, of which the signed-in user is the author. Recording rules apply to calls that start from now on. ${APPLIES_TO} Needs a proof of the last ten minutes.`,
        body: PolicyBody,
        response: answers(PolicyView),
      },
    },
    async (request, reply) => {
      const { policy, based_on, confirm_no_emergency_numbers = false } = request.body;
      const apply = await preview.apply(request.body, () => reply.raw.destroyed);
      const { version } = await ask('save_policy', {
        ...{ by: signed(request), policy, based_on, no_emergency_numbers: confirm_no_emergency_numbers },
        ...(apply && { apply }),
      });
      request.log.info({ version, by: request.session!.person.name }, 'the policy was changed');
      return policyView(await catalogue.policy.newest());
    },
  );

  app.get(
    '/policy/versions',
    {
      config: { access: 'oversee', audit: { nothing: "rules, and nobody's calls" } },
      schema: {
        tags: ['policy'],
        summary: 'Every version of the policy',
        description: 'Newest first, with who made it and when.',
        response: answers(PolicyVersionsView),
      },
    },
    async () => {
      const versions = await catalogue.policy.versions();
      return { versions: versions.sort((a, b) => b.version - a.version).map(policyView) };
    },
  );

  app.post(
    '/policy/test',
    {
      config: { access: 'oversee', audit: { nothing: 'it asks what would be, and changes nothing' } },
      schema: {
        tags: ['policy'],
        summary: 'What would happen to a call',
        description:
          'Whether a call with these facts is recorded, how its people are told and how long it is kept; by the policy given, or else by the one in force.',
        body: PolicyTestBody,
        response: answers(PolicyTestView),
      },
    },
    async ({ body }) => {
      const policy = body.policy ?? (await catalogue.policy.newest()).policy;
      const at = { region: site.region, clock: now };
      const facts = imagine(body, now(), site, await standingOfNumber(catalogue, body.number ?? '', at));
      const { talked_s: talked, asked_for: askedFor = false } = body;
      const ended = talked === undefined ? null : { talkMs: talked * 1000, askedFor };
      const { record, awaits, telling, keep, atEnd } = verdictOf(policy, facts, ended);
      const { outcome, rule, why, open, meanwhile } = record;
      return {
        ...{ outcome, rule, open, meanwhile, awaits },
        ...reasonView(why),
        telling: telling && {
          ...wouldTellView(telling),
          ...{ language: telling.language, rule: telling.rule },
          lacks_purpose: wouldLackPurpose(telling, saysPurpose(await catalogue.prompts.list())),
        },
        keep_days: keep.keepDays,
        keep_until: isoOrNull(keep.keepUntil),
        not_before: isoOrNull(keep.minUntil),
        keep_rule: keep.rule,
        keep_reason: inWords(keep.why),
        keep_why: keep.why,
        at_end: atEnd && { keep: atEnd.keep, rule: atEnd.rule, ...reasonView(atEnd.why) },
      };
    },
  );
}
