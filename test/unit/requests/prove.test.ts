import fc from 'fast-check';
import t from 'tap';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { AUDITOR, type PeopleLab, PLACE, password, peopleLab } from '../../support/people-lab.js';
import { createAuthenticator } from '../../support/web/authenticator.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WRONG = '000000';
const TOKEN = { name: 'x', rights: [], days: 1 };

/** Whether somebody could make an API token in this session now, which needs a fresh proof. */
const proved = (lab: PeopleLab, person: string, session = `${person}'s`): Promise<boolean> =>
  lab.deps.askers.provedSelf('make_token', { by: lab.by(person, { session }), ...TOKEN }).then(
    () => true,
    () => false,
  );

/** Gives somebody a passkey, and signs what they are asked to. */
async function withPasskey(lab: PeopleLab, person: string, host = PLACE.host) {
  const key = createAuthenticator();
  await lab.catalogue.factors.addPasskey({
    ...{ id: key.id, userId: person, name: 'laptop', publicKey: key.publicKey, counter: 0, transports: [] },
    ...{ host, addedAt: lab.clock.ms, usedAt: null },
  });
  return async (told = {}, asked: string | null = null) => {
    const { options } = await lab.ask('ask_passkey', {
      person: asked,
      session: null,
      place: PLACE,
      act: null,
    });
    return { passkey: key.sign(String(options.challenge), { ...PLACE, ...told }, person) };
  };
}

t.test('a password begins a session, or shows again who it is', async (t) => {
  const lab = await peopleLab(t);
  const { catalogue, clock } = lab;
  await lab.add('ada');
  t.notOk(await proved(lab, 'ada'));
  await lab.unwritten('prove', () => lab.prove('ada', { password }, { begins: true }));
  t.notOk(await proved(lab, 'ada'), 'what is not written proves nothing');
  const given = await lab.prove('ada', { password }, { begins: true });
  t.strictSame<unknown>(given, {
    ...{ person: 'ada', proofs: ['password'], epoch: 0, gains: 0, failed: null },
  });
  t.match(await lab.entry(), {
    ...{ action: 'sign_in', actor_id: 'ada', actor_name: 'ada', address: '10.0.0.7', outcome: 'ok' },
    detail: { with: ['password'] },
  });
  t.equal((await catalogue.people.get('ada'))!.signedInAt, clock.ms);
  t.notOk(await proved(lab, 'ada'), 'a sign-in is a proof for no act');
  await lab.prove('ada', { password });
  t.match(await lab.entry(), { action: 'second_factor', detail: { with: ['password'] } });
  t.ok(await proved(lab, 'ada'));
  clock.ms += 10 * MINUTE + 1;
  t.notOk(await proved(lab, 'ada'), 'for ten minutes');
  await lab.prove('ada', { password });
  t.ok((await catalogue.people.get('ada'))!.signedInAt! < clock.ms, 'it did not begin with this');
  t.ok(await proved(lab, 'ada'));
  clock.ms -= HOUR;
  t.notOk(await proved(lab, 'ada'), 'a clock that was set back');
});

t.test('nobody comes in who has no password here, is disabled or is not there', async (t) => {
  const lab = await peopleLab(t);
  const { catalogue } = lab;
  for (const name of ['ada', 'bea']) await lab.add(name);
  await catalogue.people.change('bea', { disabled: true }, 1);
  await catalogue.people.saveOutsider({
    ...{ ...FOUNDER, id: 'lea', name: 'lea', createdAt: 1, source: 'ldap', subject: 'uid=lea' },
  });
  for (const who of ['bea', 'lea', 'nobody', null])
    await t.rejects(lab.prove(who, { password }, { begins: true }), { code: 'sign_in_failed' }, `${who}`);
  t.strictSame(lab.verified, [], 'nothing was compared');
  await t.rejects(lab.prove('ada', { password: 'wrong' }, { begins: true }), { code: 'sign_in_failed' });
  t.match(await lab.entry(), {
    ...{ action: 'sign_in', outcome: 'refused', actor_id: 'ada', detail: { because: 'wrong password' } },
  });
  await t.rejects(lab.prove('ada', { password: 'wrong' }), { code: 'sign_in_failed' });
  t.match(await lab.entry(), { action: 'second_factor', detail: { because: 'a password was wrong' } });
  t.notOk(await proved(lab, 'ada'));
});

