import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { provider as doctorsProvider } from '../../../daemon/cli/doctor/outside.js';
import { createProvider } from '../../../daemon/directory/oidc.js';
import { until } from '../../support/recorder.js';
import { createAuthenticator } from '../../support/web/authenticator.js';
import { faults } from '../../support/web/browser.js';
import { cookieOf, get, post } from '../../support/web/dashboard.js';
import { signIn, signIns, why } from '../../support/web/outside.js';
import { atProvider, providerHouse } from '../../support/web/provider.js';

const { withProvider, configOf } = await providerHouse(t);

t.test('somebody signs in with the provider, in a browser', async (t) => {
  const people = { carol: { groups: ['recordings', 'x'], extension: '102' }, dave: { groups: ['x'] } };
  const { page, origin, dashboard, begin, back, context } = await withProvider(t, people);
  const { catalogue } = dashboard;
  const returned: string[] = [];
  page.on('request', (r) => r.url().includes('/callback?') && returned.push(r.url()));
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'carol');
  await page.getByRole('button', { name: 'Menu of carol' }).waitFor();
  t.equal(new URL(page.url()).origin, origin);
  t.match(await catalogue.people.byName('carol'), {
    source: 'oidc',
    roles: ['reviewer'],
    extensions: ['102'],
  });
  t.match(
    (await context.cookies(origin)).find((c) => c.name === 'tapedeck_session'),
    {
      ...{ httpOnly: true, sameSite: 'Strict' },
    },
  );
  const carol = (await catalogue.people.byName('carol'))!;
  const cookie0 = (await context.cookies(origin)).find((c) => c.name === 'tapedeck_session')!;
  const hers = `tapedeck_session=${cookie0.value}`;
  const account = (await get(dashboard.app, '/account/tokens', hers)).json();
  t.strictSame(account.possible, [], 'a token would outlive what the provider says of her');
  const token = await post(
    dashboard.app,
    '/account/tokens',
    { name: 'x', rights: ['view'] },
    { cookie: hers },
  );
  t.match(token.json().error, { code: 'forbidden', detail: /sign in with the provider/ });
  const key = createAuthenticator();
  await catalogue.factors.addPasskey({
    ...{ id: key.id, userId: carol.id, name: 'x', publicKey: key.publicKey, counter: 0, transports: [] },
    ...{ host: 'localhost', addedAt: dashboard.clock.ms, usedAt: null },
  });
  const withPasskey = async (cookie: string) => {
    const from = { origin, host: new URL(origin).host, cookie };
    const { options } = (await post(dashboard.app, '/session/passkey/options', {}, from)).json();
    const response = key.sign(options.challenge, { host: 'localhost', origin }, carol.id);
    return post(dashboard.app, '/session/passkey', { response }, from);
  };
  t.match((await withPasskey('')).json().error, { code: 'passkey_refused', detail: /provider first/ });
  const second = await withPasskey(hers);
  t.match(second.json(), { second_factor: { owes: 'nothing' } }, 'which is her second factor');
  await catalogue.factors.remove(carol.id, { passkey: key.id });

  const query = new URL(returned[0]!).search.slice(1);
  t.equal(await back(query, ''), '/?sign_in=provider_refused', 'the same address without its journey');
  const { url, cookie } = await begin();
  const asked = new URL(url).searchParams;
  t.match(Object.fromEntries(asked), {
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid profile',
  });
  t.equal(asked.get('redirect_uri'), `${origin}/api/v1/session/provider/callback`);
  t.ok(asked.get('state') && asked.get('nonce') && asked.get('code_challenge'));
  const replayed = new URLSearchParams(query);
  replayed.set('state', asked.get('state')!);
  t.equal(
    await back(`${replayed}`, cookie),
    '/?sign_in=provider_refused',
    'its code again, in a new journey',
  );
  t.ok(dashboard.lines.some((line) => /invalid_grant/.test(line)));
  t.equal(
    await back(`${replayed}`, cookie),
    '/?sign_in=provider_refused',
    'a journey is good for one return',
  );
  t.equal(why(await signIn(dashboard, 'carol', 'anything')), 'sign_in_failed', 'carol has no password here');

  people.carol.groups = ['x'];
  await context.clearCookies();
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'carol');
  await page.getByText('Your account has no role in Tapedeck.').waitFor();
  t.match(await catalogue.people.get(carol.id), { roles: [] }, 'dismissed there, she is nothing here');
  t.equal(
    (await get(dashboard.app, '/calls', cookieOf(second))).statusCode,
    401,
    'and is signed out everywhere',
  );
  const [entry] = await catalogue.audit.entries({ objectId: carol.id, limit: 1 });
  t.match(entry, { action: 'person_change', actor: 'tapedeck', detail: { name: 'carol' } });

  await context.clearCookies();
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'dave');
  await page.getByText('Your account has no role in Tapedeck.').waitFor();
  t.strictSame(await faults(page), []);
  t.equal(await catalogue.people.byName('dave'), null);
  await until('the last refusal in the log', async () => (await signIns(dashboard)).length >= 7);
  const entries = await signIns(dashboard);
  t.strictSame(
    entries.filter(([, outcome]) => outcome === 'ok'),
    [
      ['anna', 'ok', ['password']],
      ['carol', 'ok', ['provider_sign_in']],
    ],
  );
  t.match(entries.at(-1), ['', 'refused', /refused by the provider, or by the rules/], 'dave');
});

