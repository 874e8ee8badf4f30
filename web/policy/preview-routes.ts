import { setImmediate as nextTurn } from 'node:timers/promises';
import { namesDue } from '../../daemon/catalogue/retention/planned.js';
import { type Previewed, previewRedating } from '../../daemon/catalogue/retention/redating.js';
import { iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import type { Person } from '../../daemon/domain/people/person.js';
import type { Policy } from '../../daemon/domain/policy/policy.js';
import { namesShorter } from '../../daemon/domain/retention/names.js';
import { serialQueue } from '../../daemon/ops/turns.js';
import { signed } from '../auth/signed.js';
import { policyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import { AskedPolicyView, AskPolicyBody, PreviewBody, PreviewView } from './preview-schemas.js';
import { PolicyView } from './schemas.js';

type Deps = Needs<
  'ask' | 'reached' | 'now' | 'site',
  'policy.newest' | 'recordings.keptAfter' | 'lists.entries' | 'names.count'
>;

/** What a save asks for. */
type Wanted = {
  policy: Policy;
  apply_to?: 'new' | 'all';
  preview?: { as_of: string; digest: string };
};

/** Looks at existing recordings, for one person at a time: each look reads all of them. */
export function createPolicyPreview({ catalogue, site, now }: Omit<Deps, 'ask' | 'reached'>) {
  const turns = serialQueue();
  const of = (policy: Policy, asOf: number, gone: () => boolean): Promise<Previewed> =>
    turns.run(() =>
      previewRedating(catalogue, {
        ...{ policy, asOf, site },
        async pause() {
          await nextTurn();
          // Nobody waits for it any more.
          if (gone()) throw fail('internal', 'The request was ended.');
        },
      }),
    );
  return {
    of,
    /**
     * What the recorder is told of existing recordings; undefined where they stay as they are. Throws `preview_changed` where some
     * are kept for less time and that is not what was shown.
     */
    async apply({ policy, apply_to, preview }: Wanted, gone: () => boolean) {
      if (apply_to !== 'all') return undefined;
      const asOf = preview ? Date.parse(preview.as_of) : now();
      if (asOf > now()) throw fail('request_invalid', 'preview.as_of: it is still to come.');
      const { digest, shorter, due } = await of(policy, asOf, gone);
      if (shorter > 0 && digest !== preview?.digest)
        throw fail('preview_changed', `${shorter} recordings would be kept for less time.`);
      return { as_of: asOf, digest, shorter, due };
    },
  };
}
export type PolicyPreview = ReturnType<typeof createPolicyPreview>;

/** What a policy would do to existing recordings. */
export function previewRoutes(
  app: App,
  { preview, ask, catalogue, reached, now, site }: Deps & { preview: PolicyPreview },
): void {
  app.post(
    '/policy/preview',
    {
      config: {
        access: 'settings',
        audit: { nothing: 'it counts what would be; who sees a call may see it here' },
        invalid: 'policy_invalid',
      },
      schema: {
        tags: ['policy'],
        summary: 'What a policy would do to existing recordings',
        description:
          'Decides anew how long each existing recording is kept, and says what differs, by rule. Nothing is changed. A recording with a legal hold gets its date too, and is not erased while the hold stands.',
        body: PreviewBody,
        response: answers(PreviewView),
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      const { policy } = request.body;
      const found = await preview.of(policy, now(), () => reply.raw.destroyed);
      const { policy: before } = await catalogue.policy.newest();
      const due = await namesDue(catalogue, policy.metadata_days, now(), site.timeZone);
      const names = { ...due, shorter: namesShorter(before, policy) };
      return view(person, found, names, before.approvals?.shorten_retention === true);
    },
  );

  app.post(
    '/policy/preview/approval',
    {
      config: { access: 'settings', audit: 'approval_ask', invalid: 'policy_invalid' },
      schema: {
        tags: ['policy'],
        summary: 'Ask for approval of a policy',
        description:
          'Asks a second person to approve a policy that keeps existing recordings for less time, as the preview has shown, or that turns two-person control off for something. It is kept with the request: once they have approved it, save it with `/approvals/:id/save`, or the same policy and preview here. Without `preview` only new recordings get their dates by it.',
        body: AskPolicyBody,
        response: answers(AskedPolicyView),
      },
    },
    async (request, reply) => {
      const { policy, based_on, preview: shown, reason, confirm_no_emergency_numbers } = request.body;
      const wanted = shown ? { policy, apply_to: 'all' as const, preview: shown } : { policy };
      const apply = await preview.apply(wanted, () => reply.raw.destroyed);
      return ask('ask_policy', {
        ...{ by: signed(request), policy, based_on, apply: apply ?? null, reason },
        no_emergency_numbers: confirm_no_emergency_numbers === true,
      });
    },
  );

  app.post(
    '/approvals/:id/save',
    {
      config: { access: 'settings', audit: ['policy_change', 'approval_use'] },
      schema: {
        tags: ['policy'],
        summary: 'Save a policy that was approved',
        description:
          'Makes a new version of the policy that was kept with an approval, for the person who asked for it. Needs a proof of the last ten minutes.',
        params: IdParams,
        response: answers(PolicyView),
      },
    },
    async (request) => {
      await ask('save_approved', { by: signed(request), approval: request.params.id });
      return policyView(await catalogue.policy.newest());
    },
  );

  async function view(
    person: Person,
    found: Previewed,
    names: PreviewView['names'],
    asks: boolean,
  ): Promise<PreviewView> {
    const rows = [];
    for (const row of found.rows) {
      const calls: string[] = [];
      for (const id of row.examples) {
        if (await reached.seen(person, id)) calls.push(id);
      }
      rows.push({
        ...{ rule: row.rule, keep_days: row.days, recordings: row.recordings },
        ...{ longer: row.longer, shorter: row.shorter, due: row.due, was_forever: row.wasForever },
        ...{ by_minimum: row.byMinimum, by_maximum: row.byMaximum, conflicts: row.conflicts, calls },
      });
    }
    const { recordings, longer, shorter, due, conflicts, unknown } = found;
    return {
      ...{ as_of: iso(found.asOf), digest: found.digest, recordings, longer, shorter, due, conflicts },
      ...{ by_minimum: found.byMinimum, unknown, unknown_by: found.unknownBy, rows },
      names,
      needs_approval: asks && (shorter > 0 || names.shorter),
    };
  }
}
