import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { Client } from 'ldapts';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import {
  directory as doctorsDirectory,
  provider as doctorsProvider,
} from '../../daemon/cli/doctor/outside.js';
import { createLdap } from '../../daemon/directory/ldap.js';
import { createProvider } from '../../daemon/directory/oidc.js';
import type { GroupRule } from '../../daemon/domain/people/directory.js';
import { loadConfig } from '../../daemon/ops/config.js';
import { createAudit } from '../../web/audit/audit.js';
import { createDirectory } from '../../web/auth/directory.js';
import { startProvider } from '../support/peers/openid-provider.js';
import {
  freePort,
  GROUPS,
  groupDn,
  makeDirectoryCertificates,
  PEOPLE,
  personDn,
  READER,
  startSlapd,
} from '../support/peers/slapd.js';
import { until } from '../support/recorder.js';
import { createAuthenticator } from '../support/web/authenticator.js';
import { faults, openBrowser, tooWide } from '../support/web/browser.js';
import {
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  setUp,
} from '../support/web/dashboard.js';

const browser = await openBrowser(t);
const home = mkdtempSync(join(tmpdir(), 'tapedeck-outside-'));
t.teardown(() => rmSync(home, { recursive: true }));
writeFileSync(join(home, 'reader'), `${READER.password}\n`);
writeFileSync(join(home, 'oidc'), 'secret-of-the-client\n');
const certificates = makeDirectoryCertificates();
t.teardown(certificates.remove);
const slapd = await startSlapd({ ca: certificates.ca, ...certificates.good });
t.teardown(slapd.stop);

const ALICE = 'alice knows this one';
await slapd.addPerson('alice', ALICE, { telephoneNumber: '1 01' });
await slapd.addPerson('bob', 'bob knows this one');
await slapd.addPerson('dora', 'dora of the directory');
await slapd.addGroup('reviewers', [personDn('alice'), personDn('dora')]);
await slapd.addGroup('strangers', [personDn('bob')]);

/** A configuration as it is read from a file, with this in [ldap]. */
let files = 0;
function configOf(change: Record<string, string | boolean> = {}, rest = '') {
  const keys = {
    ...{ url: slapd.url, ca_file: certificates.ca, bind_dn: READER.dn, bind_password_file: 'reader' },
    ...{ base: PEOPLE, extension_attribute: 'telephoneNumber', group_base: GROUPS },
    ...change,
  };
  const file = join(home, `tapedeck-${++files}.toml`);
  const toml = Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(
    file,
    `[ldap]\n${toml.join('\n')}\n[[ldap.roles]]\ngroup = "CN=Reviewers, ${GROUPS}"\nroles = ["reviewer"]\nevery_call = true\n${rest}`,
  );
  return loadConfig(file);
}
const ldapOf = (change: Record<string, string | boolean> = {}, now = Date.now, stepMs = 5000) => {
  const { ldap } = configOf(change);
  return createLdap({
    config: ldap,
    password: () => readFileSync(ldap.bind_password_file, 'utf8').trim(),
    now,
    stepMs,
  });
};
const RULES: GroupRule[] = [{ group: groupDn('reviewers'), roles: ['reviewer'], every_call: true }];

const signIn = (dashboard: Dashboard, name: string, given: string) =>
  post(dashboard.app, '/session', { name, password: given });
const why = (response: LightMyRequestResponse) => response.json().error?.code;
const told = (response: LightMyRequestResponse) => {
  const { request_id: _, ...rest } = response.json().error;
  return { status: response.statusCode, ...rest };
};

/** Who came in, and who did not, as the log has it. */
async function signIns({ catalogue }: Dashboard) {
  const all = await catalogue.auditEntries({ limit: 200, actions: ['sign_in'] });
  return all.reverse().map((e) => [e.actor_name, e.outcome, e.detail.with ?? e.detail.because]);
}

async function withDirectory(t: Test, ldap = ldapOf()) {
  const dashboard = await openDashboard(t, { directory: { ldap, rules: RULES } });
  const cookie = await setUp(dashboard);
  return { dashboard, cookie, ldap };
}

