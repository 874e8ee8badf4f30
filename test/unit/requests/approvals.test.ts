import t from 'tap';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import { approvalObject } from '../../../daemon/domain/operations/control/approvals.js';
import { actIn, type ControlBody } from '../../../daemon/domain/operations/control.js';
import type { Act } from '../../../daemon/domain/people/act.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { hashed } from '../../../daemon/ops/secrets/codes.js';
import { createProofs } from '../../../daemon/requests/proofs.js';
import { PLACE, password } from '../../support/people-lab.js';
import { approvalsLab } from '../../support/requests/approvals-lab.js';
import { createAuthenticator } from '../../support/web/authenticator.js';

const what = { act: 'erase' as const, object: 'by hand', shown: { recordings: ['R1', 'R2'] } };
const REVIEWER = { ...FOUNDER, roles: ['reviewer' as const] };
const STEP = 30_000;
type Means = ControlBody<'prove'>['means'];

t.test(
  'one person asks, another approves with a second factor, and the first one uses it once',
  async (t) => {
    const { lab, approvals, asker, ask, withFactor, proof, standing } = await approvalsLab(t);
    await lab.add('ada');
    const code = await withFactor('ben');
    const asking = async () =>
      approvals.ask(await asker('ada'), { ...what, reason: 'The caller\u202e asked.' });
    await lab.unwritten('ask', asking);
    const { id, digest } = await asking();
    t.match(await lab.entry(), {
      ...{ action: 'approval_ask', actor_id: 'ada', object: 'approval', object_id: id, outcome: 'ok' },
      detail: { act: 'erase', act_object: 'by hand', digest, asked_by: 'ada' },
    });
    t.notMatch((await lab.entry()).reason, '\u202e');
    t.equal(standing.size, 0, 'no alarm where there are two people');

    const mine = await ask('approvals', { by: lab.by('ada') });
    t.match(mine.open, [{ id, shown: what.shown, state: 'waiting', may_approve: false, because: 'own' }]);
    const theirs = await ask('approvals', { by: lab.by('ben') });
    t.match(theirs.open, [{ id, may_approve: true, because: null, may_withdraw: true }]);

    const approve = (person = 'ben', more: object = {}) =>
      ask('approve', { by: lab.by(person), id, digest, ...more });
    await t.rejects(approve(), {
      code: 'proof_needed',
      act: { kind: 'approving', object: `${id} ${digest}` },
    });
    await proof('ben', code(), { id, digest });
    await lab.unwritten('approve', approve);
    lab.clock.ms += STEP;
    await proof('ben', code(), { id, digest });
    t.match(await approve(), { state: 'approved', approved_by: { name: 'ben' } });
    t.match(await lab.entry(), {
      action: 'approval_give',
      actor_id: 'ben',
      detail: { digest, approved_by: 'ben' },
    });
    await t.rejects(approve(), { code: 'approval_over' });

    const use = async (person = 'ada', shown: typeof what.shown = what.shown) =>
      approvals.use(await asker(person), { ...what, shown, id });
    await t.rejects(use('ben'), { code: 'approval_missing' }, 'only the person who asked');
    await t.rejects(use('ada', { recordings: ['R1', 'R2', 'R3'] }), { code: 'approval_missing' }, 'one more');
    await t.rejects(use('ada', { recordings: ['R1'] }), { code: 'approval_missing' }, 'one less');
    await lab.unwritten('use', use);
    await use();
    t.match(await lab.entry(), { action: 'approval_use', actor_id: 'ada', detail: { approved_by: 'ben' } });
    await t.rejects(use(), { code: 'approval_missing' }, 'once');
    t.match((await ask('approvals', { by: lab.by('ben') })).over, [
      { id, state: 'used', may_withdraw: false },
    ]);
  },
);

