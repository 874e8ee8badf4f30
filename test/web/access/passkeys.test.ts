import fc from 'fast-check';
import t from 'tap';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { placeOf } from '../../../web/auth/place.js';
import { createAuthenticator } from '../../support/web/authenticator.js';
import {
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  setUp,
} from '../../support/web/dashboard.js';
import { ask, codeOf, signIn, why, withApp } from '../../support/web/sign-in.js';

const MINUTE = 60_000;
const ORIGIN = { origin: 'http://localhost', host: 'localhost' };

type Person = { dashboard: Dashboard; cookie: string };

const OWN = { kind: 'own_factors', object: 'make recovery codes' };

t.test('factors are changed within ten minutes of a proof, or after another', async (t) => {
  const { dashboard, anna, secret } = await withApp(t);
  const { clock, verified, app } = dashboard;
  clock.ms += 11 * MINUTE;
  const changes = [
    ['POST', '/account/factors/totp', {}],
    ['DELETE', '/account/factors/totp', undefined],
    ['POST', '/account/factors/recovery-codes', {}],
    ['DELETE', '/account/factors/passkeys/x', undefined],
    ['POST', '/account/factors/passkeys/options', {}],
  ] as const;
  for (const [method, path, body] of changes)
    t.equal(
      why(await ask(anna, method, path, body, path.includes('passkeys') ? ORIGIN : {})),
      'proof_needed',
      path,
    );
  t.equal(why(await ask(anna, 'POST', '/session/proof', { password: 'wrong', act: OWN })), 'sign_in_failed');
  const proved = await ask(anna, 'POST', '/session/proof', { password, act: OWN });
  t.equal(proved.statusCode, 200);
  t.not(cookieOf(proved), anna.cookie, 'with a new token');
  anna.cookie = cookieOf(proved);
  t.ok(verified.length > 0);
  t.equal(
    why(await ask(anna, 'POST', '/account/factors/recovery-codes', {})),
    'proof_needed',
    'a password is not enough for who has a second factor',
  );
  const byCode = await ask(anna, 'POST', '/session/second-factor', {
    code: codeOf(secret, clock.ms),
    act: OWN,
  });
  anna.cookie = cookieOf(byCode);
  t.equal((await ask(anna, 'POST', '/account/factors/recovery-codes', {})).statusCode, 200);
  clock.ms += 11 * MINUTE;
  t.equal(why(await ask(anna, 'POST', '/account/factors/recovery-codes', {})), 'proof_needed');
  for (let at = 22; at < 12 * 60; at += 25) {
    clock.ms += 25 * MINUTE;
    const more = await ask(anna, 'POST', '/session/proof', { password, act: OWN });
    if (more.statusCode !== 200) break;
    anna.cookie = cookieOf(more);
  }
  clock.ms += 2 * MINUTE;
  t.equal(
    (await get(app, '/calls', anna.cookie)).statusCode,
    401,
    'proofs do not make a session last longer',
  );
});