t.test('a password that is changed while it is compared proves nothing', async (t) => {
  const lab = await peopleLab(t);
  await lab.add('ada');
  const proving = lab.prove('ada', { password }, { begins: true });
  while (lab.verified.length === 0) await new Promise(setImmediate);
  await lab.catalogue.people.setPassword('ada', lab.hash, lab.clock.ms);
  await t.rejects(proving, { code: 'sign_in_failed' });
  t.match(await lab.entry(), { action: 'sign_in', outcome: 'refused' });
  t.notOk(await proved(lab, 'ada'));
  t.equal((await lab.catalogue.people.get('ada'))!.signedInAt, null);
});

t.test('the word of a directory signs in, and proves nothing to the recorder', async (t) => {
  const lab = await peopleLab(t);
  const { catalogue } = lab;
  await lab.add('ada');
  const of = (source: 'ldap' | 'oidc', id: string) =>
    catalogue.people.saveOutsider({ ...FOUNDER, id, name: id, createdAt: 1, source, subject: id });
  await of('ldap', 'lea');
  await of('oidc', 'ole');
  await lab.prove('lea', { word: ['directory'] }, { begins: true });
  t.match(await lab.entry(), { action: 'sign_in', actor_id: 'lea', detail: { with: ['directory'] } });
  t.equal((await catalogue.people.get('lea'))!.signedInAt, lab.clock.ms);
  await t.rejects(lab.ask('invite_person', { by: lab.by('lea'), id: 'ada' }), {
    code: 'local_account_needed',
  });
  await lab.prove('ole', { word: ['provider_sign_in', 'provider'] }, { begins: true });
  await t.rejects(lab.ask('invite_person', { by: lab.by('ole'), id: 'ada' }), {
    code: 'local_account_needed',
  });
  for (const [who, word] of [
    ['ada', 'directory'],
    ['ada', 'provider'],
    ['lea', 'provider'],
    ['ole', 'directory'],
  ] as const)
    await t.rejects(lab.prove(who, { word: [word] }), { code: 'sign_in_failed' }, `${who}: ${word}`);

  await lab.withApp('ole');
  await lab.prove('ole', { word: ['provider_sign_in', 'provider'] }, { session: 'new', begins: true });
  t.notOk(await proved(lab, 'ole', 'new'), 'a second factor of the provider is its word too');

  await lab.withApp('lea');
  await lab.prove('lea', { code: WRONG }).catch(() => {});
  await lab.prove('lea', { word: ['directory'] }, { begins: true });
  t.equal((await catalogue.factors.failed('lea')).count, 1, 'nor does it forget wrong codes');
});

