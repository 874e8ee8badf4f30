import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { beyond, issue } from '../../daemon/tls/authority.js';
import { pairOf } from '../../daemon/tls/pair.js';
import { mode, newDir, open } from '../support/tls.js';

const DAY = 86_400_000;

/** What OpenSSL's own tool makes of a chain; empty when it is good. */
function verify(dir: string, ca: string, leaf: string, ...more: string[]): string {
  writeFileSync(join(dir, 'ca.pem'), ca);
  writeFileSync(join(dir, 'leaf.pem'), leaf);
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', ...more];
  const done = spawnSync('openssl', [...args, '-CAfile', join(dir, 'ca.pem'), join(dir, 'leaf.pem')], {
    encoding: 'utf8',
  });
  return done.status === 0 ? '' : done.stderr + done.stdout;
}

t.test("the box's authority is made once, kept to itself, and vouches for the box alone", async (t) => {
  const { certificates, served, dataDir, files, lines } = open(t);
  await certificates.start();
  const [pair] = served;
  const ca = certificates.authority()!;
  t.equal(verify(dataDir, ca, pair!.certificate), '', 'OpenSSL takes it, strictly');
  for (const name of ['tapedeck.office.lan', 'localhost'])
    t.equal(verify(dataDir, ca, pair!.certificate, '-verify_hostname', name), '', name);
  for (const ip of ['192.168.7.9', '127.0.0.1', 'fd00:12::9', '::1'])
    t.equal(verify(dataDir, ca, pair!.certificate, '-verify_ip', ip), '', ip);
  const { leaf } = pair!;
  t.ok(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom) <= 398 * DAY, 'no longer than browsers take');
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  for (const file of [files.authorityKey, files.ownKey]) t.equal(mode(file), '600', file);
  for (const file of [files.authority, files.served]) t.equal(mode(file), '644', file);
  t.match(lines.join(), /"sha256":"([0-9A-F]{2}:){31}/, 'its fingerprint is in the log');

  const authority = { certificate: ca, key: readFileSync(files.authorityKey, 'utf8') };
  for (const names of [
    { dns: ['bank.example'], ips: [] },
    { dns: ['office.lan'], ips: [] },
    { dns: ['tapedeck.office.lan'], ips: ['192.168.8.9'] },
    { dns: ['tapedeck.office.lan'], ips: ['8.8.8.8'] },
    { dns: ['tapedeck.office.lan'], ips: ['fd00:13::1'] },
  ]) {
    t.equal(beyond(ca, names).length, 1);
    const forged = await issue(authority, names, Date.now());
    t.match(verify(dataDir, ca, forged.certificate), /permitted subtree violation/, JSON.stringify(names));
  }
  const again = open(t, {}, dataDir);
  await again.certificates.start();
  t.equal(again.served[0]!.certificate, pair!.certificate, 'a restart changes nothing');
});

t.test('the certificate is renewed before it ends, and when names and addresses come', async (t) => {
  const { certificates, served, clock, dataDir, files } = open(t);
  await certificates.start();
  clock.ms += 350 * DAY;
  await certificates.look();
  t.equal(served.length, 1, 'not before it is time');
  clock.ms += 20 * DAY;
  await certificates.look();
  t.equal(served.length, 2, 'but while the old one is good');
  t.equal(readFileSync(files.served, 'utf8'), served[1]!.certificate);
  t.not(served[0]!.key, served[1]!.key, 'with a key of its own');
  const ca = certificates.authority();

  const moved = [{ address: '192.168.7.77', cidr: '192.168.7.77/24' }];
  const other = open(t, {}, dataDir, moved);
  await other.certificates.start();
  t.equal(other.certificates.authority(), ca, 'another address in the same network: the same authority');
  t.ok(other.served[0]!.leaf.checkIP('192.168.7.77'));

  const away = open(t, {}, dataDir, [{ address: '10.9.9.9', cidr: '10.9.9.9/8' }]);
  await away.certificates.start();
  t.equal(away.certificates.authority(), ca);
  t.notOk(away.served[0]!.leaf.checkIP('10.9.9.9'), 'another network is left out');
  t.match(away.lines.join(), /10\.9\.9\.9 is in no network/, 'and said');

  const renamed = open(t, { hosts: ['calls.office.lan'] }, dataDir);
  await renamed.certificates.start();
  t.not(renamed.certificates.authority(), ca, 'a name that the admin adds has a new authority made');
  t.match(renamed.lines.join(), /everybody has to trust it/);
  t.equal(verify(dataDir, renamed.certificates.authority()!, renamed.served[0]!.certificate), '');

  writeFileSync(files.authorityKey, 'not a key');
  const lost = open(t, {}, dataDir);
  await lost.certificates.start();
  t.equal(verify(dataDir, lost.certificates.authority()!, lost.served[0]!.certificate), '', 'a lost key too');
});