t.test('somebody of the directory signs in, with the roles of their groups', async (t) => {
  const { dashboard } = await withDirectory(t);
  const { app, catalogue, verified } = dashboard;
  const good = await signIn(dashboard, 'Alice', ALICE);
  t.equal(good.statusCode, 200, good.body);
  t.equal((await get(app, '/calls', cookieOf(good))).statusCode, 200);
  t.match(await catalogue.userByName('alice'), {
    ...{ name: 'alice', source: 'ldap', roles: ['reviewer'], scope: { all: true } },
    ...{ extensions: ['101'], passwordHash: '' },
  });
  t.equal((await signIn(dashboard, 'alice', ALICE)).statusCode, 200, 'and again');
  t.equal((await catalogue.users()).length, 2, 'as the same person');

  const wrong = await signIn(dashboard, 'alice', 'wrong');
  t.strictSame(told(wrong), told(await signIn(dashboard, 'nobody', 'wrong')), 'unknown');
  t.strictSame(told(wrong), told(await signIn(dashboard, 'anna', 'wrong')), 'and local: one answer');
  t.equal(wrong.statusCode, 401);
  t.equal(verified.length, 5, 'and one hash each');
  t.equal(why(await signIn(dashboard, 'bob', 'bob knows this one')), 'no_role', 'in no group that counts');
  t.equal(await catalogue.userByName('bob'), null);
  t.equal(why(await signIn(dashboard, 'alice', '')), 'request_invalid');

  const refused = async () => (await signIns(dashboard)).filter(([, outcome]) => outcome === 'refused');
  await until('the refusals in the log', async () => (await refused()).length === 4);
  t.strictSame(
    (await signIns(dashboard)).filter(([, outcome]) => outcome === 'ok'),
    [
      ['anna', 'ok', ['password']],
      ['alice', 'ok', ['directory']],
      ['alice', 'ok', ['directory']],
    ],
  );
  t.strictSame(await refused(), [
    ['alice', 'refused', 'wrong password'],
    ['', 'refused', 'unknown name'],
    ['anna', 'refused', 'wrong password'],
    ['', 'refused', 'unknown name'],
  ]);
});

t.test('an empty password is none, although the server takes it', async (t) => {
  const client = new Client({ url: slapd.plainByNumber });
  await client.bind(personDn('alice'), '');
  await client.unbind();
  t.pass('the server says that this went well');
  t.equal(await ldapOf().check('alice', ''), null);
});

t.test('one name is one person to those who count tries, however a server reads it', async (t) => {
  const ldap = ldapOf();
  for (const name of ['alice', 'ALICE', '\uff21lice']) t.equal((await ldap.find(name))?.name, 'alice', name);
  for (const name of ['alice ', ' alice', 'al\u00adice', 'alice\u200b']) {
    t.equal(await ldap.find(name), null, JSON.stringify(name));
    t.equal(await ldap.check(name, ALICE), null, JSON.stringify(name));
  }
});