t.test('a code of an app counts once, and tells how many wrong ones were before it', async (t) => {
  const lab = await peopleLab(t);
  const { catalogue, clock } = lab;
  await lab.add('ada');
  await lab.prove('ada', { password });
  const code = await lab.withApp('ada');
  clock.ms += 11 * MINUTE;
  await t.rejects(lab.prove('ada', { code: code() }, { begins: true }), { code: 'sign_in_failed' });
  for (let n = 0; n < 2; n++) await t.rejects(lab.prove('ada', { code: WRONG }), { code: 'factor_wrong' });
  t.match(await lab.entry(), {
    ...{ action: 'second_factor', outcome: 'refused', detail: { because: 'a second factor was wrong' } },
  });
  const given = code();
  await lab.unwritten('a code', () => lab.prove('ada', { code: given }), ['factor_tries']);
  t.match(await lab.prove('ada', { code: given }), { proofs: ['totp'], failed: { count: 3 } });
  t.match(await lab.entry(), { action: 'second_factor', outcome: 'ok', detail: { with: ['totp'] } });
  t.ok(await proved(lab, 'ada'));
  t.strictSame(await catalogue.factors.failed('ada'), { count: 0, lastAt: null });
  await t.rejects(lab.prove('ada', { code: given }), { code: 'factor_wrong' }, 'used up');
  const size = await lab.size();
  const both = await Promise.allSettled([code(), code()].map((same) => lab.prove('ada', { code: same })));
  t.strictSame(both.map(({ status }) => status).sort(), ['rejected', 'rejected'], 'the step is used up');
  t.equal(await lab.size(), size + 2);
  clock.ms += 30_000;
  const two = await Promise.allSettled([code(), code()].map((same) => lab.prove('ada', { code: same })));
  t.strictSame(two.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at once one may');
});

t.test('a recovery code counts once', async (t) => {
  const lab = await peopleLab(t);
  const by = lab.by(await lab.add('ada'));
  await lab.prove('ada', { password });
  const app = await lab.withApp('ada');
  await lab.prove('ada', { code: app() });
  const { recovery_codes } = await lab.ask('new_recovery_codes', { by });
  const code = recovery_codes[3]!.toLowerCase();
  await lab.unwritten('a recovery code', () => lab.prove('ada', { code }, { session: 'new' }));
  t.match(await lab.prove('ada', { code }, { session: 'new' }), { proofs: ['recovery_code'] });
  t.ok(await proved(lab, 'ada', 'new'));
  t.equal((await lab.catalogue.factors.state('ada')).recoveryCodes, 9);
  await t.rejects(lab.prove('ada', { code }), { code: 'factor_wrong' });
  t.match(await lab.entry(), { outcome: 'refused', detail: { because: 'a second factor was wrong' } });
});

t.test('a dashboard that invents browsers cannot guess codes without end', async (t) => {
  const lab = await peopleLab(t);
  const { clock, db } = lab;
  await lab.add('ada');
  await lab.prove('ada', { password });
  await lab.withApp('ada');
  let n = 0;
  /** How many of so many guesses, each from a browser of its own, are looked at. */
  const looked = async (many: number) => {
    let count = 0;
    for (let i = 0; i < many; i++)
      await lab.prove('ada', { code: WRONG }, { device: `invented ${n++}` }).catch((e) => {
        count += Number(e.code === 'factor_wrong');
      });
    return count;
  };
  const first = await looked(300);
  t.ok(first >= 5 && first <= 20, `${first} at once`);
  let day = 0;
  for (let hour = 0; hour < 24; hour++) {
    clock.ms += HOUR;
    day += await looked(40);
  }
  t.ok(day >= 24 && day <= 55, `${day} in the day after, of one an hour for each of two counts`);
  const browsers = db.prepare('SELECT count(*) FROM factor_tries').pluck().get() as number;
  t.ok(browsers <= 21, `${browsers} counts are kept`);
});

t.test('guesses from unknown browsers do not keep a known one waiting', async (t) => {
  const lab = await peopleLab(t);
  await lab.add('ada');
  await lab.prove('ada', { password });
  const code = await lab.withApp('ada');
  for (let n = 0; n < 5; n++) await lab.prove('ada', { code: WRONG }).catch(() => {});
  t.strictSame(await lab.prove('ada', { code: code() }), { wait_seconds: 60 });
  t.match(await lab.prove('ada', { code: code() }, { device: 'known' }), { failed: { count: 5 } });
});

t.test('passwords are compared one at a time, in a short line, and guessed a few times only', async (t) => {
  const lab = await peopleLab(t);
  const { clock } = lab;
  for (const name of ['ada', ...Array.from({ length: 20 }, (_, n) => `p${n}`)]) await lab.add(name, AUDITOR);
  const crowd = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => lab.prove(`p${n}`, { password })),
  );
  const why = crowd.map((one) => (one.status === 'fulfilled' ? 'ok' : one.reason.code));
  t.strictSame(
    [why.filter((w) => w === 'ok').length, why.filter((w) => w === 'too_many').length],
    [10, 10],
    'more than ten do not wait',
  );
  lab.verified.length = 0;
  const codes = new Set<string>();
  for (let n = 0; n < 40; n++)
    await lab.prove('ada', { password: `guess ${n}` }).catch((e) => codes.add(e.code));
  t.equal(lab.verified.length, 10);
  t.strictSame([...codes], ['sign_in_failed', 'too_many']);
  clock.ms += HOUR;
  for (let n = 0; n < 5; n++) await t.resolves(lab.prove('ada', { password }), 'right ones cost nothing');
});

t.test('a storm of refusals does not fill the log', async (t) => {
  const lab = await peopleLab(t);
  await lab.add('ada');
  await lab.prove('ada', { password });
  await lab.withApp('ada');
  const before = await lab.size();
  for (let n = 0; n < 100; n++) await lab.prove('ada', { code: `no code ${n}` }).catch(() => {});
  t.equal(await lab.size(), before + 30);
  lab.clock.ms += 10 * MINUTE;
  await lab.prove('ada', { code: 'no code' }).catch(() => {});
  t.match(await lab.entry(), { outcome: 'refused', detail: { refusals_before: 70 } });
});

