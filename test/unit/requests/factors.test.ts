import t from 'tap';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { type PeopleLab, PLACE, password, peopleLab } from '../../support/people-lab.js';
import { createAuthenticator } from '../../support/web/authenticator.js';

const MINUTE = 60_000;

async function beginPasskey(lab: PeopleLab, person: string, session?: string) {
  const by = lab.by(person, session === undefined ? {} : { session });
  const { options } = await lab.ask('begin_passkey', { by, place: PLACE });
  const key = createAuthenticator();
  const response = key.make(String(options.challenge), PLACE);
  return { key, add: () => lab.ask('add_passkey', { by, name: 'laptop', response }) };
}

t.test('a first factor comes with recovery codes, and proves the session', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const first = await beginPasskey(lab, 'ada');
  const { recovery_codes } = await first.add();
  t.equal(new Set(recovery_codes).size, 10);
  t.match(await lab.entry(), {
    action: 'second_factor',
    detail: { changes: ['the passkey laptop was added'] },
  });
  t.match(await catalogue.factors.state('ada'), { totp: false, passkeys: 1, recoveryCodes: 10 });
  t.match(await lab.prove('ada', { code: recovery_codes![9]! }, { session: 'x' }), {
    proofs: ['recovery_code'],
  });

  const code = await lab.withApp('ada');
  t.match(await lab.entry(), {
    action: 'second_factor',
    detail: { changes: ['an authenticator app was added'] },
  });
  t.equal((await catalogue.factors.state('ada')).recoveryCodes, 9, 'those that there are stay');
  t.match(await lab.prove('ada', { code: code() }, { session: 'y' }), { proofs: ['totp'] });

  await ask('remove_factor', { by });
  t.match(await lab.entry(), { detail: { changes: ['the authenticator app was removed'] } });
  await t.rejects(ask('remove_factor', { by }), { code: 'not_found' });
  await catalogue.factors.setRoles(['admin']);
  await t.rejects(ask('remove_factor', { by, passkey: first.key.id }), { code: 'last_factor' });
  await catalogue.factors.setRoles([]);
  await ask('remove_factor', { by, passkey: first.key.id });
  t.match(await lab.entry(), { detail: { changes: ['the passkey laptop was removed'] } });
  t.match(await catalogue.factors.state('ada'), { totp: false, passkeys: 0, recoveryCodes: 0 });
  await t.rejects(ask('new_recovery_codes', { by }), { code: 'request_invalid' });
});

t.test('what is done to factors is done with its entry, or not at all', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  await lab.unwritten('add_passkey', (await beginPasskey(lab, 'ada')).add);
  await t.rejects(
    lab
      .unwritten('confirm_totp', () => lab.withApp('ada'))
      .then(() => {
        throw new Error('as it should be');
      }),
    { message: 'as it should be' },
  );
  t.match(await catalogue.factors.state('ada'), { totp: false, passkeys: 0, recoveryCodes: 0 });
  await (await beginPasskey(lab, 'ada')).add();
  await lab.withApp('ada');
  await lab.unwritten('new_recovery_codes', () => ask('new_recovery_codes', { by }));
  await lab.unwritten('remove_factor', () => ask('remove_factor', { by }));
});

t.test('factors are changed after a proof only, and a second one after one of the first', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock } = lab;
  await lab.add('ada');
  await lab.add('bea');
  const key = createAuthenticator();
  const changes = (by: ReturnType<typeof lab.by>) =>
    [
      ['begin_passkey', () => ask('begin_passkey', { by, place: PLACE })],
      ['add_passkey', () => ask('add_passkey', { by, name: 'x', response: key.make('x', PLACE) })],
      ['begin_totp', () => ask('begin_totp', { by })],
      ['confirm_totp', () => ask('confirm_totp', { by, code: '123456' })],
      ['remove_factor', () => ask('remove_factor', { by })],
      ['new_recovery_codes', () => ask('new_recovery_codes', { by })],
    ] as const;
  const refused = async (by: ReturnType<typeof lab.by>, code: string, why: string) => {
    for (const [name, work] of changes(by)) await t.rejects(work(), { code }, `${name}: ${why}`);
  };
  await refused(lab.by('ada'), 'proof_needed', 'without one');
  await lab.prove('ada', { password });
  await refused(lab.by('ada', { session: 'another' }), 'proof_needed', 'of another session');
  await refused(lab.by('bea', { session: "ada's" }), 'proof_needed', 'of another person');
  await lab.withApp('ada');
  clock.ms += 11 * MINUTE;
  await refused(lab.by('ada'), 'proof_needed', 'that is too old');
  await lab.prove('ada', { password });
  await refused(lab.by('ada'), 'proof_needed', 'by the password beside a second factor');
  await catalogue.tokens.add(
    { id: 'tok', userId: 'ada', name: 'x', rights: [], createdAt: 1, expiresAt: clock.ms * 2 },
    'h',
  );
  await refused(lab.by('ada', { token: 'tok' }), 'proof_needed', 'by an API token');
  await catalogue.people.change('bea', { disabled: true }, 1);
  await refused(lab.by('bea'), 'not_signed_in', 'of who is disabled');
});

