import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import type { Part } from '../catalogue.js';

const user = (id: string, more: Partial<Person> = {}) => ({
  ...{ ...FOUNDER, id, name: `u${id}`, passwordHash: 'h', createdAt: 1 },
  ...more,
});
const outsider = (subject: string, name: string, roles: Person['roles']) => ({
  ...{ ...FOUNDER, id: `O${subject}`, name, roles, createdAt: 1 },
  ...{ source: 'ldap' as const, subject },
});

/** People, their tokens and their second factors. */
export const people: Part = (t, open) => {
  t.test('a name is one user, however it is written', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.add({ ...FOUNDER, id: '1', name: 'Zoë', passwordHash: 'h', createdAt: 1 });
    await t.rejects(
      catalogue.people.add({ ...FOUNDER, id: '2', name: 'ZOË', passwordHash: 'h', createdAt: 1 }),
      {
        code: 'user_exists',
      },
    );
    t.match(await catalogue.people.byName('zoë'), { id: '1', name: 'Zoë', passwordHash: 'h' });
    t.equal(await catalogue.people.byName('zoe'), null);
  });

  t.test('whatever ends the sessions of somebody raises their epoch, and theirs alone', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['1', '2', '3'])
      await catalogue.people.add({ ...FOUNDER, id, name: `u${id}`, passwordHash: 'h', createdAt: 1 });
    const epoch = async () => (await catalogue.people.standing('1'))?.epoch;
    t.strictSame(await catalogue.people.standing('1'), {
      person: { ...FOUNDER, id: '1', name: 'u1' },
      state: { totp: false, passkeys: 0, required: false },
      epoch: 0,
      gains: 0,
    });
    await catalogue.people.shutOut('1');
    t.equal(await epoch(), 1);
    t.strictSame(await catalogue.people.setPassword('1', 'new', 5), { epoch: 2, tokens: [] });
    await catalogue.people.invite({ userId: '1', codeHash: 'code', madeAt: 5, expiresAt: 10 });
    t.strictSame(await catalogue.people.acceptInvitation('code', 'newer', 6), { epoch: 3, tokens: [] });
    await catalogue.factors.reset('1');
    t.equal(await epoch(), 4);
    await catalogue.people.change('1', { disabled: true }, 7);
    t.equal(await epoch(), undefined, 'nobody who is disabled stands');
    await catalogue.people.change('1', { disabled: false }, 8);
    t.equal(await epoch(), 5);
    await catalogue.people.outsiderGone('1');
    t.equal(await epoch(), 6);
    t.match(await catalogue.people.standing('2'), { epoch: 0 });

    const given = { at: 9, epoch: 5, begins: true, used: null };
    t.equal(await catalogue.factors.proofGiven('1', given), null, 'a proof of before they were shut out');
    t.equal((await catalogue.people.get('1'))?.signedInAt, null);
    t.strictSame(await catalogue.factors.proofGiven('1', { ...given, epoch: 6 }), {
      epoch: 6,
      gains: 0,
      failed: null,
    });
    t.equal((await catalogue.people.get('1'))?.signedInAt, 9);
    t.equal(await catalogue.factors.proofGiven('nobody', given), null);
  });

  t.test('a person is changed on the version that was seen, and never the last admin', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.add(user('1'), { userId: '1', codeHash: 'link', madeAt: 1, expiresAt: 9 });
    await catalogue.people.add(user('2', { roles: ['reviewer'] }));
    t.match(await catalogue.people.invited('link', 8), { id: '1' });
    t.equal(await catalogue.people.invited('link', 10), null, 'too old');
    const changed = await catalogue.people.change('2', { extensions: ['101'] }, 5, 1);
    t.match(changed, { id: '2', version: 2, extensions: ['101'] });
    await t.rejects(catalogue.people.change('2', { name: 'x' }, 6, 1), { code: 'person_conflict' });
    await t.rejects(catalogue.people.change('1', { roles: ['reviewer'] }, 6), { code: 'last_admin' });
    await t.rejects(catalogue.people.remove('1'), { code: 'last_admin' });
    await t.rejects(catalogue.people.remove('9'), { code: 'person_unknown' });
    t.match(await catalogue.people.standing('2'), { gains: 1 }, 'they can do more than before');
    await catalogue.people.remove('2', 2);
    t.same(
      (await catalogue.people.list()).map((u) => u.id),
      ['1'],
    );
  });

  t.test('the set-up is claimed once', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.saveSetupCode('code', 1);
    t.equal(await catalogue.people.claimSetup('wrong', user('1')), false);
    const racers = ['1', '2', '3'].map((id) => catalogue.people.claimSetup('code', user(id)));
    t.same((await Promise.all(racers)).filter(Boolean).length, 1);
    t.equal((await catalogue.people.list()).length, 1);
  });

  t.test('who comes from a directory is written as they are there', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.add(user('1', { name: 'Ada' }));
    t.equal(
      await catalogue.people.saveOutsider(outsider('s1', 'ada', ['reviewer'])),
      null,
      'the name is taken',
    );
    t.match(await catalogue.people.saveOutsider(outsider('s2', 'Bob', ['reviewer'])), {
      name: 'Bob',
      source: 'ldap',
    });
    t.match(await catalogue.people.saveOutsider(outsider('s2', 'Robert', ['auditor'])), { name: 'Robert' });
    const [bob] = await catalogue.people.outsiders('ldap');
    t.match(bob, { name: 'Robert', roles: ['auditor'] });
    await catalogue.people.outsiderGone(bob!.id);
    t.same(await catalogue.people.outsiders('ldap'), []);
    t.match(await catalogue.people.get(bob!.id), { roles: [] });
  });

  t.test('a token is known by its hash, and goes with a new password', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.add(user('1'));
    const token = { id: 'T', userId: '1', name: 'Script', rights: [], createdAt: 1, expiresAt: 9e12 };
    await catalogue.tokens.add(token, 'hash');
    await catalogue.tokens.used('T', 60_000, '10.0.0.1');
    t.match(await catalogue.tokens.byHash('hash'), {
      token: { ...token, usedAt: 60_000, usedFrom: '10.0.0.1' },
      person: { id: '1' },
    });
    t.equal(await catalogue.tokens.byHash('other'), null);
    t.equal(await catalogue.tokens.remove('2', 'T'), false, 'not that of somebody else');
    t.strictSame(await catalogue.people.setPassword('1', 'new', 5), { epoch: 1, tokens: ['Script'] });
    t.same(await catalogue.tokens.of('1'), []);
    await catalogue.tokens.add(token, 'hash');
    t.equal(await catalogue.tokens.remove('1', 'T'), true);
  });

  t.test('a second factor is used once, and tries are counted before they are looked at', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.people.add(user('1'));
    const { factors } = catalogue;
    await factors.setRoles(['admin']);
    t.same(await factors.roles(), ['admin']);
    const sealed = new Uint8Array([1, 2, 3]);
    const totp = { sealed, addedAt: 1, lastStep: 10 };
    t.same(await factors.saveTotp('1', totp, ['c1', 'c2']), { codesKept: true });
    t.same(await factors.saveTotp('1', totp, ['c3']), { codesKept: false }, 'there are codes already');
    t.match(await factors.state('1'), { totp: true, passkeys: 0, recoveryCodes: 2, required: true });
    await factors.resealTotp('1', new Uint8Array([9]), new Uint8Array([4]));
    t.match(await factors.totps(), [{ userId: '1', sealed: Buffer.from(sealed) }], 'not what it was before');
    await factors.resealTotp('1', sealed, new Uint8Array([4]));
    t.same([...(await factors.totp('1'))!.sealed], [4]);
    const key = {
      ...{
        id: 'P',
        userId: '1',
        name: 'Key',
        publicKey: new Uint8Array([7]),
        counter: 3,
        transports: ['usb'],
      },
      ...{ host: 'desk.example', addedAt: 1, usedAt: null },
    };
    t.same(await factors.addPasskey(key), { codesKept: false });
    t.equal(await factors.addPasskey({ ...key, userId: '1' }), null, 'this id is taken');
    t.match(await factors.passkey('P'), { counter: 3, name: 'Key' });
    t.equal((await factors.passkeys('1')).length, 1);

    const proof = { at: 9, epoch: 0, begins: false };
    const step = { ...proof, used: { totpStep: 11 } };
    t.match(await factors.proofGiven('1', step), { epoch: 0 });
    t.equal(await factors.proofGiven('1', step), null, 'no step twice');
    const code = { ...proof, used: { recoveryCode: 'c1' } };
    t.match(await factors.proofGiven('1', code), { epoch: 0 });
    t.equal(await factors.proofGiven('1', code), null, 'no code twice');
    t.equal(
      await factors.proofGiven('1', { ...proof, used: { passkey: 'P', counter: 3 } }),
      null,
      'a counter that stands still',
    );
    t.match(await factors.proofGiven('1', { ...proof, used: { passkey: 'P', counter: 4 } }), { epoch: 0 });

    const wait = (failed: number) => (failed < 2 ? 0 : 1_000);
    const tries = [1, 2, 3].map((at) => factors.takeTry('1', null, at, wait));
    t.same(
      (await Promise.all(tries)).map(({ until }) => until === null),
      [true, true, false],
    );
    t.match(await factors.failed('1'), { count: 2 });
    // The try that was right had been counted too.
    t.match(await factors.proofGiven('1', { ...proof, used: { totpStep: 12 } }), { failed: { count: 1 } });
    t.match(await factors.failed('1'), { count: 0 });

    t.equal(await factors.remove('1', 'totp'), true);
    t.equal(await factors.remove('1', { passkey: 'P' }), false, 'the last one, and a role requires one');
    await factors.saveRecoveryCodes('1', ['n1']);
    t.match(await factors.state('1'), { totp: false, passkeys: 1, recoveryCodes: 1 });
    await factors.saveTotp('1', totp);
    await factors.takeBack('1', { totp: true, passkeys: [] });
    t.match(await factors.state('1'), { totp: false, passkeys: 1, recoveryCodes: 0 });
    await factors.saveTotp('1', totp);
    await factors.takeBack('1', { totp: false, passkeys: ['P', 'another'] });
    t.match(await factors.state('1'), { totp: true, passkeys: 0 });
    t.match(await catalogue.people.standing('1'), { epoch: 2 }, 'sessions have ended');
    await factors.reset('1');
    t.match(await factors.state('1'), { totp: false, passkeys: 0, recoveryCodes: 0 });
  });
};
