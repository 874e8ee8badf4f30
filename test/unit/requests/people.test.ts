import t from 'tap';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { AUDITOR, password, peopleLab } from '../../support/people-lab.js';

const MINUTE = 60_000;
const REVIEWER = { ...FOUNDER, roles: ['reviewer' as const] };
const ADMIN = { ...FOUNDER, roles: ['admin' as const], scope: { ...FOUNDER.scope, all: false }, grants: [] };

t.test('an admin who has shown who they are adds, changes, invites and removes somebody', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const add = () => ask('add_person', { by, name: 'Ben', rights: AUDITOR });
  await lab.unwritten('add_person', add);
  const { id, invitation } = await add();
  t.match(await lab.entry(), {
    ...{ action: 'person_add', actor: 'person', actor_id: 'ada', address: '10.0.0.7', object_id: id },
    detail: { name: 'Ben', roles: ['auditor'] },
  });
  t.equal(invitation.expires_at, clock.ms + 3 * 86_400_000);
  const { code } = invitation;

  const change = () => ask('change_person', { by, id, name: 'Benno', rights: REVIEWER, based_on: 1 });
  await lab.unwritten('change_person', change);
  await change();
  t.match(await lab.entry(), {
    action: 'person_change',
    detail: { name: 'Benno', changes: ['name: Ben -> Benno', /^roles: auditor -> reviewer/] },
  });
  await t.rejects(change(), { code: 'person_conflict' });
  await t.rejects(ask('change_person', { by, id, name: 'B\u202en', rights: REVIEWER }), {
    code: 'name_unclear',
  });
  await t.rejects(ask('change_person', { by, id, name: 'Benno', rights: { ...REVIEWER, roles: [] } }), {
    code: 'person_invalid',
  });

  const invite = () => ask('invite_person', { by, id });
  await lab.unwritten('invite_person', invite);
  const second = await invite();
  t.match(await lab.entry(), { action: 'person_change', detail: { changes: [/a link/] } });
  const choose = (code: string) => ask('choose_password', { code, hash: lab.hash, address: '10.0.0.8' });
  await t.rejects(choose(code), { code: 'invitation_unknown' }, 'the newer link took its place');
  await lab.unwritten('choose_password', () => choose(second.code));
  t.strictSame(await choose(second.code.toLowerCase()), { person: id, tokens_ended: [] });
  t.match(await lab.entry(), { action: 'password_change', actor_id: id, address: '10.0.0.8' });
  await t.rejects(choose(second.code), { code: 'invitation_unknown' }, 'once');

  const shutOut = () => ask('shut_out', { by, id });
  const { epoch } = (await catalogue.people.standing(id))!;
  await lab.unwritten('shut_out', shutOut);
  await shutOut();
  t.equal((await catalogue.people.standing(id))!.epoch, epoch + 1);
  t.match(await lab.entry(), {
    action: 'session_end',
    detail: { because: /all sessions and tokens of Benno/ },
  });

  const roles = () => ask('set_factor_roles', { by, roles: ['auditor'] });
  await lab.unwritten('set_factor_roles', roles);
  await roles();
  t.strictSame(await catalogue.factors.roles(), ['auditor']);
  t.match(await lab.entry(), {
    action: 'policy_change',
    detail: { changes: ['second factor required of: auditor'] },
  });

  const remove = () => ask('remove_person', { by, id });
  await lab.unwritten('remove_person', remove);
  await remove();
  t.match(await lab.entry(), { action: 'person_remove', object_id: id, detail: { name: 'Benno' } });
  await t.rejects(remove(), { code: 'person_unknown' });
  await t.rejects(ask('remove_person', { by, id: 'ada' }), { code: 'last_admin' });
});

t.test('an admin invites neither themselves nor somebody whose password is elsewhere', async (t) => {
  const lab = await peopleLab(t);
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  await lab.catalogue.people.saveOutsider({
    ...{ ...AUDITOR, id: 'lea', name: 'lea', createdAt: 1, source: 'ldap', subject: 'uid=lea' },
  });
  await t.rejects(lab.ask('invite_person', { by, id: 'ada' }), { code: 'forbidden' });
  await t.rejects(lab.ask('invite_person', { by, id: 'lea' }), { code: 'person_invalid' });
});