t.test('an admin’s own certificate is looked at before it is used, and again when it changes', async (t) => {
  const dir = newDir(t);
  const at = (name: string) => join(dir, name);
  const make = (name: string, args: string[], days: string[] = ['-days', '30']) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-nodes',
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.crt`),
        '-subj',
        '/CN=x',
        ...days,
        ...args,
      ],
      { stdio: 'pipe' },
    );
  const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const good = ['-addext', 'subjectAltName=DNS:*.office.lan'];
  make('good', [...EC, ...good]);
  make('next', [...EC, ...good]);
  make('name', [...EC, '-addext', 'subjectAltName=DNS:other.example']);
  make('none', EC);
  make('old', [...EC, ...good], ['-not_before', '20200101000000Z', '-not_after', '20200201000000Z']);
  make('early', [...EC, ...good], ['-not_before', '20990101000000Z', '-not_after', '20990201000000Z']);
  make('weak', ['-newkey', 'rsa:1024', ...good]);
  execFileSync(
    'openssl',
    ['ec', '-aes256', '-passout', 'pass:x', '-in', at('good.key'), '-out', at('locked.key')],
    {
      stdio: 'pipe',
    },
  );
  for (const key of ['good', 'next', 'name', 'none', 'old', 'early', 'weak', 'locked'])
    chmodSync(at(`${key}.key`), 0o640);
  writeFileSync(at('wide.key'), readFileSync(at('good.key')), { mode: 0o644 });
  writeFileSync(at('junk.crt'), 'hello');

  const tried = async (crt: string, key = crt) => {
    const files = { certificate: at(`${crt}.crt`), key: at(`${key}.key`) };
    const { certificates, served } = open(t, { mode: 'files', files });
    const error = await certificates.start().then(
      () => null,
      (e: { code: string; message: string }) => e,
    );
    return error ? `${error.code}: ${error.message}` : served[0]!.leaf.subjectAltName;
  };
  t.equal(await tried('good'), 'DNS:*.office.lan');
  t.match(await tried('good', 'next'), /tls_invalid: .*does not belong/);
  t.match(await tried('good', 'wide'), /mode 0644/);
  t.match(await tried('good', 'locked'), /passphrase/);
  t.match(await tried('good', 'missing'), /ENOENT/);
  t.match(await tried('junk', 'good'), /not one in PEM form/);
  t.match(await tried('name'), /for DNS:other\.example, not for tapedeck\.office\.lan/);
  t.match(await tried('none'), /for no name/, 'the common name is no name');
  t.match(await tried('old'), /ended on/);
  t.match(await tried('early'), /is the clock right/);
  t.match(await tried('weak'), /1024 bits/);

  const files = { certificate: at('good.crt'), key: at('good.key') };
  const { certificates, served, lines } = open(t, { mode: 'files', files });
  await certificates.start();
  writeFileSync(files.certificate, readFileSync(at('next.crt')));
  await certificates.look();
  t.equal(served.length, 1, 'half of a change is not taken');
  t.match(lines.join(), /certificate in use stays/);
  writeFileSync(files.key, readFileSync(at('next.key')));
  await certificates.look();
  t.equal(served.length, 2);
  t.equal(certificates.authority(), null);
});

t.test('a certificate and key that are no pair never reach the server', async (t) => {
  const { certificates, served } = open(t);
  await certificates.start();
  t.throws(() => pairOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', served[0]!.key), {
    code: 'tls_invalid',
  });
});