t.test('a dashboard that was taken over cannot approve alone', async (t) => {
  const { lab, approvals, asker, ask, withFactor, proof } = await approvalsLab(t);
  await lab.add('ada');
  const code = await withFactor('ben');
  const make = async (recordings: string[]) =>
    approvals.ask(await asker('ada'), { ...what, shown: { recordings }, reason: 'Asked.' });
  const [one, two] = [await make(['R1']), await make(['R2'])];
  const approve = ({ id, digest }: { id: string; digest: string }, session = "ben's") =>
    ask('approve', { by: lab.by('ben', { session }), id, digest });

  await lab.prove('ben', { password }, { act: { kind: 'approving', object: approvalObject(one) } });
  await t.rejects(approve(one), { code: 'proof_needed' }, 'by a password that it has seen');
  lab.clock.ms += STEP;
  await lab.prove('ben', { code: code() }, { act: { kind: 'erasing', object: '' } });
  await t.rejects(approve(one), { code: 'proof_needed' }, 'by a code for another kind of act');
  lab.clock.ms += STEP;
  await proof('ben', code(), two);
  await t.rejects(approve(one), { code: 'proof_needed' }, 'by a code for another approval');
  await t.rejects(
    approve({ ...one, digest: two.digest }),
    { code: 'approval_changed' },
    'with other contents',
  );
  await t.rejects(approve(two, 'another'), { code: 'proof_needed' }, 'in another session');
  await approve(two);
  await t.rejects(approve(one), { code: 'proof_needed' }, 'a code counts for one approval alone');
  lab.clock.ms += STEP;
  const { id, digest } = one;
  await proof('ben', code(), { id, digest: two.digest });
  await t.rejects(approve(one), { code: 'proof_needed' }, 'by a code for another digest');
  lab.clock.ms += STEP;
  await proof('ben', code(), { id, digest });
  lab.clock.ms += 10 * 60_000 + 1;
  await t.rejects(approve(one), { code: 'proof_needed' }, 'later than ten minutes');
});

t.test('what a dashboard makes of codes that it has seen approves nothing', async (t) => {
  const { lab, approvals, asker, ask, withFactor } = await approvalsLab(t);
  await lab.add('ada');
  const code = await withFactor('ben');
  const by = lab.by('ben');
  /** Has a code that ben has typed for something else count for this. */
  const seen = async (name: 'new_recovery_codes' | 'begin_passkey' | 'begin_totp') => {
    await lab.prove('ben', { code: code() }, { act: actIn(name, { by, place: PLACE }) });
    lab.clock.ms += STEP;
  };
  const approve = async (means: (act: Act) => Promise<Means> | Means) => {
    const { id, digest } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
    const act = { kind: 'approving' as const, object: approvalObject({ id, digest }) };
    await lab.prove('ben', await means(act), { act });
    return ask('approve', { by, id, digest }).then(
      ({ state }) => state,
      (e) => `${e.code} ${e.detail}`,
    );
  };
  await seen('new_recovery_codes');
  const { recovery_codes: codes } = await lab.ask('new_recovery_codes', { by });
  t.match(await approve(() => ({ code: codes[0]! })), /^approval_factor .*recovery code/);

  await seen('begin_passkey');
  const { options } = await lab.ask('begin_passkey', { by, place: PLACE });
  const key = createAuthenticator();
  const made = lab.clock.ms;
  await lab.ask('add_passkey', { by, name: 'mine', response: key.make(String(options.challenge), PLACE) });
  const sign = async (act: Act) => {
    const asked = await lab.ask('ask_passkey', { person: 'ben', session: by.session, place: PLACE, act });
    return { passkey: key.sign(String(asked.options.challenge), PLACE, 'ben') };
  };
  const counts = new RegExp(`^approval_factor .*${new Date(made + 7 * DAY_MS).toISOString()}`);
  t.match(await approve(sign), counts, 'a passkey that was just added');
  lab.clock.ms = made + 7 * DAY_MS - 1;
  t.match(await approve(sign), counts, 'a millisecond too early');
  t.equal(await approve(() => ({ code: code() })), 'approved', 'by the app that ben has had for long');
  lab.clock.ms += STEP;
  t.equal(await approve(sign), 'approved', 'by what everybody was told of seven days ago');

  await seen('begin_totp');
  const mine = await lab.withApp('ben');
  t.match(await approve(() => ({ code: mine() })), /^approval_factor/, 'an app in the place of the old one');
  t.match(await approve(() => ({ code: codes[1]! })), /^approval_factor .*recovery code/, 'days later');
});

