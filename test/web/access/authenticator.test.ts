import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Secret } from 'otpauth';
import t from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { base32, stepOf } from '../../../daemon/ops/secrets/totp.js';
import { createFactorSecrets, resealFactors } from '../../../daemon/vault/factor-secrets.js';
import { forApp } from '../../../web/auth/totp.js';
import { cookieOf, type Dashboard, get, openDashboard, setUp } from '../../support/web/dashboard.js';
import { ask, codeOf, signIn, why, withApp } from '../../support/web/sign-in.js';

const MINUTE = 60_000;
const STEP = 30_000;

type Person = { dashboard: Dashboard; cookie: string };
const wrongCode = (secret: string, now: number) => {
  const right = [-STEP, 0, STEP].map((off) => codeOf(secret, now + off));
  for (let n = 0; ; n++) if (!right.includes(`${n}`.padStart(6, '0'))) return `${n}`.padStart(6, '0');
};

t.test('an app is added with a right code only, and the session that adds it goes on anew', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock, catalogue, dataDir } = dashboard;
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const begun = (await ask(anna, 'POST', '/account/factors/totp', {})).json();
  t.match(begun.uri, /^otpauth:\/\/totp\/Test:anna\?issuer=Test&secret=[A-Z2-7]{32}&/);
  t.ok(begun.qr.size > 20 && /^(M\d+ \d+h\d+v1h-\d+z)+$/.test(begun.qr.path));
  const { id } = (await catalogue.people.byName('anna'))!;
  const wrong = await ask(anna, 'PUT', '/account/factors/totp', { code: wrongCode(begun.secret, clock.ms) });
  t.equal(why(wrong), 'factor_wrong');
  t.equal(await catalogue.factors.totp(id), null, 'nothing counts before');
  const added = await ask(anna, 'PUT', '/account/factors/totp', { code: codeOf(begun.secret, clock.ms) });
  t.equal(added.json().recovery_codes.length, 10);
  t.equal((await get(app, '/calls', anna.cookie)).statusCode, 401);
  t.equal((await get(app, '/calls', cookieOf(added))).statusCode, 200);
  const again = await signIn(dashboard);
  t.equal(
    why(await ask(again, 'POST', '/session/second-factor', { code: codeOf(begun.secret, clock.ms) })),
    'factor_wrong',
    'the code that added it was used by that',
  );

  await catalogue.checkpoint();
  t.ok(existsSync(catalogueFile(dataDir)));
  for (const name of [catalogueFile(dataDir), `${catalogueFile(dataDir)}-wal`]) {
    const bytes = existsSync(name) ? readFileSync(name) : Buffer.alloc(0);
    const secret = Buffer.from(Secret.fromBase32(begun.secret).bytes);
    t.notOk(bytes.includes(secret) || bytes.includes(begun.secret), `the secret is not in ${name}`);
    for (const code of added.json().recovery_codes) t.notOk(bytes.includes(code.replaceAll('-', '')), name);
  }
});

t.test('a code is good for its step and one on either side, once', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const { clock } = dashboard;
  const give = async (code: string) =>
    (await ask(await signIn(dashboard), 'POST', '/session/second-factor', { code })).statusCode;
  clock.ms += 10 * STEP;
  const at = clock.ms;
  t.equal(await give(codeOf(secret, at - 2 * STEP)), 403, 'two steps old');
  t.equal(await give(codeOf(secret, at + 2 * STEP)), 403, 'two steps early');
  t.equal(await give(codeOf(secret, at - STEP)), 200, 'one step old');
  t.equal(await give(codeOf(secret, at - STEP)), 403, 'the same again');
  t.equal(await give(codeOf(secret, at)), 200);
  t.equal(await give(codeOf(secret, at + STEP)), 200, 'one step early');
  t.equal(await give(codeOf(secret, at)), 403, 'an older one than the last');
  clock.ms += 10 * STEP;
  const code = codeOf(secret, clock.ms);
  const sessions = await Promise.all(Array.from({ length: 4 }, () => signIn(dashboard)));
  const answers = await Promise.all(
    sessions.map((session) => ask(session, 'POST', '/session/second-factor', { code })),
  );
  t.equal(answers.filter((a) => a.statusCode === 200).length, 1, 'of many at once, one');
});