t.test('what comes back from the provider has to be what was sent there', async (t) => {
  const { page, begin, back, real, provider, dashboard, origin, oidc } = await withProvider(t, {
    carol: { groups: ['recordings'] },
  });
  const iss = encodeURIComponent(real.issuer);
  const said = (what: RegExp) => dashboard.lines.some((line) => what.test(line));
  const journey = await begin();
  t.equal(
    await back(`code=x&state=wrong&iss=${iss}`, journey.cookie),
    '/?sign_in=provider_refused',
    'a wrong state',
  );
  t.ok(said(/unexpected \\"state\\" response parameter value/));
  const other = await begin();
  const address = new URL(other.url);
  address.searchParams.set('nonce', 'another');
  // The browser goes there with another nonce than we have sent; everything else is right.
  const came = page.waitForRequest((r) => r.url().includes('/callback?'));
  await page.route('**/callback?*', (route) => route.abort());
  await page.goto(address.href);
  await atProvider(page, 'carol');
  const query = new URL((await came).url()).search.slice(1);
  t.equal(await back(query, other.cookie), '/?sign_in=provider_refused', 'an identity for another question');
  t.ok(said(/unexpected ID Token \\"nonce\\" claim value/));
  t.equal((await dashboard.catalogue.people.list()).length, 1, 'nobody came in');

  const evil = await post(
    dashboard.app,
    '/session/provider',
    {},
    { origin: 'https://evil.test', host: 'localhost' },
  );
  t.equal(why(evil), 'forbidden_origin', 'and the way back leads to no other host');
  t.match(await doctorsProvider({ ...configOf(), oidc }), [{ state: 'ok' }]);
  const last = await begin();
  await real.stop();
  const state = new URL(last.url).searchParams.get('state');
  t.equal(await back(`code=x&state=${state}&iss=${iss}`, last.cookie), '/?sign_in=provider_down');
  const fresh = createProvider({ config: oidc, secret: () => 'x', now: Date.now, pbxPorts: [] });
  await t.rejects(fresh.begin(origin), { code: 'provider_down' });
  await t.rejects(provider.probe(), { code: 'provider_down' });
  t.throws(() => configOf('[oidc]\nissuer = "http://sso.example.com"\n'), /http:\/\/ is for this machine/);
});

t.test('a provider does not lead us to what listens on this machine, or to where no server is', async (t) => {
  const asked: string[] = [];
  const listening = async (answer: () => object) => {
    const server = createHttpServer((request, response) => {
      asked.push(request.url!);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer()));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  let token = '';
  const issuer: string = await listening(() => ({
    ...{ issuer, authorization_endpoint: `${issuer}/auth`, jwks_uri: `${issuer}/jwks` },
    ...{ token_endpoint: token, code_challenge_methods_supported: ['S256'] },
  }));
  const within = await listening(() => ({}));
  const { oidc } = configOf(
    `[oidc]\nissuer = "${issuer}"\nname = "Evil Co"\nclient_id = "tapedeck"\nclient_secret_file = "oidc"\n[[oidc.roles]]\ngroup = "g"\nroles = ["auditor"]\n`,
  );
  for (token of [`${within}/ari/channels`, 'http://169.254.169.254/latest', 'http://[fe80::1]/']) {
    const provider = createProvider({ config: oidc, secret: () => 'x', now: Date.now, pbxPorts: [] });
    const { journey } = await provider.begin(`${issuer}/back`);
    await t.rejects(
      provider.end(journey, `code=x&state=${journey.state}`),
      { message: /where nothing of/ },
      token,
    );
  }
  t.notOk(asked.includes('/ari/channels'));
  t.equal(asked.length, 3, 'it was asked what it is, and nobody else was asked anything');
});

t.test("the provider's own second factor counts where the admin says so", async (t) => {
  const people = {
    carol: { groups: ['recordings'], amr: ['pwd', 'mfa'] },
    eve: { groups: ['recordings'], amr: ['pwd'] },
  };
  const { page, origin, dashboard, context } = await withProvider(t, people);
  await dashboard.catalogue.factors.setRoles(['reviewer']);
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'eve');
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  t.equal(await page.getByRole('button', { name: 'Menu of eve' }).count(), 0);
  await context.clearCookies();
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'carol');
  await page.getByRole('button', { name: 'Menu of carol' }).waitFor();
  t.equal((await dashboard.catalogue.people.byName('carol'))?.source, 'oidc');
});