t.test('who may do what with people is decided by the recorder', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock, size } = lab;
  for (const name of ['ada', 'bea', 'gus']) await lab.add(name);
  await lab.add('max', AUDITOR);
  const people = (by: ReturnType<typeof lab.by> | { console: string }) =>
    [
      ['add_person', () => ask('add_person', { by, name: 'Ben', rights: AUDITOR })],
      ['change_person', () => ask('change_person', { by, id: 'gus', name: 'Gus', rights: AUDITOR })],
      ['invite_person', () => ask('invite_person', { by, id: 'gus' })],
      ['set_factor_roles', () => ask('set_factor_roles', { by, roles: ['agent'] })],
      ['remove_person', () => ask('remove_person', { by, id: 'gus' })],
    ] as const;
  const refusedAll = async (by: ReturnType<typeof lab.by>, code: string, why: string) => {
    const before = await size();
    for (const [name, work] of people(by)) await t.rejects(work(), { code }, `${name}: ${why}`);
    t.equal(await size(), before, `${why}: nothing is done`);
  };

  await lab.prove('max', { password });
  await refusedAll(lab.by('max'), 'forbidden', 'an auditor');
  await t.rejects(ask('shut_out', { by: lab.by('max'), id: 'ada' }), { code: 'forbidden' });
  await refusedAll(lab.by('nobody'), 'not_signed_in', 'somebody who is not there');
  await refusedAll(lab.by('ada'), 'proof_needed', 'no proof at all');

  await lab.prove('ada', { password }, { session: 'one' });
  await refusedAll(lab.by('ada', { session: 'another' }), 'proof_needed', 'a proof of another session');
  await refusedAll(lab.by('bea', { session: 'one' }), 'proof_needed', "another person's proof");
  clock.ms += 10 * MINUTE + 1;
  await refusedAll(lab.by('ada', { session: 'one' }), 'proof_needed', 'a proof that is too old');

  await lab.prove('ada', { password }, { session: 'one' });
  const made = { id: 'tok', userId: 'ada', name: 'x', rights: ['oversee' as const], createdAt: 1 };
  await catalogue.tokens.add({ ...made, expiresAt: clock.ms + 1e9 }, 'h');
  await refusedAll(lab.by('ada', { session: 'one', token: 'tok' }), 'forbidden', 'an API token');
  await refusedAll(lab.by('ada', { session: 'one', token: 'gone' }), 'not_signed_in', 'a token that is gone');

  await lab.prove('bea', { password });
  await lab.withApp('bea');
  clock.ms += 11 * MINUTE;
  await lab.prove('bea', { password });
  await refusedAll(lab.by('bea'), 'proof_needed', 'a password where there is a second factor');

  await ask('shut_out', { by: lab.by('ada'), id: 'ada' });
  await refusedAll(lab.by('ada', { session: 'one' }), 'proof_needed', 'a proof of before they were shut out');
  await lab.prove('ada', { password }, { session: 'one' });
  await catalogue.factors.setRoles(['reviewer']);
  await refusedAll(
    lab.by('ada', { session: 'one' }),
    'second_factor_needed',
    'a factor that a role requires',
  );
  await catalogue.people.change('ada', { disabled: true }, clock.ms);
  await refusedAll(lab.by('ada', { session: 'one' }), 'not_signed_in', 'somebody who is disabled');

  for (const [name, work] of people({ console: 'root' })) {
    await t.resolves(work(), `${name} on the command line`);
    t.match(await lab.entry(), { actor: 'console', actor_name: 'root', address: '' });
  }
});

t.test('sessions end, or need new cookies, as rights change', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.add('bea');
  await lab.prove('ada', { password });
  const change = (rights: typeof FOUNDER, disabled?: boolean) =>
    ask('change_person', {
      by,
      id: 'bea',
      name: 'bea',
      rights,
      ...(disabled === undefined ? {} : { disabled }),
    });
  const at = async () => {
    const { epoch, gains } = (await catalogue.people.standing('bea'))!;
    return [epoch, gains];
  };
  t.strictSame(await at(), [0, 0]);
  await change(AUDITOR);
  t.strictSame(await at(), [0, 1], 'an auditor exports every call');
  await change(ADMIN);
  await change(ADMIN);
  t.strictSame(await at(), [0, 2], 'an admin changes things; the same again gives nothing more');
  await change(ADMIN, true);
  t.equal(await catalogue.people.standing('bea'), null);
  await change(ADMIN, false);
  t.strictSame(await at(), [1, 2]);
  t.match(await catalogue.people.standing('bea'), {
    ...{ person: { id: 'bea', roles: ['admin'] }, state: { totp: false, passkeys: 0, required: false } },
  });
});

