import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { Client } from 'ldapts';
import t, { type Test } from 'tap';
import { directory as doctorsDirectory } from '../../../daemon/cli/doctor/outside.js';
import { createLdap } from '../../../daemon/directory/ldap.js';
import type { GroupRule } from '../../../daemon/domain/people/directory.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { createDirectory } from '../../../web/auth/directory.js';
import { REFUSED } from '../../support/peers/free-port.js';
import {
  GROUPS,
  groupDn,
  makeDirectoryCertificates,
  PEOPLE,
  personDn,
  READER,
  startSlapd,
} from '../../support/peers/slapd.js';
import { until } from '../../support/recorder.js';
import { cookieOf, get, openDashboard, password, setUp } from '../../support/web/dashboard.js';
import { signIn, signIns, why } from '../../support/web/outside.js';

const home = mkdtempSync(join(tmpdir(), 'tapedeck-outside-'));
t.teardown(() => rmSync(home, { recursive: true }));
writeFileSync(join(home, 'reader'), `${READER.password}\n`);
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
const told = (response: LightMyRequestResponse) => {
  const { request_id: _, ...rest } = response.json().error;
  return { status: response.statusCode, ...rest };
};

async function withDirectory(t: Test, ldap = ldapOf(), rules = RULES) {
  const dashboard = await openDashboard(t, { directory: { ldap, rules } });
  const cookie = await setUp(dashboard);
  return { dashboard, cookie, ldap };
}

t.test('somebody of the directory signs in, with the roles of their groups', async (t) => {
  const { dashboard } = await withDirectory(t);
  const { app, catalogue, verified } = dashboard;
  const good = await signIn(dashboard, 'Alice', ALICE);
  t.equal(good.statusCode, 200, good.body);
  t.equal((await get(app, '/calls', cookieOf(good))).statusCode, 200);
  t.match(await catalogue.people.byName('alice'), {
    ...{ name: 'alice', source: 'ldap', roles: ['reviewer'], scope: { all: true } },
    ...{ extensions: ['101'], passwordHash: '' },
  });
  t.equal((await signIn(dashboard, 'alice', ALICE)).statusCode, 200, 'and again');
  t.equal((await catalogue.people.list()).length, 2, 'as the same person');

  const wrong = await signIn(dashboard, 'alice', 'wrong');
  t.strictSame(told(wrong), told(await signIn(dashboard, 'nobody', 'wrong')), 'unknown');
  t.strictSame(told(wrong), told(await signIn(dashboard, 'anna', 'wrong')), 'and local: one answer');
  t.equal(wrong.statusCode, 401);
  t.equal(verified.length, 5, 'and one hash each');
  t.equal(why(await signIn(dashboard, 'bob', 'bob knows this one')), 'no_role', 'in no group that counts');
  t.equal(await catalogue.people.byName('bob'), null);
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
  const anna = (await catalogue.people.byName('anna'))!;
  await catalogue.people.add({
    ...anna,
    id: 'dora',
    name: 'Dora',
    passwordHash: 'hash of dora of the catalogue',
  });
  t.equal(why(await signIn(dashboard, 'dora', 'dora of the directory')), 'sign_in_failed');
  t.equal((await signIn(dashboard, 'dora', 'dora of the catalogue')).statusCode, 200);
  // The directory takes "dora " for the same name; the catalogue does not.
  t.equal(why(await signIn(dashboard, 'dora ', 'dora of the directory')), 'sign_in_failed');
  t.match(await catalogue.people.byName('dora'), { source: 'local', roles: ['admin', 'reviewer'] });

  await signIn(dashboard, 'alice', ALICE);
  const alice = (await catalogue.people.byName('alice'))!;
  // Somebody else has got the name of one who is gone.
  const other = { ...alice, id: 'other', subject: 'another entry' };
  t.equal(await catalogue.people.saveOutsider(other), null);
  t.equal((await get(app, '/session')).json().sign_in.provider, null);
});

t.test('roles are those of now, and who is gone is out within a look', async (t) => {
  const { dashboard, ldap } = await withDirectory(t, ldapOf(), [
    ...RULES,
    { group: groupDn('auditors'), roles: ['auditor'] },
  ]);
  const { app, catalogue, ask } = dashboard;
  const directory = createDirectory({ ldap, catalogue, ask, log: { info: () => {}, warn: () => {} } });
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
  t.strictSame((await catalogue.people.byName('alice'))?.roles, ['reviewer', 'auditor'], 'in another group');

  await slapd.asAdmin((client) => client.modifyDN(personDn('alice'), 'uid=alicia'));
  await directory.recheck();
  t.equal((await get(app, '/calls', alice)).statusCode, 401, 'under that name there is nobody now');
  t.strictSame((await catalogue.people.byName('alice'))?.roles, []);
  const renamed = await directory.signIn('alicia', ALICE);
  t.equal(renamed?.id, (await catalogue.people.byName('alicia'))?.id);
  t.equal(await catalogue.people.byName('alice'), null, 'the same person under the new name');
  await slapd.asAdmin((client) => client.modifyDN(personDn('alicia'), 'uid=alice'));
  await directory.signIn('alice', ALICE);

  await slapd.asAdmin((client) => client.del(personDn('erik')));
  await directory.recheck();
  t.strictSame((await catalogue.people.byName('erik'))?.roles, []);
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
  const addresses: Record<string, string | boolean>[] = [
    { url: `ldaps://localhost:${port}` },
    { url: `ldap://localhost:${port}`, starttls: true },
  ];
  for (const change of addresses)
    await t.rejects(ldapOf(change, Date.now, 400).find('alice'), {
      ...{ code: 'directory_down', detail: /timeout|timed out|No answer within/ },
    });

  const nobody = `ldaps://localhost:${REFUSED}`;
  let now = 0;
  const ldap = ldapOf({ url: nobody }, () => now);
  const { dashboard } = await withDirectory(t, ldap);
  t.equal((await signIn(dashboard, 'anna', password)).statusCode, 200);
  const down = await signIn(dashboard, 'alice', ALICE);
  t.equal(why(down), 'directory_down');
  t.match(down.json().error.message, /only local Tapedeck accounts/);
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