t.test('after five wrong codes, in whatever sessions, the next waits; its owner is told', async (t) => {
  const { dashboard, secret, codes } = await withApp(t);
  const { clock, app } = dashboard;
  const wrong = async () =>
    ask(await signIn(dashboard), 'POST', '/session/second-factor', { code: wrongCode(secret, clock.ms) });
  for (let n = 0; n < 5; n++) t.equal(why(await wrong()), 'factor_wrong');
  const sixth = await signIn(dashboard);
  const right = await ask(sixth, 'POST', '/session/second-factor', { code: codeOf(secret, clock.ms) });
  t.equal(right.statusCode, 429, 'also a right one');
  t.equal(why(right), 'second_factor_slow');
  t.equal(right.headers['retry-after'], '60');
  clock.ms += MINUTE;
  t.equal(why(await wrong()), 'factor_wrong');
  t.equal((await wrong()).headers['retry-after'], '120', 'and longer each time');
  const recovered = await ask(await signIn(dashboard), 'POST', '/session/second-factor', { code: codes[0] });
  t.equal(recovered.statusCode, 200, 'a recovery code, which cannot be guessed, is taken at once');
  t.match(recovered.json().second_factor.failed, { count: 6, last_at: /^2026-/ });
  t.match((await get(app, '/session', cookieOf(recovered))).json().second_factor.failed, { count: 6 });
  clock.ms += STEP;
  const next = await ask(await signIn(dashboard), 'POST', '/session/second-factor', {
    code: codeOf(secret, clock.ms),
  });
  t.equal(next.statusCode, 200, 'a right one begins the count anew');
  t.equal(next.json().second_factor.failed, null, 'and it is told once');
});

t.test('who knows the password alone does not keep its owner waiting', async (t) => {
  const { dashboard, secret, codes } = await withApp(t);
  const { clock, catalogue } = dashboard;
  const give = async (code: string, device = '') => {
    const half = await signIn(dashboard);
    return ask({ ...half, cookie: `${half.cookie}; ${device}` }, 'POST', '/session/second-factor', { code });
  };
  for (let n = 0; n < 8; n++) t.equal(why(await give(`AAAA-AAAA-AAAA-AAA${n}`)), 'factor_wrong');
  const came = await give(codeOf(secret, clock.ms));
  t.equal(came.statusCode, 200, 'wrong recovery codes, which lead nowhere, raise no wait');
  const known = came.cookies.find(({ name }) => name === 'tapedeck_device')!;
  const device = `tapedeck_device=${known.value}`;

  for (let n = 0; n < 9; n++) {
    clock.ms += 61 * MINUTE;
    await give(wrongCode(secret, clock.ms));
  }
  t.equal((await give(codeOf(secret, clock.ms))).statusCode, 429, 'a browser that is not known waits');
  const own = await give(codeOf(secret, clock.ms), device);
  t.equal(own.statusCode, 200, 'and hers does not');
  t.match(own.json().second_factor.failed, { count: 9 }, 'where she is told of the others');
  for (let n = 0; n < 5; n++) await give(wrongCode(secret, clock.ms), device);
  t.equal((await give(codeOf(secret, clock.ms), device)).statusCode, 429, 'nor is it for guessing');
  t.equal((await give(codes[0]!, device)).statusCode, 200);
  const { id } = (await catalogue.people.byName('anna'))!;
  t.strictSame(await catalogue.factors.failed(id), { count: 0, lastAt: null });
});

t.test('a hundred wrong codes at once do not pass together', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const half = await signIn(dashboard);
  const code = wrongCode(secret, dashboard.clock.ms);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ask(half, 'POST', '/session/second-factor', { code })),
  );
  t.equal(answers.filter((a) => why(a) === 'factor_wrong').length, 5);
  t.equal(answers.filter((a) => a.statusCode === 429).length, 45);
});