t.test('where TLS had been begun nothing is said in the clear after the connection is lost', async (t) => {
  const said: Buffer[] = [];
  let [lines, asked] = [0, Number.NaN];
  const proxy = createServer((from) => {
    lines += 1;
    const to = connect(Number(new URL(slapd.plainUrl).port), 'localhost');
    const cut = () => [from, to].forEach((end) => void end.destroy());
    for (const end of [from, to]) end.on('error', cut).on('close', cut);
    to.pipe(from);
    from.on('data', (data) => {
      said.push(data);
      asked += 1;
      // The account that searches has said who it is; this is its first question.
      if (asked === 2) cut();
      else to.write(data);
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => void proxy.close());
  const groups = ['a', 'b', 'c']
    .map((cn) => `[[ldap.roles]]\ngroup = "cn=${cn}"\nroles = ["agent"]\n`)
    .join('');
  const url = `ldap://localhost:${(proxy.address() as AddressInfo).port}`;
  const { ldap } = configOf({ url, starttls: true }, groups);
  const steps = await createLdap({
    config: ldap,
    now: Date.now,
    password() {
      asked = 0;
      return READER.password;
    },
  }).probe();
  t.match(steps, [{ what: 'connection', problem: '' }, { what: 'bind', problem: '' }, { what: 'base' }]);
  t.notOk(steps.slice(2).some(({ problem }) => problem === ''));
  t.equal(lines, 1, 'there is no other connection');
  t.notMatch(Buffer.concat(said).toString('latin1'), /example/);
});

t.test('a name is a value, whatever is in it', async (t) => {
  const ldap = ldapOf();
  t.equal((await ldap.check('alice', ALICE))?.name, 'alice');
  for (const name of [
    ...['*', 'al*', 'alice)(uid=*', '*)(objectClass=*', '*))(|(uid=*', 'alice)(|(uid=bob', '\\2a', 'alice\0'],
    ...['(alice)', 'alice)(&', `${personDn('alice')}`, 'uid=alice', ':dn:=alice', 'x'.repeat(2000)],
  ])
    t.equal(await ldap.check(name, ALICE), null, JSON.stringify(name).slice(0, 60));
  const hostile = fc.string({ unit: fc.constantFrom(...'*()\\|&!=:<>~ aliceb\0,+#'), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(hostile, async (name) => {
      const found = await ldap.find(name);
      return found === null || found.name === name.trim().replace(/ +/g, ' ').toLowerCase();
    }),
    { numRuns: 60 },
  );
});

t.test('an account of this catalogue is never taken over from the directory', async (t) => {
  const { dashboard } = await withDirectory(t);
  const { catalogue, app } = dashboard;
  const anna = (await catalogue.userByName('anna'))!;
  await catalogue.addUser({
    ...anna,
    id: 'dora',
    name: 'Dora',
    passwordHash: 'hash of dora of the catalogue',
  });
  t.equal(why(await signIn(dashboard, 'dora', 'dora of the directory')), 'sign_in_failed');
  t.equal((await signIn(dashboard, 'dora', 'dora of the catalogue')).statusCode, 200);
  // The directory takes "dora " for the same name; the catalogue does not.
  t.equal(why(await signIn(dashboard, 'dora ', 'dora of the directory')), 'sign_in_failed');
  t.match(await catalogue.userByName('dora'), { source: 'local', roles: ['admin', 'reviewer'] });

  await signIn(dashboard, 'alice', ALICE);
  const alice = (await catalogue.userByName('alice'))!;
  // Somebody else has got the name of one who is gone.
  const other = { ...alice, id: 'other', subject: 'another entry' };
  t.equal(await catalogue.saveOutsider(other), null);
  t.equal((await get(app, '/session')).json().sign_in.provider, null);
});

t.test('roles are those of now, and who is gone is out within a look', async (t) => {
  const { dashboard, ldap } = await withDirectory(t);
  const { app, catalogue, clock } = dashboard;
  const directory = createDirectory({
    ...{ ldap, catalogue, now: () => clock.ms, log: { info: () => {}, warn: () => {} } },
    audit: createAudit({ catalogue, now: () => clock.ms, log: { warn: () => {}, error: () => {} } }),
    rules: [...RULES, { group: groupDn('auditors'), roles: ['auditor'] }],
  });
  await slapd.addPerson('erik', 'erik knows this one', { mail: 'x@example.com' });
  await slapd.asAdmin((c) =>
    c.add(groupDn('auditors'), { objectClass: 'groupOfNames', member: personDn('erik') }),
  );
  const erik = await directory.signIn('erik', 'erik knows this one');
  t.strictSame(erik?.roles, ['auditor']);
  await signIn(dashboard, 'alice', ALICE);
  const alice = cookieOf(await signIn(dashboard, 'alice', ALICE));
  await directory.recheck();
  t.equal((await get(app, '/calls', alice)).statusCode, 200, 'who is there stays in');

  await slapd.asAdmin(async (client) => {
    const { Change, Attribute } = await import('ldapts');
    const member = new Attribute({ type: 'member', values: [personDn('alice')] });
    await client.modify(groupDn('auditors'), new Change({ operation: 'add', modification: member }));
  });
  await directory.recheck();
  t.strictSame((await catalogue.userByName('alice'))?.roles, ['reviewer', 'auditor'], 'in another group');

  await slapd.asAdmin((client) => client.modifyDN(personDn('alice'), 'uid=alicia'));
  await directory.recheck();
  t.equal((await get(app, '/calls', alice)).statusCode, 401, 'under that name there is nobody now');
  t.strictSame((await catalogue.userByName('alice'))?.roles, []);
  const renamed = await directory.signIn('alicia', ALICE);
  t.equal(renamed?.id, (await catalogue.userByName('alicia'))?.id);
  t.equal(await catalogue.userByName('alice'), null, 'the same person under the new name');
  await slapd.asAdmin((client) => client.modifyDN(personDn('alicia'), 'uid=alice'));
  await directory.signIn('alice', ALICE);

  await slapd.asAdmin((client) => client.del(personDn('erik')));
  await directory.recheck();
  t.strictSame((await catalogue.userByName('erik'))?.roles, []);
});

t.test('groups are found by the person, by a search, and never by a server that cannot', async (t) => {
  const groups = async (change: Record<string, string>) =>
    (await ldapOf(change).find('alice'))?.groups.map((g) => g.toLowerCase()).sort();
  const their = await groups({});
  t.ok(their?.includes(groupDn('reviewers').toLowerCase()));
  t.strictSame(await groups({ groups: 'search' }), their);
  t.strictSame(await groups({ groups: 'search', group_filter: '(cn=nothing)' }), []);
  // OpenLDAP does not know the rule of Active Directory, and says that nobody fits.
  t.strictSame(await groups({ groups: 'nested' }), []);
});

t.test('without TLS that is in order nothing is said to the server', async (t) => {
  const expired = await startSlapd({ ca: certificates.ca, ...certificates.expired });
  t.teardown(expired.stop);
  const refused = async (change: Record<string, string | boolean>) => {
    const steps = await ldapOf(change).probe();
    t.equal(steps[0]?.what, 'connection');
    return steps.length === 1 ? steps[0]!.problem : 'it went on';
  };
  t.match(await refused({ url: expired.url }), /expired/);
  t.match(await refused({ url: expired.plainUrl, starttls: true }), /expired/);
  t.match(await refused({ url: slapd.byNumber }), /IP: 127\.0\.0\.1 is not in the cert/, 'another name');
  t.match(await refused({ url: slapd.plainByNumber, starttls: true }), /127\.0\.0\.1 is not in the cert/);
  t.match(await refused({ ca_file: '' }), /certificate|self-signed/, 'an authority that is not known');
  t.equal((await ldapOf({ url: slapd.plainUrl, starttls: true }).check('alice', ALICE))?.name, 'alice');
  t.throws(() => configOf({ url: slapd.plainUrl }), /not sent in the clear/);
});

t.test('a server that does not answer keeps nobody of this catalogue out', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const began = performance.now();
  const addresses: Record<string, string | boolean>[] = [
    { url: `ldaps://localhost:${port}` },
    { url: `ldap://localhost:${port}`, starttls: true },
  ];
  for (const change of addresses)
    await t.rejects(ldapOf(change, Date.now, 400).find('alice'), { code: 'directory_down' });
  t.ok(performance.now() - began < 4000, 'both within their limits');

  const nobody = `ldaps://localhost:${await freePort()}`;
  let now = 0;
  const ldap = ldapOf({ url: nobody }, () => now);
  const { dashboard } = await withDirectory(t, ldap);
  t.equal((await signIn(dashboard, 'anna', password)).statusCode, 200);
  const down = await signIn(dashboard, 'alice', ALICE);
  t.equal(why(down), 'directory_down');
  t.match(down.json().error.message, /only accounts of Tapedeck itself/);
  for (const name of ['anna', 'nobody'])
    t.strictSame(told(await signIn(dashboard, name, 'wrong')), told(down), 'the same is said to everybody');
  now += 16_000;
  await t.rejects(ldap.find('alice'), /ECONNREFUSED/, 'after a rest it is asked again');
});

t.test('a referral is not followed', async (t) => {
  let came = 0;
  const elsewhere = createServer(() => void came++).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  t.teardown(() => void elsewhere.close());
  const { port } = elsewhere.address() as { port: number };
  const dn = `ou=away,${PEOPLE}`;
  await slapd.asAdmin((client) =>
    client.add(dn, {
      objectClass: ['referral', 'extensibleObject'],
      ou: 'away',
      ref: `ldap://127.0.0.1:${port}/${PEOPLE}`,
    }),
  );
  t.equal((await ldapOf().find('alice'))?.name, 'alice', 'beside the one who is looked for');
  await t.rejects(ldapOf({ base: dn }).find('alice'), { code: 'directory_refused' });
  t.equal(came, 0);
});

t.test('doctor tries the connection, the account, the search and each group', async (t) => {
  const states = async (change: Record<string, string>) =>
    (await doctorsDirectory(configOf(change))).map((f) => `${f.check}: ${f.state}`);
  t.strictSame(await states({}), [
    ...['directory (connection): ok', 'directory (bind): ok'],
    ...['directory (base): ok', 'directory (group): ok'],
  ]);
  t.strictSame(await states({ bind_dn: personDn('alice') }), ['directory (bind): fail'], 'a wrong password');
  t.ok((await states({ base: 'ou=nowhere,dc=example,dc=com' })).includes('directory (base): fail'));
  t.ok((await states({ user_filter: '(uid=nobody)' })).includes('directory (base): fail'));
  const other = configOf({}, '[[ldap.roles]]\ngroup = "cn=none,dc=example,dc=com"\nroles = ["agent"]\n');
  t.ok((await doctorsDirectory(other)).some((f) => f.state === 'fail' && f.says.startsWith('cn=none')));
  t.strictSame(await doctorsDirectory(configOf({ url: '' })), []);
});

/** A dashboard with the built pages, at an address of its own, and a provider that knows it. */
async function withProvider(t: Test, people: Parameters<typeof startProvider>[1]['people']) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const real = await startProvider(certificates.good, {
    redirectUris: [`${origin}/api/v1/session/provider/callback`],
    people,
  });
  t.teardown(real.stop);
  const { oidc } = configOf(
    {},
    `[oidc]\nissuer = "${real.issuer}"\nname = "Example Co"\nclient_id = "tapedeck"\nclient_secret_file = "oidc"\nca_file = ${JSON.stringify(certificates.ca)}\nextension_claim = "extension"\ntrusted_amr = ["mfa"]\n[[oidc.roles]]\ngroup = "recordings"\nroles = ["reviewer"]\n`,
  );
  const provider = createProvider({
    ...{ config: oidc, secret: () => 'secret-of-the-client', now: Date.now, pbxPorts: [] },
  });
  const dashboard = await openDashboard(t, {
    provider: { oidc: provider, name: oidc.name, rules: oidc.roles ?? [] },
    uiDir: browser.uiDir,
  });
  await setUp(dashboard);
  await dashboard.app.listen({ port, host: '127.0.0.1' });
  const context = await browser.browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
  t.teardown(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const begin = async () => {
    const begun = await post(dashboard.app, '/session/provider', {}, { origin, host: `localhost:${port}` });
    const cookie = begun.cookies.find(({ name }) => name === 'tapedeck_journey');
    return { begun, url: begun.json().url as string, cookie: `tapedeck_journey=${cookie?.value}` };
  };
  const back = async (query: string, cookie: string) =>
    (await get(dashboard.app, `/session/provider/callback?${query}`, cookie)).headers.location;
  return { dashboard, real, provider, page, context, origin, begin, back, oidc };
}

/** Signs in and consents at the provider's own pages. */
async function atProvider(page: Page, name: string): Promise<void> {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

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
  t.match(await catalogue.userByName('carol'), { source: 'oidc', roles: ['reviewer'], extensions: ['102'] });
  t.match(
    (await context.cookies(origin)).find((c) => c.name === 'tapedeck_session'),
    {
      ...{ httpOnly: true, sameSite: 'Strict' },
    },
  );
  const carol = (await catalogue.userByName('carol'))!;
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
  await catalogue.addPasskey({
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
  await catalogue.removeFactor(carol.id, { passkey: key.id });

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
  t.match(await catalogue.user(carol.id), { roles: [] }, 'dismissed there, she is nothing here');
  t.equal(
    (await get(dashboard.app, '/calls', cookieOf(second))).statusCode,
    401,
    'and is signed out everywhere',
  );
  const [entry] = await catalogue.auditEntries({ objectId: carol.id, limit: 1 });
  t.match(entry, { action: 'person_change', actor: 'tapedeck', detail: { name: 'carol' } });

  await context.clearCookies();
  await page.getByRole('button', { name: 'Sign in with Example Co' }).click();
  await atProvider(page, 'dave');
  await page.getByText('Your account has no role in Tapedeck.').waitFor();
  t.strictSame(await faults(page), []);
  t.equal(await catalogue.userByName('dave'), null);
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
  t.equal((await dashboard.catalogue.users()).length, 1, 'nobody came in');

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
  t.throws(
    () => configOf({}, '[oidc]\nissuer = "http://sso.example.com"\n'),
    /http:\/\/ is for this machine/,
  );
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
    {},
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
  await dashboard.catalogue.setRolesWithFactor(['reviewer']);
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
  t.equal((await dashboard.catalogue.userByName('carol'))?.source, 'oidc');
});

t.test('second factors are set up and used, in a browser', async (t) => {
  const { page, origin, dashboard, context } = await withProvider(t, {});
  const { clock, catalogue } = dashboard;
  const complaints: string[] = [];
  page.on(
    'console',
    (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && complaints.push(m.text()),
  );
  page.on('pageerror', (e) => complaints.push(e.message));
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  const withPassword = async () => {
    await page.goto(origin);
    await page.getByLabel('Name', { exact: true }).fill('anna');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  const signOut = async () => {
    await page.getByRole('button', { name: 'Menu of anna' }).click();
    // Signing out ends the page, and a new one begins.
    const fresh = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await fresh;
    await page.getByLabel('Name', { exact: true }).waitFor();
  };
  const looks = async (name: string) => {
    for (const [width, colorScheme] of [[360, 'light'] as const, [1280, 'dark'] as const]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      t.strictSame(await faults(page), [], `${name}, ${colorScheme}, ${width} px`);
      t.equal(await tooWide(page), 0, `${name}, ${width} px`);
    }
  };
  await catalogue.setRolesWithFactor(['admin']);
  await withPassword();
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  await looks('enrolment');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  const secret = ((await page.locator('.secret').textContent()) ?? '').replace(/\s/g, '');
  const code = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.ms });
  await page.getByLabel('Code shown in the app').fill('000000');
  await page.getByRole('button', { name: 'Add the app' }).click();
  await page.getByText('This code is not right').waitFor();
  await looks('an app');
  await page.getByLabel('Code shown in the app').fill(code());
  await page.getByRole('button', { name: 'Add the app' }).click();
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  const codes = await page.locator('.codes-list code').allTextContents();
  t.equal(codes.length, 10);
  await looks('recovery codes');
  await page.getByRole('button', { name: 'I’ve saved these codes' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();

  clock.ms += 11 * 60_000;
  await page.goto(`${origin}/account`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name of the passkey').fill('laptop');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await looks('a proof');
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('for localhost').waitFor();
  await looks('second factors');

  const prove = async () => {
    await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  clock.ms += 11 * 60_000;
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByLabel('Purpose').fill('monitoring');
  await page.getByLabel('Read health, metrics').check();
  await page.getByRole('button', { name: 'Create this token' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await looks('a proof for a token');
  await page.getByRole('button', { name: 'Cancel', exact: true }).last().click();
  await page.getByText('Enter your credentials again').waitFor();
  await page.getByRole('button', { name: 'Create this token' }).click();
  await prove();
  await page.getByText('It is shown only now').waitFor();

  clock.ms += 11 * 60_000;
  await page.goto(`${origin}/people/new`);
  await page.getByLabel('Name', { exact: true }).fill('Ben');
  await page.getByLabel('Admin', { exact: true }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
  await looks('a proof for somebody new');
  await prove();
  await page.getByRole('heading', { name: 'Ben' }).waitFor();
  t.match(await catalogue.userByName('ben'), { roles: ['admin'] });
  clock.ms += 11 * 60_000;
  await page.getByRole('button', { name: 'Disable' }).click();
  await prove();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
  await looks('somebody');
  await signOut();

  await withPassword();
  await page.getByRole('heading', { name: 'Second factor' }).waitFor();
  await looks('a second factor');
  await page.getByLabel('Authentication code').fill('000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('This code is not right').waitFor();
  await page.getByRole('button', { name: 'I can’t use my app' }).click();
  await page.getByLabel('Recovery code').fill(codes[3]!);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Wrong codes were entered for you' }).waitFor();
  await looks('wrong codes');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await signOut();

  await looks('sign in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();
  await signOut();
  await withPassword();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByRole('button', { name: 'Menu of anna' }).waitFor();
  t.strictSame(complaints, []);
});
