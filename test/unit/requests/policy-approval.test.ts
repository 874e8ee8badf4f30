import t from 'tap';
import { Compile } from 'typebox/compile';
import { ulid } from 'ulid';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import { CONTROL, type ControlBody } from '../../../daemon/domain/operations/control.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { createRuleRequests } from '../../../daemon/requests/rules.js';
import { password } from '../../support/people-lab.js';
import { approvalsLab } from '../../support/requests/approvals-lab.js';

type Name = 'save_policy' | 'ask_policy' | 'save_approved';
const BOTH: Policy = { ...defaultPolicy, approvals: { erase: true, shorten_retention: true } };
const SHORT: Policy = {
  ...BOTH,
  retention: [{ name: 'Short', reason: '', when: {}, keep_days: 5 }],
};
const apply = { as_of: 5, digest: 'a'.repeat(64), shorter: 3, due: 1 };

/** A recorder's answers about the policy, which asks for a second person for everything that it can. */
async function ruling(t: Parameters<typeof approvalsLab>[0]) {
  const made = await approvalsLab(t);
  const { lab, approvals } = made;
  const jobs: string[] = [];
  const rules = createRuleRequests({
    ...{ ...lab.deps, approvals, mint: ulid, site: { region: '' } },
    jobs: {
      ask: async (kind) => Promise.reject(new Error(String(jobs.push(kind)))),
      cancel: () => Promise.reject(new Error('none')),
    },
  });
  const ask = async <N extends Name>(name: N, body: ControlBody<N>) => {
    if (!Compile(CONTROL[name].body).Check(body)) throw new Error(`${name}: the body is not as agreed`);
    return (rules[name] as (body: unknown) => Promise<{ id: string; version: number }>)(body);
  };
  await lab.add('ada');
  await lab.catalogue.policy.save(BOTH, 'ada', lab.clock.ms, 0);
  const by = lab.by('ada');
  const draft = { based_on: 1, no_emergency_numbers: false, apply: null };
  return {
    ...{
      ...made,
      ask,
      by,
      jobs,
      draft,
      list: (person: string) => made.ask('approvals', { by: lab.by(person) }),
    },
    newest: () => lab.catalogue.policy.newest(),
    async save(policy: Policy, more: object = {}) {
      await lab.prove('ada', { password });
      const { apply: _, ...rest } = draft;
      return ask('save_policy', { by, policy, ...rest, ...more });
    },
    async saveApproved(approval: string, person = 'ada') {
      await lab.prove(person, { password });
      return ask('save_approved', { by: lab.by(person), approval });
    },
    async approver(name: string) {
      const code = await made.withFactor(name);
      return async (id: string) => {
        const { digest } = (await lab.catalogue.approvals.get(id))!;
        lab.clock.ms += 30_000;
        await made.proof(name, code(), { id, digest });
        await made.ask('approve', { by: lab.by(name), id, digest });
      };
    },
  };
}

t.test('a state is chosen once the country is known, and what was chosen before goes on', async (t) => {
  const { lab, ask, by, draft, save } = await ruling(t);
  const texan = { ...BOTH, telling: { subdivision: 'TX' } };
  const alone = { code: 'request_invalid', detail: /telling\.subdivision.*region = "US"/ };
  await t.rejects(save(texan), alone);
  await t.rejects(ask('ask_policy', { by, reason: 'Moved.', ...draft, policy: texan }), alone);
  await lab.catalogue.policy.save(texan, 'ada', lab.clock.ms, 1);
  t.match(await save({ ...texan, telling: { ...texan.telling, mode: 'ask' } }, { based_on: 2 }), {
    version: 3,
  });
});

t.test('one person alone turns two-person control on, and does not turn it off', async (t) => {
  const { lab, ask, by, save, saveApproved, approver, draft, newest } = await ruling(t);
  const approve = await approver('ben');
  const off: Policy = { ...BOTH, approvals: { shorten_retention: true } };
  for (const policy of [
    off,
    defaultPolicy,
    { ...BOTH, approvals: { erase: false, shorten_retention: true } },
  ])
    await t.rejects(save(policy), { code: 'approval_missing' });
  t.match(await newest(), { version: 1, policy: BOTH });
  await lab.prove('ada', { password });
  await t.rejects(
    ask('save_policy', {
      ...{ by: { console: 'root' }, policy: off, based_on: 1 },
      no_emergency_numbers: false,
    }),
    { code: 'forbidden' },
    'nor does the command line',
  );

  const { id } = await ask('ask_policy', { by, policy: off, reason: 'One is enough', ...draft });
  t.match(await lab.entry(), { action: 'approval_ask', detail: { act: 'loosen_approvals' } });
  t.match(await lab.catalogue.approvals.get(id), {
    shown: {
      changes: ['approvals: erase no longer needs a second person'],
      no_second_person_for: ['erase'],
    },
  });
  await t.rejects(saveApproved(id), { code: 'approval_missing' }, 'nobody has approved it');
  await approve(id);
  await lab.add('eve');
  await t.rejects(saveApproved(id, 'eve'), { code: 'approval_missing' }, 'it is kept for who asked');
  const more = { ...off, record: [{ name: 'No', reason: '', when: {}, outcome: 'skip' as const }] };
  await t.rejects(save(more), { code: 'approval_missing' }, 'for exactly this policy');
  t.same(await saveApproved(id), { version: 2 });
  t.match(await newest(), { version: 2, policy: { approvals: { shorten_retention: true } } });
  await t.rejects(saveApproved(id), { code: 'approval_unknown' }, 'once');
  t.same(await save({ ...off, ...BOTH }, { based_on: 2 }), { version: 3 }, 'turning it on needs nobody');
});