t.test('recovery codes are ten, work once each, and a new set takes the place of the old', async (t) => {
  const { dashboard, anna, secret, codes } = await withApp(t);
  const { catalogue, clock } = dashboard;
  t.equal(new Set(codes).size, 10);
  for (const code of codes) t.match(code, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
  const give = async (code: string) =>
    ask(await signIn(dashboard), 'POST', '/session/second-factor', { code });
  const typed = ` ${codes[1]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')} `;
  const first = await give(typed);
  t.equal(first.statusCode, 200);
  t.equal(first.json().second_factor.recovery_codes, 9);
  t.equal((await give(codes[1]!)).statusCode, 403);
  const { id } = (await catalogue.people.byName('anna'))!;
  t.equal((await catalogue.factors.state(id)).recoveryCodes, 9);
  clock.ms += STEP;
  const act = { kind: 'own_factors', object: 'make recovery codes' };
  const code = codeOf(secret, clock.ms);
  anna.cookie = cookieOf(await ask(anna, 'POST', '/session/second-factor', { code, act }));
  const fresh = (await ask(anna, 'POST', '/account/factors/recovery-codes', {})).json().recovery_codes;
  t.equal((await give(codes[2]!)).statusCode, 403, 'the old ones are gone');
  t.equal((await give(fresh[0])).statusCode, 200);
});

t.test('a code is six digits of one secret and one step', async (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.integer({ min: 0, max: 4e12 }),
      fc.string(),
      (secret, now, typed) => {
        const right = codeOf(new Secret({ buffer: Uint8Array.from(secret).buffer }).base32, now);
        const step = Math.floor(now / STEP);
        if (stepOf(secret, `${right.slice(0, 3)} ${right.slice(3)}`, now) === null) return false;
        const found = stepOf(secret, typed, now);
        return found === null || Math.abs(found - step) <= 1;
      },
    ),
  );
  // RFC 6238, appendix B, of SHA-1: the last six digits.
  const secret = Buffer.from('12345678901234567890');
  t.equal(stepOf(secret, '287082', 59_000), 1);
  t.equal(stepOf(secret, '081804', 1111111109_000), 37037036);
  t.equal(stepOf(secret, '353130', 20000000000_000), 666666666);
  const odd = forApp(base32(secret), { site: 'A:B & C', person: 'é:x?' });
  t.equal(new URL(odd.uri).searchParams.get('issuer'), 'A B & C');
});

t.test('what is kept of an app opens with the master key and for its owner only', async (t) => {
  const [key, other] = [randomBytes(32), randomBytes(32)];
  const under = (current: Uint8Array, next: Uint8Array | null = null, by: Uint8Array[] = [current]) =>
    createFactorSecrets(() => ({ current, next, reread: () => by }));
  const secrets = under(key);
  const secret = randomBytes(20);
  const sealed = secrets.seal('anna', secret);
  t.strictSame(secrets.open('anna', sealed), secret);
  t.strictSame(under(other, key).open('anna', sealed), secret, 'while keys change');
  t.strictSame(under(other, null, [other, key]).open('anna', sealed), secret, 'or when they have');
  t.throws(() => secrets.open('ben', sealed), { code: 'factor_unreadable' });
  t.throws(() => under(other).open('anna', sealed), { code: 'factor_unreadable' });
  const during = under(key, other, [key, other]).seal('anna', secret);
  t.strictSame(under(other).open('anna', during), secret, 'what is added meanwhile has the key that stays');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bad = Buffer.from(sealed);
      bad[at]! ^= change;
      try {
        secrets.open('anna', bad);
        return false;
      } catch {
        return true;
      }
    }),
  );
  for (const short of [0, 1, 12, 27]) t.throws(() => secrets.open('anna', sealed.subarray(0, short)));
});

t.test('a new master key takes the apps along', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const { catalogue, masterKey } = dashboard;
  const { id } = (await catalogue.people.byName('anna'))!;
  const next = randomBytes(32);
  const anew = createFactorSecrets(() => ({ current: next, next: null, reread: () => [next] }));
  const sealed = async () => (await catalogue.factors.totp(id))!.sealed;
  const before = await sealed();
  t.throws(() => anew.open(id, before));
  for (const _ of [1, 2]) await resealFactors(catalogue.factors, masterKey, next);
  t.strictSame(anew.open(id, await sealed()), Buffer.from(Secret.fromBase32(secret).bytes));
  const after = await sealed();
  await catalogue.factors.resealTotp(id, before, randomBytes(48));
  t.strictSame(await sealed(), after, 'what was changed meanwhile is left alone');
});