t.test('where only passkeys approve, none counts but one for a name of the dashboard', async (t) => {
  const { lab, approvals, asker, ask, withFactor, proof } = await approvalsLab(t, {
    passkeysFor: [PLACE.host],
  });
  await lab.add('ada');
  const code = await withFactor('ben');
  const by = lab.by('ben');
  const { id, digest } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
  const approve = () => ask('approve', { by, id, digest });
  const state = async () => (await ask('approvals', { by })).open[0];
  const key = createAuthenticator();
  const addKey = (host: string, more: object = {}) =>
    lab.catalogue.factors.addPasskey({
      ...{ id: host, userId: 'ben', name: host, publicKey: key.publicKey, counter: 0, transports: [] },
      ...{ host, addedAt: lab.clock.ms - 8 * DAY_MS, usedAt: null, ...more },
    });
  t.match(await state(), { may_approve: false, because: 'passkey_missing' });
  await addKey('elsewhere.example');
  t.match(await state(), { may_approve: false, because: 'passkey_missing' });
  await proof('ben', code(), { id, digest });
  await t.rejects(approve(), { code: 'approval_factor', detail: /passkey/ });

  await addKey(PLACE.host, { id: key.id });
  t.match(await state(), { may_approve: true, because: null });
  lab.clock.ms += STEP;
  await proof('ben', code(), { id, digest });
  await t.rejects(approve(), { code: 'approval_factor', detail: /passkey/ }, 'by a code');
  const act = { kind: 'approving' as const, object: approvalObject({ id, digest }) };
  const asked = await lab.ask('ask_passkey', { person: 'ben', session: by.session, place: PLACE, act });
  const passkey = key.sign(String(asked.options.challenge), PLACE, 'ben');
  await lab.prove('ben', { passkey }, { act });
  t.match(await approve(), { state: 'approved' });
});

t.test('a second factor that was added with a seen password does not count yet', async (t) => {
  const { lab, approvals, asker, ask, proof } = await approvalsLab(t);
  for (const name of ['ada', 'ben']) await lab.add(name);
  const { id, digest } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
  const approve = () => ask('approve', { by: lab.by('ben'), id, digest });
  const state = async () => (await ask('approvals', { by: lab.by('ben') })).open[0];
  await t.rejects(approve(), { code: 'approval_factor' });
  t.match(await state(), { may_approve: false, because: 'factor_missing', until: null });
  await lab.prove('ben', { password });
  const added = lab.clock.ms;
  const code = await lab.withApp('ben');
  await proof('ben', code(), { id, digest });
  await t.rejects(approve(), { code: 'approval_factor' });
  t.match(await state(), { because: 'factor_new', until: added + 7 * DAY_MS });
});

t.test('neither an API token nor the box asks, approves or uses; the box lists and withdraws', async (t) => {
  const { lab, approvals, asker, ask, withFactor } = await approvalsLab(t);
  await lab.add('ada');
  await withFactor('ben');
  const token = {
    ...{ id: 'T1', userId: 'ben', name: 'wall', rights: [], createdAt: 0, expiresAt: lab.clock.ms + DAY_MS },
  };
  await lab.catalogue.tokens.add(token, hashed('secret'));
  const box = { console: 'root' };
  const boxAsker = await lab.deps.askers.of(box);
  for (const who of [await asker('ben', 'T1'), boxAsker])
    await t.rejects(approvals.ask(who, { ...what, reason: 'Asked.' }), { code: 'forbidden' });
  const { id, digest } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
  const by = lab.by('ben', { token: 'T1' });
  await t.rejects(ask('approve', { by, id, digest }), { code: 'forbidden' });
  await t.rejects(ask('approvals', { by }), { code: 'forbidden' });
  await t.rejects(ask('withdraw_approval', { by, id }), { code: 'forbidden' });
  await t.rejects(ask('approve', { by: box as never, id, digest }), { message: /not as agreed/ });
  t.match((await ask('approvals', { by: box })).open, [{ id, may_approve: false, may_withdraw: true }]);
  await t.rejects(approvals.use(boxAsker, { ...what, id }), { code: 'forbidden' });
  const withdraw = () => ask('withdraw_approval', { by: box, id });
  await lab.unwritten('withdraw', withdraw);
  await withdraw();
  t.match(await lab.entry(), {
    action: 'approval_withdraw',
    actor: 'console',
    actor_name: 'root',
    object_id: id,
  });
  const size = await lab.size();
  await withdraw();
  t.equal(await lab.size(), size, 'once');
});

t.test('people see what they may decide and what they asked for, and no more', async (t) => {
  const { lab, approvals, asker, ask } = await approvalsLab(t);
  await lab.add('ada');
  for (const name of ['rev', 'other']) await lab.add(name, REVIEWER);
  const { id, digest } = await approvals.ask(await asker('rev'), {
    ...what,
    act: 'hear_older',
    reason: 'Dispute',
  });
  t.match((await ask('approvals', { by: lab.by('rev') })).open, [
    { id, because: 'right', may_withdraw: true },
  ]);
  t.same((await ask('approvals', { by: lab.by('other') })).open, []);
  await t.rejects(ask('approve', { by: lab.by('other'), id, digest }), { code: 'forbidden' });
  await t.rejects(ask('withdraw_approval', { by: lab.by('other'), id }), { code: 'forbidden' });
  await t.rejects(ask('withdraw_approval', { by: lab.by('ada'), id: 'none' }), { code: 'approval_unknown' });
  await ask('withdraw_approval', { by: lab.by('ada'), id });
});