t.test('somebody of a directory adds a first factor by its word, and more by that factor', async (t) => {
  const lab = await peopleLab(t);
  const { ask } = lab;
  await lab.catalogue.people.saveOutsider({
    ...{ ...FOUNDER, id: 'lea', name: 'lea', createdAt: 1, source: 'ldap', subject: 'uid=lea' },
  });
  const by = lab.by('lea');
  await t.rejects(ask('make_token', { by, name: 'x', rights: [], days: 1 }), { code: 'own_factor_needed' });
  await t.rejects(ask('new_recovery_codes', { by }), { code: 'own_factor_needed' });
  await lab.withApp('lea');
  await t.resolves(ask('new_recovery_codes', { by }), 'it proves the session for factors');
  const make = () => ask('make_token', { by, name: 'x', rights: [], days: 1 });
  await t.rejects(make(), { code: 'proof_needed' }, 'and for nothing else');
  await t.rejects(beginPasskey(lab, 'lea', 'another'), { code: 'proof_needed' });
  lab.clock.ms += 11 * MINUTE;
  await t.rejects(beginPasskey(lab, 'lea'), { code: 'proof_needed' });
});

t.test('who has to have a second factor and has none can add one, and nothing else', async (t) => {
  const lab = await peopleLab(t);
  const { ask } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.catalogue.factors.setRoles(['admin']);
  await lab.prove('ada', { password });
  const make = () => ask('make_token', { by, name: 'x', rights: [], days: 1 });
  await t.rejects(make(), { code: 'second_factor_needed' });
  const code = await lab.withApp('ada');
  await t.rejects(make(), { code: 'proof_needed' });
  await lab.prove('ada', { code: code() }, { act: { kind: 'tokens', object: '' } });
  await t.resolves(make());
});

t.test('an app is added by a code of its own, in the session and time in which it was begun', async (t) => {
  const lab = await peopleLab(t);
  const { ask, clock } = lab;
  const by = lab.by(await lab.add('ada'));
  const confirm = (code: string, session = by.session) =>
    ask('confirm_totp', { by: { ...by, session }, code });
  await lab.prove('ada', { password });
  await lab.prove('ada', { password }, { session: 'other' });
  const { secret } = await ask('begin_totp', { by });
  t.match(secret, /^[A-Z2-7]{32}$/);
  await t.rejects(confirm('12345x'), { code: 'factor_wrong' });
  await t.rejects(confirm('123456', 'other'), { code: 'factor_wrong', detail: /begin again/ });
  clock.ms += 10 * MINUTE;
  await lab.prove('ada', { password });
  await t.rejects(confirm('123456'), { code: 'factor_wrong', detail: /begin again/ }, 'ten minutes later');
});

t.test('a passkey is added once, for the challenge and the place that it was asked for', async (t) => {
  const lab = await peopleLab(t);
  const { ask } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.add('bea');
  await lab.prove('ada', { password });
  await lab.prove('bea', { password });
  const refused = { code: 'passkey_refused' };
  const add = async (change: (challenge: string) => Record<string, unknown>) => {
    const { options } = await ask('begin_passkey', { by, place: PLACE });
    return ask('add_passkey', { by, name: 'x', response: change(String(options.challenge)) });
  };
  const key = createAuthenticator();
  await t.rejects(
    add(() => key.make('another', PLACE)),
    refused,
  );
  await t.rejects(
    add((c) => key.make(c, { ...PLACE, host: 'evil.example' })),
    refused,
  );
  await t.rejects(
    add((c) => key.make(c, { ...PLACE, origin: 'https://evil.example' })),
    refused,
  );
  await t.rejects(
    add((c) => key.make(c, { ...PLACE, verified: false })),
    refused,
  );
  await t.rejects(
    add(() => ({})),
    refused,
  );
  await t.rejects(ask('add_passkey', { by, name: 'x', response: {} }), refused, 'it was not asked for');
  await t.rejects(ask('begin_passkey', { by, place: { ...PLACE, host: 'x' } }), refused);
  await t.resolves(add((c) => key.make(c, PLACE)));
  const { options } = await ask('begin_passkey', { by: lab.by('bea'), place: PLACE });
  const response = key.make(String(options.challenge), PLACE);
  await t.rejects(ask('add_passkey', { by: lab.by('bea'), name: 'x', response }), refused, "another's");
});
