import t from 'tap';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import { actIn } from '../../../daemon/domain/operations/control.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { AUDITOR, type PeopleLab, PLACE, password, peopleLab } from '../../support/people-lab.js';
import { createAuthenticator } from '../../support/web/authenticator.js';

const MINUTE = 60_000;

async function beginPasskey(lab: PeopleLab, person: string, session?: string) {
  const by = lab.by(person, session === undefined ? {} : { session });
  const { options } = await lab.ask('begin_passkey', { by, place: PLACE });
  const key = createAuthenticator();
  const response = key.make(String(options.challenge), PLACE);
  return { key, add: () => lab.ask('add_passkey', { by, name: 'laptop', response }) };
}

t.test('a first factor comes with recovery codes, and proves nothing by itself', async (t) => {
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

  await t.rejects(lab.withApp('ada'), { code: 'proof_needed' });
  await lab.prove('ada', { code: recovery_codes![8]! });
  const code = await lab.withApp('ada');
  t.match(await lab.entry(), {
    action: 'second_factor',
    detail: { changes: ['an authenticator app was added'] },
  });
  t.equal((await catalogue.factors.state('ada')).recoveryCodes, 8, 'those that there are stay');
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
  const { recovery_codes } = await (await beginPasskey(lab, 'ada')).add();
  await lab.prove('ada', { code: recovery_codes![0]! });
  await lab.withApp('ada');
  await lab.unwritten('new_recovery_codes', () => ask('new_recovery_codes', { by }));
  await lab.unwritten('remove_factor', () => ask('remove_factor', { by }));
});

t.test('factors are changed after a proof only, and a second one after one of the first', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock } = lab;
  await lab.add('ada');
  await lab.add('bea');
  const changes = (by: ReturnType<typeof lab.by>) =>
    [
      ['begin_passkey', () => ask('begin_passkey', { by, place: PLACE })],
      ['begin_totp', () => ask('begin_totp', { by })],
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

t.test('what was not begun, with a proof of its own, is not ended', async (t) => {
  const lab = await peopleLab(t);
  const { ask } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const key = createAuthenticator();
  const end = async () => {
    const response = key.make('x', PLACE);
    await t.rejects(ask('add_passkey', { by, name: 'x', response }), { code: 'passkey_refused' });
    await t.rejects(ask('confirm_totp', { by, code: '123456' }), { code: 'factor_wrong', detail: /begin/ });
  };
  await end();
  const begun = await beginPasskey(lab, 'ada');
  const { secret } = await ask('begin_totp', { by });
  await lab.catalogue.people.shutOut('ada');
  await t.rejects(begun.add(), { code: 'passkey_refused' }, 'begun before they were shut out');
  await end();

  await lab.prove('ada', { password });
  const asFirst = await beginPasskey(lab, 'ada');
  const code = await lab.withApp('ada');
  await t.rejects(
    asFirst.add(),
    { code: 'passkey_refused', detail: /another factor/ },
    'by a password alone',
  );
  await lab.prove('ada', { code: code() });
  await (await beginPasskey(lab, 'ada')).add();
  t.match(secret, /^[A-Z2-7]{32}$/);
  await t.rejects(ask('add_passkey', { by: { ...by, token: 'T' }, name: 'x', response: {} }), {
    code: 'forbidden',
  });
});

t.test('a code that was given for one change of factors serves for that one, once', async (t) => {
  const lab = await peopleLab(t);
  const { clock } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password }, { begins: true });
  const code = await lab.withApp('ada');
  await lab.catalogue.factors.addPasskey({
    ...{ id: 'K', userId: 'ada', name: 'laptop', publicKey: new Uint8Array(9), counter: 0, transports: [] },
    ...{ host: PLACE.host, addedAt: clock.ms, usedAt: null },
  });
  const changes = [
    ['begin_passkey', { by, place: PLACE }],
    ['begin_totp', { by }],
    ['new_recovery_codes', { by }],
    ['remove_factor', { by, passkey: 'K' }],
    ['remove_factor', { by }],
  ] as const;
  type Change = (typeof changes)[number];
  const come = ([name, body]: Change) =>
    lab.ask(name, body as never).then(
      () => 'done',
      (e) => e.code,
    );
  for (const change of changes) {
    const said = JSON.stringify(change);
    await lab.prove('ada', { code: code() }, { act: actIn(change[0], change[1] as never) });
    clock.ms += 30_000;
    for (const other of changes.filter((one) => one !== change))
      t.equal(await come(other), 'proof_needed', `by a code for ${said}: ${JSON.stringify(other)}`);
    t.equal(await come(change), 'done', said);
    t.equal(await come(change), 'proof_needed', `${said}, again`);
  }
});