t.test('a passkey is two factors, bound to its place, its challenge and its owner', async (t) => {
  const lab = await peopleLab(t);
  const { catalogue } = lab;
  for (const name of ['ada', 'bea']) await lab.add(name);
  const sign = await withPasskey(lab, 'ada');
  const begin = (means: { passkey: Record<string, unknown> }, person: string | null = null) =>
    lab.prove(person, means, { begins: true, session: 's' });
  const response = await sign({ counter: 3 });
  t.match(await begin(response), { person: 'ada', proofs: ['passkey'], failed: { count: 0 } });
  t.match(await lab.entry(), { action: 'sign_in', actor_id: 'ada', detail: { with: ['passkey'] } });
  t.match(await catalogue.factors.passkeys('ada'), [{ counter: 3, usedAt: lab.clock.ms }]);
  t.notOk(await proved(lab, 'ada', 's'), 'a sign-in is a proof for no act');

  const refused = { code: 'passkey_refused' };
  await t.rejects(begin(response), refused, 'a challenge is good once');
  t.match(await lab.entry(), { outcome: 'refused', detail: { because: 'a passkey was refused' } });
  await t.rejects(begin(await sign({ counter: 3 })), refused, 'the counter of a copy');
  await t.rejects(
    begin(await sign({ counter: 4, origin: 'https://desk.example.org' })),
    refused,
    'elsewhere',
  );
  await t.rejects(begin(await sign({ counter: 4, verified: false })), refused, 'without a finger');
  await t.rejects(begin(await sign({ counter: 4 }), 'bea'), refused, 'of somebody else');
  await t.rejects(begin(await sign({ counter: 4 }, 'bea')), refused, 'somebody else was asked');
  await t.rejects(begin({ passkey: { id: 'x' } }), refused, 'nonsense');
  const late = await sign({ counter: 4 });
  lab.clock.ms += 5 * MINUTE;
  await t.rejects(begin(late), refused, 'too late');
  const place = { host: 'desk.example', origin: 'https://evil.example' };
  await t.rejects(lab.ask('ask_passkey', { person: null, session: null, place, act: null }), refused);

  const right = await sign({ counter: 5 });
  await lab.unwritten('a passkey', () => begin(right));
  await catalogue.people.change('ada', { disabled: true }, 1).catch(() => {});
  await t.rejects(begin(await sign({ counter: 6 })), { code: 'sign_in_failed' }, 'of who is disabled');
});

t.test('whatever is said to be the answer of a passkey, it is refused', async (t) => {
  const lab = await peopleLab(t);
  await lab.add('ada');
  const by = lab.by(await lab.add('bea'));
  await lab.prove('bea', { password });
  const sign = await withPasskey(lab, 'ada');
  const code = (work: Promise<unknown>) => work.then(() => 'taken').catch((e) => e.code ?? String(e));
  const part = fc.oneof(fc.anything(), fc.string(), fc.constant(undefined));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.anything()), part, part, part, async (any, a, b, c) => {
      t.equal(await code(lab.prove(null, { passkey: any })), 'passkey_refused');
      const { passkey: right } = await sign();
      const response = { ...(right.response as object), authenticatorData: a, signature: b, userHandle: c };
      t.equal(await code(lab.prove('ada', { passkey: { ...right, response } })), 'passkey_refused');
      await lab.ask('begin_passkey', { by, place: PLACE });
      t.equal(await code(lab.ask('add_passkey', { by, name: 'x', response: any })), 'passkey_refused');
    }),
    { numRuns: 60, examples: [[{}, '', '', JSON.parse('{"toString":""}')]] },
  );
});

t.test('who comes from the provider comes from there each time', async (t) => {
  const lab = await peopleLab(t);
  await lab.catalogue.people.saveOutsider({
    ...{ ...FOUNDER, id: 'ole', name: 'ole', createdAt: 1, source: 'oidc', subject: 'ole' },
  });
  const sign = await withPasskey(lab, 'ole');
  await t.rejects(lab.prove(null, await sign(), { begins: true }), {
    ...{ code: 'passkey_refused', detail: /provider/ },
  });
  t.match(await lab.prove('ole', await sign()), { proofs: ['passkey'] });
  t.ok(await proved(lab, 'ole'), 'then it is their second factor');
});