t.test(
  'a person whom the asker added is no second person, and what they add is on record as a tie',
  async (t) => {
    const { lab, approvals, asker, ask } = await approvalsLab(t);
    await lab.add('ada');
    await lab.prove('ada', { password });
    const rights = { ...FOUNDER };
    const { id: ben } = await lab.ask('add_person', { by: lab.by('ada'), name: 'Ben', rights });
    await lab.ask('invite_person', { by: lab.by('ada'), id: ben });
    await lab.ask('change_person', { by: lab.by('ada'), id: ben, name: 'Ben', rights: REVIEWER });
    await lab.ask('change_person', { by: lab.by('ada'), id: ben, name: 'Ben', rights });
    t.same(
      (await lab.catalogue.approvals.ties(ben)).map(({ actor, what }) => `${actor} ${what}`),
      ['ada made', 'ada invited', 'ada rights'],
    );
    t.strictSame(
      [...lab.standing.values()].map(({ why }) => [why.code, why.params]),
      [['approver_new', { name: 'Ben', by: 'ada' }]],
      'told outside: somebody can approve who could not before',
    );
    const { id, digest } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
    await t.rejects(ask('approve', { by: lab.by(ben), id, digest }), { code: 'approval_tied' });
  },
);

t.test(
  'somebody who is alone waits 7 days and is heard of outside, and may then approve it alone',
  async (t) => {
    const { lab, approvals, asker, ask, withFactor, proof, standing } = await approvalsLab(t);
    const code = await withFactor('ada');
    await lab.add('invited');
    await lab.db.prepare("UPDATE users SET password_hash = '' WHERE id = 'invited'").run();
    const at = lab.clock.ms;
    const { id, digest, notBefore } = await approvals.ask(await asker('ada'), { ...what, reason: 'Asked.' });
    t.equal(notBefore, at + 7 * DAY_MS);
    t.match(standing.get(`approval_alone ${id}`), { severity: 'critical', message: /ada asked to erase/ });
    t.match(await lab.entry(), { action: 'approval_ask', detail: { alone: true } });
    t.match((await ask('approvals', { by: lab.by('ada') })).open, [{ alone: true, may_approve: true }]);
    await proof('ada', code(), { id, digest });
    t.match(await ask('approve', { by: lab.by('ada'), id, digest }), { state: 'cooling' });
    t.match(await lab.entry(), { action: 'approval_give', detail: { alone: true, approved_by: 'ada' } });
    const use = async () => approvals.use(await asker('ada'), { ...what, id });
    await t.rejects(use(), { code: 'approval_missing' }, 'before the cool-off is over');
    lab.clock.ms = notBefore;
    await use();
  },
);

t.test('an ask needs a reason and says no more than can be read', async (t) => {
  const { lab, approvals, asker } = await approvalsLab(t);
  for (const name of ['ada', 'ben']) await lab.add(name);
  const ada = await asker('ada');
  await t.rejects(approvals.ask(ada, { ...what, reason: '\u200b\u00ad' }), { code: 'request_invalid' });
  await t.rejects(approvals.ask(ada, { ...what, shown: 'x'.repeat(70_000), reason: 'a' }), {
    code: 'request_invalid',
  });
  const { notBefore, askedAt } = await approvals.ask(ada, { ...what, reason: 'a', coolOffMs: DAY_MS });
  t.equal(notBefore - askedAt, DAY_MS);
  t.same(await approvals.newest(ada.person!, { ...what, object: 'other' }), null);
  t.match(await approvals.newest(ada.person!, what), { allowed: false });
});

t.test('a proof for one approval counts once, and for that one alone', async (t) => {
  const proofs = createProofs({ clock: () => 5 });
  const owner = { id: 'ben', epoch: 1 };
  const approving = { kind: 'approving', object: 'A1' } as const;
  const use = (object: string) =>
    proofs.use('a session', owner, { kind: 'approving', object }, { second: true });
  for (const proof of ['totp', 'passkey'] as const) {
    proofs.add('a session', owner, proof, approving);
    t.equal(use('A2'), null, 'another one');
    t.ok(use('A1'));
    t.equal(use('A1'), null, 'a second time');
  }
});