t.test(
  'a passkey signs in without a password and is bound to its place, its challenge and its owner',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock } = dashboard;
    const anna: Person = { dashboard, cookie: await setUp(dashboard) };
    const { id: annaId } = (await catalogue.people.byName('anna'))!;
    const here = { host: 'localhost', origin: 'http://localhost' };
    const key = createAuthenticator();
    const challenge = async (path: string, who: Person) =>
      (await ask(who, 'POST', path, {}, ORIGIN)).json().options?.challenge as string;
    const add = async (told: Parameters<typeof key.make>[1], change?: (c: string) => string) => {
      const asked = await challenge('/account/factors/passkeys/options', anna);
      return ask(
        anna,
        'POST',
        '/account/factors/passkeys',
        {
          name: 'laptop',
          response: key.make(change ? change(asked) : asked, told),
        },
        ORIGIN,
      );
    };
    t.equal(why(await add({ ...here, origin: 'http://evil.test' })), 'passkey_refused', 'another origin');
    t.equal(why(await add({ ...here, host: 'evil.test' })), 'passkey_refused', 'another host');
    t.equal(why(await add({ ...here, verified: false })), 'passkey_refused', 'its owner was not verified');
    t.equal(why(await add(here, (c) => `${c}A`)), 'passkey_refused', 'another challenge');
    const added = await add({ ...here, counter: 1 });
    t.equal(added.statusCode, 200, added.body);
    t.equal(added.json().recovery_codes.length, 10);
    anna.cookie = cookieOf(added);
    t.match((await get(app, '/session', anna.cookie)).json().second_factor, { owes: 'nothing', passkeys: 1 });

    const nobody: Person = { dashboard, cookie: '' };
    let counter = 1;
    const give = async (
      who: Person,
      told: Partial<Parameters<typeof key.sign>[1]> = {},
      { userId = annaId, by = key }: { userId?: string; by?: typeof key } = {},
    ) => {
      const asked = await challenge('/session/passkey/options', who);
      counter += 1;
      const response = by.sign(asked, { ...here, counter, ...told }, userId);
      return { response, answer: await ask(who, 'POST', '/session/passkey', { response }, ORIGIN) };
    };
    const options = (await ask(nobody, 'POST', '/session/passkey/options', {}, ORIGIN)).json().options;
    t.match(options, { rpId: 'localhost', userVerification: 'required' });
    t.strictSame(options.allowCredentials ?? [], [], 'nothing is told of anybody');
    const good = await give(nobody);
    t.equal(good.answer.statusCode, 200, good.answer.body);
    t.match(good.answer.json(), { user: { name: 'anna' }, second_factor: { owes: 'nothing' } });
    t.equal((await get(app, '/calls', cookieOf(good.answer))).statusCode, 200);
    t.equal(
      why(await ask(nobody, 'POST', '/session/passkey', { response: good.response }, ORIGIN)),
      'passkey_refused',
      'the same answer again',
    );
    t.equal(why((await give(nobody, { origin: 'https://localhost' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { host: 'tapedeck.office.lan' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { verified: false })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { counter: 1 })).answer), 'passkey_refused', 'a counter that went back');
    t.equal(why((await give(nobody, {}, { userId: 'somebody' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, {}, { by: createAuthenticator() })).answer), 'passkey_refused');

    const half = await signIn(dashboard);
    t.equal((await get(app, '/session', half.cookie)).json().second_factor.owes, 'factor');
    const second = await give(half);
    t.equal(second.answer.json().second_factor.owes, 'nothing', 'it is a second factor too');
    t.equal((await get(app, '/calls', half.cookie)).statusCode, 401);

    await catalogue.people.add({
      ...FOUNDER,
      id: 'ben',
      name: 'ben',
      createdAt: 1,
      passwordHash: `hash of ${password}`,
    });
    const ben = await signIn(dashboard, 'ben');
    t.equal(why((await give(ben)).answer), 'passkey_refused', "another's passkey in one's own session");
    const refused = await ask(ben, 'DELETE', `/account/factors/passkeys/${key.id}`);
    t.equal(refused.statusCode, 404, "and another's is not there to be removed");

    const asked = await challenge('/session/passkey/options', nobody);
    clock.ms += 5 * MINUTE;
    const late = key.sign(asked, { ...here, counter: 99 }, annaId);
    t.equal(
      why(await ask(nobody, 'POST', '/session/passkey', { response: late }, ORIGIN)),
      'passkey_refused',
    );
  },
);

t.test('there are passkeys over TLS and on localhost, under a name', async (t) => {
  const place = (origin?: string) => placeOf({ headers: { origin } });
  t.strictSame(place('https://tapedeck.office.lan:8443'), {
    host: 'tapedeck.office.lan',
    origin: 'https://tapedeck.office.lan:8443',
  });
  t.strictSame(place('http://localhost:8090'), { host: 'localhost', origin: 'http://localhost:8090' });
  for (const none of [
    undefined,
    'http://tapedeck.office.lan',
    'https://10.0.0.5',
    'https://[::1]',
    'null',
    'x',
  ])
    t.equal(place(none), null, `${none}`);
});

t.test('no answer of a browser that is no answer is a fault of ours', async (t) => {
  const dashboard = await openDashboard(t);
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const text = fc.oneof(fc.string(), fc.base64String(), fc.constant('AAAA'), fc.string({ unit: 'binary' }));
  const assertion = fc.record({
    ...{ id: text, rawId: text, type: text },
    response: fc.record({ clientDataJSON: text, authenticatorData: text, signature: text, userHandle: text }),
  });
  const made = fc.record({
    ...{ id: text, rawId: text, type: text },
    response: fc.record({ clientDataJSON: text, attestationObject: text }),
  });
  await fc.assert(
    fc.asyncProperty(assertion, made, text, async (response, attestation, code) => {
      for (const [path, body] of [
        ['/session/passkey', { response }],
        ['/account/factors/passkeys', { name: 'x', response: attestation }],
        ['/session/second-factor', { code }],
      ] as const) {
        const { statusCode } = await ask(anna, 'POST', path, body, ORIGIN);
        if (statusCode < 400 || statusCode >= 500) return false;
      }
      return true;
    }),
    { numRuns: 15 },
  );
  t.pass();
});