t.test('nobody changes factors, and has others told of it, without end', async (t) => {
  const lab = await peopleLab(t);
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const code = await lab.withApp('ada');
  await lab.prove('ada', { code: code() });
  let made = 0;
  const make = () => lab.ask('new_recovery_codes', { by }).then(() => made++);
  for (let n = 0; n < 30; n++) await make().catch((e) => t.equal(e.code, 'too_many'));
  t.equal(made, 19, 'and the app');
  t.equal(lab.standing.size, 20, 'each was told');
  lab.clock.ms += 13 * MINUTE;
  await lab.prove('ada', { code: code() });
  await t.resolves(make(), 'some time later');
});

t.test('each change of factors is told outside the dashboard, and from when it counts', async (t) => {
  const lab = await peopleLab(t);
  const { ask, standing } = lab;
  const by = lab.by(await lab.add('ada'));
  await lab.add('gus', AUDITOR);
  const told = () => {
    const found = [...standing.values()].map(({ why, severity }) => ({ ...why.params, severity }));
    standing.clear();
    return found;
  };
  const isTold = (change: string, more: object = {}) =>
    t.match(told(), [{ name: 'ada', change, by: null, severity: 'warning', ...more }], change);
  await lab.prove('ada', { password });
  const at = lab.clock.ms;
  const { recovery_codes } = await (await beginPasskey(lab, 'ada')).add();
  isTold('passkey_added', { factor: 'laptop', counts: at + 7 * DAY_MS });
  await lab.prove('ada', { code: recovery_codes![0]! });
  await lab.withApp('ada');
  isTold('app_added', { counts: at + 7 * DAY_MS });
  await lab.withApp('ada');
  isTold('app_replaced', { counts: at + 30_000 + 7 * DAY_MS });
  await ask('new_recovery_codes', { by });
  isTold('codes_made', { counts: null });
  await ask('remove_factor', { by });
  isTold('app_removed', { counts: null });
  const [key] = await lab.catalogue.factors.passkeys('ada');
  await ask('remove_factor', { by, passkey: key!.id });
  isTold('passkey_removed', { factor: 'laptop' });
  await ask('reset_factors', { by: { console: 'root' }, id: 'ada' });
  isTold('all_removed', { by: 'root' });

  await lab.prove('gus', { password });
  await lab.withApp('gus');
  t.match(told(), [{ name: 'gus', change: 'app_added', counts: null }], 'of who approves nothing too');
  const dora = { ...FOUNDER, id: 'dora', name: 'dora', createdAt: 1, source: 'ldap', subject: 'd' } as const;
  await lab.catalogue.people.saveOutsider(dora);
  await lab.withApp('dora');
  t.strictSame(told(), [], 'and not of people whom a dashboard can make up');
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
  const code = await lab.withApp('lea');
  await t.rejects(ask('new_recovery_codes', { by }), { code: 'proof_needed' });
  await lab.prove('lea', { code: code() }, { act: actIn('new_recovery_codes', { by }) });
  await t.resolves(ask('new_recovery_codes', { by }), 'it proves what it is given for');
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