t.test('shorter retention is kept with its request, and saved from there', async (t) => {
  const { lab, ask, by, save, saveApproved, approver, draft, jobs, list, newest } = await ruling(t);
  const approve = await approver('ben');
  await t.rejects(save(SHORT, { apply }), { code: 'approval_missing' });
  await t.rejects(ask('ask_policy', { by, policy: SHORT, reason: 'x', ...draft }), {
    ...{ code: 'request_invalid', detail: /without an approval/ },
  });
  const shorter = { by, policy: SHORT, reason: 'Less is enough', ...draft, apply };
  await t.rejects(ask('ask_policy', { ...shorter, based_on: 0 }), { code: 'policy_conflict' });
  const { id } = await ask('ask_policy', shorter);
  t.match(await lab.catalogue.approvals.get(id), { act: 'shorten_retention', shown: { shorter: 3, due: 1 } });
  t.match(await lab.catalogue.approvals.draft(id), { policy: SHORT, apply, based_on: 1 });
  const views = async (person: string) => (await list(person)).open.map(({ may_save }) => may_save);
  await approve(id);
  t.same(await views('ada'), [true]);
  t.same(await views('ben'), [false]);
  t.same(await saveApproved(id), { version: 2 });
  t.same(jobs, ['apply_retention']);
  t.match(await newest(), { policy: { retention: [{ name: 'Short' }] } });
  t.equal(await lab.catalogue.approvals.draft(id), null, 'what was saved is not kept twice');
});

t.test('a draft is kept no longer than it can be used', async (t) => {
  const { lab, ask, by, draft, ...made } = await ruling(t);
  await made.approver('ben');
  const asking = () => ask('ask_policy', { by, policy: defaultPolicy, reason: 'x', ...draft });
  const withdrawn = await asking();
  await made.approvals.handlers.withdraw_approval({ by, id: withdrawn.id } as never);
  t.equal(await lab.catalogue.approvals.draft(withdrawn.id), null);
  const old = await asking();
  lab.clock.ms += 8 * DAY_MS;
  const next = await asking();
  t.equal(await lab.catalogue.approvals.draft(old.id), null, 'the one before is over');
  t.match(await lab.catalogue.approvals.draft(next.id), { based_on: 1 });
});

t.test('where nobody else could approve, the person who asked can after 7 days, with an alarm', async (t) => {
  const { lab, ask, by, draft, standing } = await ruling(t);
  const { id } = await ask('ask_policy', { by, policy: defaultPolicy, reason: 'x', ...draft });
  t.match(await lab.catalogue.approvals.get(id), { alone: true, notBefore: lab.clock.ms + 7 * DAY_MS });
  t.equal(standing.size, 1);
});

t.test(
  'names and numbers are removed sooner only with a second person, also for new recordings alone',
  async (t) => {
    const { ask, by, save, saveApproved, approver, draft, newest } = await ruling(t);
    const approve = await approver('ben');
    const sooner: Policy = { ...BOTH, metadata_days: 30 };
    await t.rejects(save(sooner), { code: 'approval_missing' });
    await t.rejects(save({ ...sooner, metadata_days: 5 }, { apply: { ...apply, shorter: 0 } }), {
      code: 'approval_missing',
    });
    const { id } = await ask('ask_policy', { by, policy: sooner, reason: 'We need no names.', ...draft });
    await approve(id);
    await saveApproved(id);
    t.equal((await newest()).policy.metadata_days, 30);
    const next = { based_on: 2 };
    await t.rejects(save({ ...BOTH, metadata_days: 29 }, next), { code: 'approval_missing' });
    await save({ ...BOTH, metadata_days: 60 }, next);
    t.equal((await newest()).policy.metadata_days, 60, 'longer needs nobody');
  },
);