t.test('the first user is made once, with the newest code', async (t) => {
  const lab = await peopleLab(t);
  const { ask, hash } = lab;
  const claim = (code: string, more: { name?: string; hash?: string } = {}) =>
    ask('claim_setup', { code, name: 'Ada', hash, hears: false, address: '::1', ...more });
  await t.rejects(claim('AAAA'), { code: 'setup_code_wrong' }, 'there is none yet');
  const { code: old } = await ask('begin_setup', {});
  const { code } = await ask('begin_setup', {});
  await t.rejects(claim(old!), { code: 'setup_code_wrong' });
  await t.rejects(claim(code!, { name: 'a\u200bb' }), { code: 'name_unclear' });
  await t.rejects(claim(code!, { hash: hash.replace('m=65536', 'm=4194304') }), {
    code: 'request_invalid',
  });
  await lab.unwritten('claim_setup', () => claim(code!));
  const { id } = await claim(code!);
  t.match(await lab.entry(), { action: 'person_add', actor_id: id, detail: { because: 'set-up code' } });
  t.match(await lab.catalogue.people.get(id), { name: 'Ada', roles: ['admin'] });
  await t.rejects(claim(code!), { code: 'setup_code_wrong' });
  t.strictSame(await ask('begin_setup', {}), { code: null });
  t.strictSame((await lab.prove(id, { password }, { begins: true })) as object, {
    ...{ person: id, proofs: ['password'], epoch: 0, gains: 0, failed: null },
  });
});

t.test('a password is changed by who knows the old one, and ends what it has let in', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, hash, clock } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const { id } = await ask('make_token', { by, name: 'wall', rights: ['oversee'], days: 1 });
  const change = (old: string, more: { hash?: string; token?: string } = {}) =>
    ask('change_password', {
      ...{ old, hash: more.hash ?? hash },
      by: more.token === undefined ? by : { ...by, token: more.token },
    });
  await t.rejects(change('wrong'), { code: 'old_password_wrong' });
  t.match(await lab.entry(), {
    action: 'password_change',
    outcome: 'refused',
    detail: { because: 'wrong password' },
  });
  await t.rejects(change(password, { token: id }), { code: 'forbidden' });
  await t.rejects(change(password, { hash: 'plain' }), { code: 'request_invalid' });
  await lab.unwritten('change_password', () => change(password));
  await lab.prove('ada', { password }, { session: 'other' });
  t.strictSame(await change(password), { epoch: 1, tokens_ended: ['wall'] });
  t.match(await lab.entry(), {
    action: 'password_change',
    outcome: 'ok',
    detail: { tokens_ended: ['wall'] },
  });
  t.strictSame(await catalogue.tokens.of('ada'), []);
  const make = (session: string) =>
    ask('make_token', { by: { ...by, session }, name: 'x', rights: ['oversee'], days: 1 });
  await t.rejects(make('other'), { code: 'proof_needed' }, 'other sessions have ended');
  await t.resolves(make("ada's"), 'this one goes on');

  lab.verified.length = 0;
  let refused = 0;
  for (let n = 0; n < 30; n++)
    await change(`guess ${n}`).catch((e) => {
      refused += Number(e.code === 'too_many');
    });
  t.ok(lab.verified.length <= 10, `${lab.verified.length} guesses were looked at`);
  t.equal(refused, 30 - lab.verified.length);
  await t.rejects(change(password), { code: 'too_many' });
  clock.ms += 60 * MINUTE;
  await t.resolves(change(password));
});

