import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { DAY_MS, digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { T0 } from '../../support/catalogue/crafted.js';
import { anApproval } from '../../support/catalogue/every-row.js';
import type { Part } from '../catalogue.js';

const AUDITOR = { ...FOUNDER, roles: ['auditor' as const], grants: [] };
const who = (id: string) => ({ id, name: id });
const what = {
  act: 'erase' as const,
  object: 'by hand',
  digest: digestOfShown({ recordings: ['R1', 'R2'] }),
};

async function add(
  catalogue: Catalogue,
  id: string,
  rights: Omit<Person, 'id' | 'name'> = FOUNDER,
  by?: string,
) {
  await catalogue.people.add({ ...rights, id, name: id, passwordHash: 'h', createdAt: T0 }, undefined, by);
}

/** Two-person control. */
export const approvals: Part = (t, open) => {
  t.test('what was asked for is found again, approved, used once and over', async (t) => {
    const { catalogue, again } = await open(t);
    const { approvals } = catalogue;
    for (const id of ['ada', 'ben']) await add(catalogue, id);
    t.equal(await approvals.get('A1'), null);
    const undecided = { approvedBy: null, approvedAt: null, usedAt: null, withdrawnAt: null };
    t.same(await approvals.ask(anApproval('A1')), { ...anApproval('A1'), ...undecided });
    const other = (await again()).approvals;
    t.same(await other.open(T0 + 1), [await approvals.get('A1')]);
    t.same(await other.over(T0 + 1, 9), []);
    t.equal((await other.newest({ act: 'erase', object: 'by hand' }, 'ada'))?.id, 'A1');
    t.equal(await other.newest({ act: 'erase', object: 'by hand' }, 'ben'), null);

    const given = { digest: what.digest, by: who('ben'), at: T0 + 5 };
    await t.rejects(approvals.use('A1', what, T0 + 4), { code: 'approval_missing' }, 'not approved');
    await t.rejects(approvals.approve('A9', given), { code: 'approval_unknown' });
    await t.rejects(approvals.approve('A1', { ...given, digest: 'f'.repeat(64) }), {
      code: 'approval_changed',
    });
    await t.rejects(approvals.approve('A1', { ...given, by: who('ada') }), { code: 'approval_own' });
    t.match(await approvals.approve('A1', given), {
      ...{ approvedBy: who('ben'), approvedAt: T0 + 5, expiresAt: T0 + 5 + 7 * DAY_MS },
    });
    await t.rejects(approvals.approve('A1', given), { code: 'approval_over' }, 'once');
    for (const [other, why] of [
      [{ ...what, act: 'release_hold' as const }, 'another act'],
      [{ ...what, object: 'retention' }, 'another object'],
      [{ ...what, digest: digestOfShown({ recordings: ['R1', 'R2', 'R3'] }) }, 'one recording more'],
    ] as const)
      await t.rejects(approvals.use('A1', other, T0 + 6), { code: 'approval_missing' }, why);
    await t.rejects(approvals.use('A1', what, T0 + 5 + 7 * DAY_MS), { code: 'approval_missing' }, 'expired');
    t.match(await approvals.use('A1', what, T0 + 6), { usedAt: T0 + 6 });
    await t.rejects(approvals.use('A1', what, T0 + 7), { code: 'approval_missing' }, 'used up');
    await t.rejects(approvals.withdraw('A1', T0 + 8), { code: 'approval_over' });
    t.same(await approvals.open(T0 + 8), []);
    t.match(await approvals.over(T0 + 8, 9), [{ id: 'A1', usedAt: T0 + 6 }]);
  });

  t.test('one is withdrawn once, and cannot be approved or used then', async (t) => {
    const { catalogue } = await open(t);
    const { approvals } = catalogue;
    for (const id of ['ada', 'ben']) await add(catalogue, id);
    const given = { digest: what.digest, by: who('ben'), at: T0 + 5 };
    await t.rejects(approvals.withdraw('A1', T0), { code: 'approval_unknown' });
    for (const id of ['A1', 'A2']) await approvals.ask(anApproval(id));
    t.match(await approvals.withdraw('A1', T0 + 1), { withdrawnAt: T0 + 1 });
    t.match(await approvals.withdraw('A1', T0 + 2), { withdrawnAt: T0 + 1 });
    await t.rejects(approvals.approve('A1', given), { code: 'approval_over' });
    await approvals.approve('A2', given);
    await approvals.withdraw('A2', T0 + 6);
    await t.rejects(approvals.use('A2', what, T0 + 7), { code: 'approval_missing' });
  });

  t.test('nothing is used before its cool-off is over, and a lasting one until it expires', async (t) => {
    const { catalogue } = await open(t);
    const { approvals } = catalogue;
    for (const id of ['ada', 'ben']) await add(catalogue, id);
    await approvals.ask(anApproval('A1', { act: 'hear_older', notBefore: T0 + DAY_MS }));
    const older = { ...what, act: 'hear_older' as const };
    const given = { digest: what.digest, by: who('ben'), at: T0 + 5 };
    t.equal((await approvals.approve('A1', given)).expiresAt, T0 + 2 * DAY_MS);
    await t.rejects(approvals.use('A1', older, T0 + DAY_MS - 1), { code: 'approval_missing' });
    await approvals.use('A1', older, T0 + DAY_MS);
    t.match(
      await approvals.use('A1', older, T0 + 2 * DAY_MS - 1),
      { usedAt: T0 + DAY_MS },
      'the first use stays',
    );
    t.equal((await approvals.open(T0 + 2 * DAY_MS - 1)).length, 1);
    await t.rejects(approvals.use('A1', older, T0 + 2 * DAY_MS), { code: 'approval_missing' });
    t.equal((await approvals.open(T0 + 2 * DAY_MS)).length, 0);
  });

  t.test('an approval ends with the right or the account of either person', async (t) => {
    const { catalogue } = await open(t);
    const { approvals, people } = catalogue;
    for (const id of ['ada', 'ben', 'eve']) await add(catalogue, id);
    await add(catalogue, 'aud', AUDITOR);
    await approvals.ask(anApproval('A1'));
    const given = { digest: what.digest, by: who('ben'), at: T0 + 5 };
    await t.rejects(approvals.approve('A1', { ...given, by: who('aud') }), { code: 'forbidden' });
    await t.rejects(approvals.approve('A1', { ...given, by: who('nobody') }), { code: 'not_signed_in' });
    await approvals.approve('A1', given);
    const refused = (why: string) =>
      t.rejects(approvals.use('A1', what, T0 + 6), { code: 'approval_missing' }, why);
    for (const id of ['ada', 'ben']) {
      await people.change(id, { disabled: true }, T0 + 6);
      await refused(`${id} is disabled`);
      await people.change(id, { disabled: false }, T0 + 6);
    }
    await people.change('ben', { roles: ['reviewer'] }, T0 + 6);
    await refused('the second person lost the right');
    await people.remove('ben');
    await refused('the second person was removed');
  });

  t.test('whoever made, invited or promoted somebody is no second person with them for 7 days', async (t) => {
    const { catalogue } = await open(t);
    const { approvals, people } = catalogue;
    for (const id of ['ada', 'ben', 'cy', 'dan']) await add(catalogue, id);
    await add(catalogue, 'made', FOUNDER, 'ada');
    await people.invite({ userId: 'ben', codeHash: 'c', madeAt: T0, expiresAt: T0 + 9 }, 'ada');
    await people.change('cy', { roles: ['reviewer'] }, T0, undefined, 'ada');
    t.same(await approvals.ties('cy'), [], 'taking rights away is none');
    await people.change('cy', { roles: ['admin'] }, T0, undefined, 'ada');
    await people.change('dan', { disabled: true }, T0, undefined, 'ada');
    await people.change('dan', { disabled: false }, T0, undefined, 'ada');
    await people.change('ada', { roles: ['reviewer'] }, T0);
    await people.change('ada', { roles: ['admin'] }, T0, undefined, 'ada');
    const tied = ['made', 'ben', 'cy', 'dan'];
    t.same(
      (await approvals.ties('ada')).map(({ subject, what }) => `${subject} ${what}`),
      ['made made', 'ben invited', 'cy rights', 'dan rights'],
    );
    await approvals.ask(anApproval('A1', { expiresAt: T0 + 9 * DAY_MS }));
    const given = (by: string, at: number) => ({ digest: what.digest, by: who(by), at });
    for (const id of tied)
      await t.rejects(approvals.approve('A1', given(id, T0 + 7 * DAY_MS - 1)), { code: 'approval_tied' }, id);
    await approvals.ask(anApproval('A2', { askedBy: who('made') }));
    await t.rejects(
      approvals.approve('A2', given('ada', T0 + 5)),
      { code: 'approval_tied' },
      'the other way',
    );
    await approvals.approve('A1', given('made', T0 + 7 * DAY_MS));
    await add(catalogue, 'later', FOUNDER, 'nobody');
    await people.invite({ userId: 'later', codeHash: 'd', madeAt: T0 + 70 * DAY_MS, expiresAt: T0 }, 'dan');
    t.same(await approvals.ties('ada'), [], 'ties are forgotten when they have long ceased to count');
  });

  t.test('who is alone with the right approves their own, while that is so', async (t) => {
    const { catalogue } = await open(t);
    const { approvals } = catalogue;
    for (const id of ['ada', 'ben']) await add(catalogue, id);
    for (const id of ['A1', 'A2']) await approvals.ask(anApproval(id, { alone: true }));
    const own = { digest: what.digest, by: who('ada'), at: T0 + 5 };
    await t.rejects(approvals.approve('A1', own), { code: 'approval_own' }, 'there is a second person now');
    await catalogue.people.change('ben', { disabled: true }, T0);
    t.match(await approvals.approve('A1', own), { approvedBy: who('ada'), alone: true });
  });

  t.test(
    'a policy is kept with the request for its approval, until that is used, withdrawn or over',
    async (t) => {
      const { catalogue, again } = await open(t);
      const { approvals } = catalogue;
      for (const id of ['ada', 'ben']) await add(catalogue, id);
      const draft = { policy: defaultPolicy, based_on: 3, no_emergency_numbers: false, apply: null };
      for (const id of ['A1', 'A2', 'A3']) await approvals.ask(anApproval(id), draft);
      await approvals.ask(anApproval('A4'));
      t.same(await (await again()).approvals.draft('A1'), draft);
      t.equal(await approvals.draft('A4'), null, 'one without');
      t.equal(await approvals.draft('A9'), null, 'one that there is not');
      await approvals.approve('A1', { digest: what.digest, by: who('ben'), at: T0 + 5 });
      t.same(await approvals.draft('A1'), draft);
      await approvals.use('A1', what, T0 + 6);
      t.equal(await approvals.draft('A1'), null, 'used');
      await approvals.withdraw('A2', T0 + 6);
      t.equal(await approvals.draft('A2'), null, 'withdrawn');
      await approvals.ask(anApproval('A5', { askedAt: T0 + 90 * DAY_MS, expiresAt: T0 + 97 * DAY_MS }));
      t.equal(await approvals.draft('A3'), null, 'over');
    },
  );

  t.test('only so many can be open', async (t) => {
    const { catalogue } = await open(t);
    for (let i = 0; i < 50; i += 1) await catalogue.approvals.ask(anApproval(`A${i}`));
    await t.rejects(catalogue.approvals.ask(anApproval('more')), { code: 'too_many' });
    await catalogue.approvals.withdraw('A3', T0);
    await catalogue.approvals.ask(anApproval('more'));
  });
};
