import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { until } from '../recorder.js';
import { ended, onFreePorts, startListening } from './free-port.js';
import { makeCertificates } from './mail-server.js';

const SUFFIX = 'dc=example,dc=com';
export const ADMIN = { dn: `cn=admin,${SUFFIX}`, password: 'admin-of-the-directory' };
export const READER = { dn: `cn=reader,${SUFFIX}`, password: 'reader-of-the-directory' };
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
export const groupDn = (name: string) => `cn=${name},${GROUPS}`;
export const personDn = (uid: string) => `uid=${uid},${PEOPLE}`;

/** Certificates for localhost by an authority of the test's own: one that is good, and one that has expired. */
export function makeDirectoryCertificates() {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-ca-'));
  const { ca } = makeCertificates(dir);
  execFileSync(
    'openssl',
    [
      ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-not_before', '20200101000000Z', '-not_after', '20200131000000Z'],
      ...['-out', 'expired.pem', '-extfile', 'names'],
    ],
    { cwd: dir, stdio: 'pipe' },
  );
  const key = join(dir, 'server.key');
  return {
    ca,
    good: { key, cert: join(dir, 'server.pem') },
    expired: { key, cert: join(dir, 'expired.pem') },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/**
 * An OpenLDAP server of one's own on loopback, with TLS and without (for starttls), and the overlay by which people know their
 * groups. It takes a bind without a password for an anonymous one, as Active Directory does. `stop` waits until it is gone.
 */
export async function startSlapd({ ca, key, cert }: { ca: string; key: string; cert: string }) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-ldap-'));
  mkdirSync(join(dir, 'db'));
  const schema = (name: string) => `include /etc/ldap/schema/${name}.schema`;
  writeFileSync(
    join(dir, 'slapd.conf'),
    [
      ...['core', 'cosine', 'inetorgperson', 'nis'].map(schema),
      'modulepath /usr/lib/ldap',
      ...['moduleload back_mdb', 'moduleload memberof', 'allow bind_anon_dn'],
      `pidfile ${dir}/pid`,
      ...[`TLSCACertificateFile ${ca}`, `TLSCertificateFile ${cert}`, `TLSCertificateKeyFile ${key}`],
      ...['database mdb', `suffix "${SUFFIX}"`, `rootdn "${ADMIN.dn}"`, `rootpw ${ADMIN.password}`],
      ...[`directory ${dir}/db`, 'maxsize 10485760', 'overlay memberof'],
      'access to attrs=userPassword by anonymous auth by * none',
      `access to * by dn.exact="${READER.dn}" read by * none`,
      '',
    ].join('\n'),
  );
  // A copy: on systems that confine /usr/sbin/slapd it may read its own folders only.
  const program = join(dir, 'slapd');
  copyFileSync('/usr/sbin/slapd', program);
  const { server, tls, plain } = await onFreePorts(2, async ([tls, plain]) => {
    const addresses = `ldaps://127.0.0.1:${tls} ldap://127.0.0.1:${plain}`;
    const argv = [program, '-f', join(dir, 'slapd.conf'), '-h', addresses, '-d', 'none'];
    return { server: await startListening(argv, /slapd starting/), tls, plain };
  });

  async function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ url: `ldap://127.0.0.1:${plain}`, timeout: 5000, connectTimeout: 5000 });
    try {
      await client.bind(ADMIN.dn, ADMIN.password);
      return await work(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  }
  await until('slapd answers', async () => {
    if (server.exitCode !== null) throw new Error(`slapd ended with ${server.exitCode}`);
    return asAdmin(async () => true).catch(() => false);
  });
  await asAdmin(async (client) => {
    await client.add(SUFFIX, { objectClass: ['dcObject', 'organization'], o: 'Example', dc: 'example' });
    for (const unit of [PEOPLE, GROUPS]) await client.add(unit, { objectClass: 'organizationalUnit' });
    await client.add(READER.dn, {
      objectClass: ['organizationalRole', 'simpleSecurityObject'],
      userPassword: READER.password,
    });
  });
  return {
    url: `ldaps://localhost:${tls}`,
    byNumber: `ldaps://127.0.0.1:${tls}`,
    plainUrl: `ldap://localhost:${plain}`,
    plainByNumber: `ldap://127.0.0.1:${plain}`,
    asAdmin,
    addPerson: (uid: string, password: string, more: Record<string, string> = {}) =>
      asAdmin((client) =>
        client.add(personDn(uid), {
          ...{ objectClass: 'inetOrgPerson', cn: uid, sn: uid, userPassword: password },
          ...more,
        }),
      ),
    addGroup: (name: string, members: string[]) =>
      asAdmin((client) => client.add(groupDn(name), { objectClass: 'groupOfNames', member: members })),
    async stop(): Promise<void> {
      await ended(server);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