t.test('people of a directory are here what their groups make them', async (t) => {
  const rule = { group: 'cn=audit,dc=x', roles: ['auditor' as const] };
  const lab = await peopleLab(t, { rules: { ldap: [rule], oidc: [{ ...rule, group: 'audit' }] } });
  const { ask, catalogue } = lab;
  const lea = { source: 'ldap' as const, subject: 'uid=lea', name: 'lea', extensions: ['201'] };
  const save = (groups: string[]) => ask('save_outsider', { ...lea, groups });
  await t.rejects(save(['cn=other']), { code: 'no_role' });
  await t.rejects(save(['audit']), { code: 'no_role' }, 'a group of the provider is none of the directory');
  await lab.unwritten('save_outsider', () => save(['CN=audit, dc=x']));
  const { id } = await save(['CN=audit, dc=x']);
  t.match(await lab.entry(), {
    actor: 'tapedeck',
    action: 'person_add',
    detail: { name: 'lea', because: 'ldap' },
  });
  const size = await lab.size();
  t.strictSame(await save(['cn=audit,dc=x']), { id }, 'the same again');
  t.equal(await lab.size(), size, 'is no change');
  await t.rejects(save([]), { code: 'no_role' });
  t.match(await lab.entry(), { action: 'person_change', detail: { changes: [/in no group any more/] } });
  t.match(await catalogue.people.get(id), { roles: [] });
  t.equal((await catalogue.people.standing(id))!.epoch, 1);
  await save(['cn=audit,dc=x']);
  await lab.unwritten('outsider_gone', () => ask('outsider_gone', { id }));
  await ask('outsider_gone', { id });
  t.match(await lab.entry(), {
    action: 'person_change',
    detail: { changes: [/not in the directory any more/] },
  });
  t.equal((await catalogue.people.standing(id))!.epoch, 2);
  await lab.add('ada');
  await t.rejects(ask('outsider_gone', { id: 'ada' }), { code: 'person_unknown' }, 'nobody of ours');
  await t.rejects(
    ask('save_outsider', { ...lea, subject: 'uid=ada', name: 'ADA', groups: ['cn=audit,dc=x'] }),
    {
      code: 'name_taken',
    },
  );
});

t.test(
  'an API token is made for what its owner may do, after a proof, and is theirs to remove',
  async (t) => {
    const lab = await peopleLab(t);
    const { ask, catalogue, clock } = lab;
    const by = lab.by(await lab.add('max', AUDITOR));
    await lab.add('ada');
    const make = (rights: ('oversee' | 'download')[] = ['oversee']) =>
      ask('make_token', { by, name: ' wall ', rights, days: 2 });
    await t.rejects(make(), { code: 'proof_needed' });
    await lab.prove('max', { password });
    await t.rejects(make(['oversee', 'download']), { code: 'forbidden' });
    await lab.unwritten('make_token', () => make());
    const { id, secret } = await make();
    t.match(secret, /^td_[\w-]{43}$/);
    t.match(await lab.entry(), { action: 'token_add', object_id: id, detail: { name: 'wall', days: 2 } });
    t.match(await catalogue.tokens.of('max'), [
      { id, name: 'wall', expiresAt: clock.ms + 2 * 86_400_000, usedAt: null },
    ]);
    await t.rejects(ask('make_token', { by: { ...by, token: id }, name: 'x', rights: [], days: 1 }), {
      code: 'forbidden',
    });

    const size = await lab.size();
    const used = async () => (await catalogue.tokens.of('max'))[0]!.usedAt;
    await ask('token_used', { id, address: '10.0.0.9' });
    const first = clock.ms;
    clock.ms += 59_000;
    await ask('token_used', { id, address: '10.0.0.9' });
    t.equal(await used(), first, 'kept to the minute');
    clock.ms += 1_000;
    await ask('token_used', { id, address: '10.0.0.9' });
    t.equal(await used(), clock.ms);
    t.equal(await lab.size(), size, 'without an entry');

    await t.rejects(ask('remove_token', { by: lab.by('ada'), id }), { code: 'not_found' }, "another's");
    await t.rejects(
      ask('remove_token', { by: { ...by, token: id }, id }),
      { code: 'forbidden' },
      'by itself',
    );
    await lab.unwritten('remove_token', () => ask('remove_token', { by, id }));
    await ask('remove_token', { by, id });
    t.match(await lab.entry(), { action: 'token_remove', object_id: id, detail: { name: 'wall' } });
    for (let n = 0; n < 50; n++) await make();
    await t.rejects(make(), { code: 'request_invalid' }, 'at most fifty');
  },
);
