import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest, type Server } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { tlsFiles } from '../../daemon/domain/paths.js';
import { loadConfig } from '../../daemon/ops/config.js';
import { testCallAudio } from '../../daemon/ops/dashboard-client.js';
import { tlsMode } from '../../daemon/ops/tls-mode.js';
import { createAcme } from '../../daemon/tls/acme.js';
import { beyond, issue } from '../../daemon/tls/authority.js';
import { createCertificates, type TlsSettings } from '../../daemon/tls/certificates.js';
import type { Card } from '../../daemon/tls/names.js';
import { type Pair, pairOf } from '../../daemon/tls/pair.js';
import { writeDurably } from '../../daemon/vault/durable.js';
import { createHosts } from '../../web/auth/hosts.js';
import { createPlainPort } from '../../web/server/plain-port.js';
import { tlsOptions } from '../../web/server/tls.js';
import { readTestssl } from '../pentest/tools.js';
import { makeCatalogue } from '../support/catalogue/make-catalogue.js';
import { spawnTapedeck, until } from '../support/recorder.js';
import { addRecording, get, openDashboard, post, setUp } from '../support/web/dashboard.js';

const DAY = 86_400_000;
const CARDS: Card[] = [
  { address: '127.0.0.1', cidr: '127.0.0.1/8' },
  { address: '192.168.7.9', cidr: '192.168.7.9/24' },
  { address: 'fd00:12::9', cidr: 'fd00:12::9/64' },
];

function settingsIn(dataDir: string, change: Partial<TlsSettings> = {}): TlsSettings {
  return {
    ...{ mode: 'own', dataDir, address: '0.0.0.0', hosts: ['tapedeck.office.lan'] },
    ...{ files: { certificate: '', key: '' }, acme: { directory: '', caFile: '', email: '', pbxPorts: [] } },
    ...change,
  };
}

/** A directory of its own. That of the test is emptied by whoever asks for it again. */
function newDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-tls-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Certificates in a directory of the test's own, with a clock to be turned, and what was served and said. */
function open(t: Test, change: Partial<TlsSettings> = {}, dataDir = newDir(t), cards = CARDS) {
  const served: Pair[] = [];
  const lines: string[] = [];
  const clock = { ms: Date.now() };
  const certificates = createCertificates({
    settings: settingsIn(dataDir, change),
    write: writeDurably,
    onChange: (pair) => void served.push(pair),
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    now: () => clock.ms,
    cards: () => cards,
  });
  t.teardown(() => certificates.stop());
  return { certificates, served, lines, clock, dataDir, files: tlsFiles(dataDir) };
}

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

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

/** A handshake: the certificate that was shown and the protocol, or the error. */
function shake(
  port: number,
  options: ConnectionOptions,
): Promise<{ leaf: X509Certificate; protocol: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...options }, () => {
      const answer = { leaf: socket.getPeerX509Certificate()!, protocol: socket.getProtocol()! };
      socket.destroy();
      resolve(answer);
    });
    socket.once('error', reject);
  });
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

t.test(
  'the server speaks TLS 1.2 and 1.3 with good ciphers only, and takes a new certificate as it runs',
  async (t) => {
    const { certificates, served, clock } = open(t);
    await certificates.start();
    const dashboard = await openDashboard(t, {
      tls: { options: tlsOptions(served[0]!), authority: certificates.authority },
    });
    const { app } = dashboard;
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const ca = certificates.authority()!;
    const named = { ca, servername: 'tapedeck.office.lan' };

    t.equal((await shake(port, named)).protocol, 'TLSv1.3');
    t.equal((await shake(port, { ...named, maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
    const weak = {
      ...named,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const;
    await t.rejects(shake(port, weak), 'TLS 1.1');
    for (const ciphers of [
      'AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES128-SHA256',
      'NULL',
      'aNULL',
    ])
      await t.rejects(
        shake(port, { ...named, maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }),
        ciphers,
      );
    await t.rejects(shake(port, { servername: 'tapedeck.office.lan' }), 'who does not know the authority');
    await t.rejects(shake(port, { ca, servername: 'bank.example' }), /altnames/, 'another name');
    const again = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ...named, maxVersion: 'TLSv1.2' }, () =>
        socket.renegotiate({}, (e) => resolve(e)),
      );
      socket.on('error', resolve);
    });
    t.ok(again instanceof Error, 'nobody makes us shake hands again and again');

    clock.ms += 370 * DAY;
    await certificates.look();
    (app.server as unknown as Server).setSecureContext(tlsOptions(served[1]!));
    const { leaf } = await shake(port, { ...named, rejectUnauthorized: false });
    t.equal(leaf.serialNumber, served[1]!.leaf.serialNumber, 'without a restart');

    const cookie = await setUp(dashboard);
    t.match(cookie, /^__Host-tapedeck_session=/);
    const signed = await post(app, '/session', { name: 'anna', password: 'four unrelated quiet words' });
    const set = [signed.headers['set-cookie'] ?? []].flat();
    t.ok(set.some((one) => /^__Host-tapedeck_session=[\w-]{43}; /.test(one)));
    for (const one of set)
      for (const part of [/^__Host-/, /; Path=\/;/, /; HttpOnly;/, /; Secure;/, /; SameSite=Strict$/])
        t.match(one, part);
    const { headers } = await get(app, '/calls', cookie);
    t.match(headers, {
      'strict-transport-security': 'max-age=31536000',
      'cross-origin-opener-policy': 'same-origin',
      'origin-agent-cluster': '?1',
    });
    const plain = cookie.replace('__Host-', '');
    t.equal((await get(app, '/calls', plain)).statusCode, 401, 'a cookie without the prefix is not ours');
    const shown = await app.inject('/ca.crt');
    t.equal(shown.body, ca);
    t.match(shown.headers['content-type'], /x-x509-ca-cert/);
    const { app: bare } = await openDashboard(t);
    t.equal((await bare.inject('/ca.crt')).statusCode, 404, 'where there is none');
  },
);

t.test(
  'the recorder fetches its test calls over TLS from our own dashboard, and from nobody else',
  async (t) => {
    const { certificates, served, dataDir, files } = open(t);
    await certificates.start();
    let good = true;
    const dashboard = await openDashboard(t, {
      tls: { options: tlsOptions(served[0]!), authority: certificates.authority },
      control: {
        status: async () => {
          throw new Error('not asked');
        },
        metrics: async () => null,
        runRetention: async () => ({ erased: 0, failed: 0, left: 0 }),
        takePass: async () => good,
      },
    });
    await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = dashboard.app.server.address() as AddressInfo;
    const bytes = Buffer.from('sound '.repeat(2_000));
    const { recording } = await addRecording(dashboard, bytes, { call: { test: true } });
    const at = { address: `https://127.0.0.1:${port}`, host: '127.0.0.1', port, certificate: files.served };
    const passes = { give: () => 'A'.repeat(22) };
    t.same(await testCallAudio(at, passes, recording), bytes);
    good = false;
    await t.rejects(testCallAudio(at, passes, recording), {
      code: 'dashboard_failed',
      detail: /answered 401/,
    });
    good = true;
    const other = open(t);
    await other.certificates.start();
    const wrong = { ...at, certificate: other.files.served };
    await t.rejects(testCallAudio(wrong, passes, recording), {
      code: 'dashboard_failed',
      detail: /not ours/,
    });
    const missing = { ...at, certificate: join(dataDir, 'nothing') };
    await t.rejects(testCallAudio(missing, passes, recording), {
      code: 'dashboard_failed',
      detail: /ENOENT/,
    });
  },
);

t.test('the plain port sends people on and gives out nothing', async (t) => {
  const server = createPlainPort({
    hosts: createHosts({ address: '127.0.0.1', hosts: ['tapedeck.office.lan'] }),
    port: () => 8443,
    proof: (token) => (token === 'abc' ? 'abc.proof' : null),
    newId: () => 'id',
  });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, method = 'GET', host = 'tapedeck.office.lan') =>
    new Promise<{ status: number; location?: string; body: string }>((resolve, reject) => {
      const request = httpGet({ host: '127.0.0.1', port, path, method, headers: { host } }, (answer) => {
        let body = '';
        answer.on('data', (part) => (body += part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode!, location: answer.headers.location, body }),
        );
      });
      request.on('error', reject);
    });
  t.match(await ask('/calls?q=a'), { status: 308, location: 'https://tapedeck.office.lan:8443/calls?q=a' });
  t.match(await ask('/', 'HEAD'), { status: 308 });
  t.match(await ask('/x', 'GET', 'tapedeck.office.lan:80'), {
    location: 'https://tapedeck.office.lan:8443/x',
  });
  t.match(await ask('//evil.example/x'), { location: 'https://tapedeck.office.lan:8443//evil.example/x' });
  for (const [path, method, host] of [
    ['/api/v1/calls'],
    ['/API/v1/health'],
    ['/metrics'],
    ['/calls', 'POST'],
    ['/', 'DELETE'],
    ['/', 'GET', 'evil.example'],
    ['http://evil.example/'],
  ] as [string, string?, string?][]) {
    const { status, location, body } = await ask(path, method, host);
    t.equal(status, 403, `${method ?? 'GET'} ${path}`);
    t.equal(location, undefined);
    if (method !== 'HEAD') t.equal(JSON.parse(body).error.code, 'https_needed');
  }
  t.match(await ask('/.well-known/acme-challenge/abc'), { status: 200, body: 'abc.proof' });
  t.match(await ask('/.well-known/acme-challenge/other'), { status: 308 });
});

t.test('plain HTTP is for this machine only, and the settings say what they need', async (t) => {
  const dir = t.testdir({});
  const faults = (toml: string): string => {
    const file = join(dir, 'tapedeck.toml');
    writeFileSync(file, `[web]\n${toml}\n`);
    try {
      return tlsMode(loadConfig(file).web);
    } catch (e) {
      return (e as Error).message;
    }
  };
  t.equal(faults(''), 'off');
  t.equal(faults('address = "0.0.0.0"'), 'own');
  t.equal(faults('address = "192.168.1.9"'), 'own');
  t.equal(faults('tls = "own"'), 'own');
  t.equal(faults('address = "::1"\ntls = "off"'), 'off');
  t.match(
    faults('address = "0.0.0.0"\ntls = "off"'),
    /line 3: without TLS the dashboard serves this machine only/,
  );
  t.match(faults('tls = "files"'), /tls_cert_file/);
  t.match(faults('tls = "acme"'), /acme_directory.*\n.*hosts.*\n.*http_port/);
  t.match(faults('acme_directory = "http://ca.office.lan"'), /acme_directory/, 'not in the clear');
  t.match(faults('http_port = 8090'), /another/);
});

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

t.test('an ACME server does not lead us to what listens on this machine, nor out of HTTPS', async (t) => {
  const own = open(t, { hosts: ['localhost'] });
  await own.certificates.start();
  const asked: string[] = [];
  let named = '';
  const server = createHttpsServer(
    { cert: readFileSync(own.files.own), key: readFileSync(own.files.ownKey) },
    (request, response) => {
      asked.push(request.url!);
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ newNonce: named, newAccount: named, newOrder: named }));
    },
  );
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const order = async (directory: string) => {
    const settings = { directory, caFile: own.files.authority, email: '', pbxPorts: [] };
    const acme = createAcme(settings, { answer: () => {}, forget: () => {} });
    await acme.order(await acme.newAccount(), ['tapedeck.office.lan']);
  };
  for (named of [
    `https://127.0.0.1:${port}/here`,
    `https://[::1]:${port}/here`,
    'https://169.254.169.254/latest',
    'https://[fe80::1]/',
    `http://localhost:${port}/clear`,
  ])
    await t.rejects(
      order(`https://localhost:${port}/dir`),
      { code: 'acme_failed', detail: /where nothing of|is not HTTPS/ },
      named,
    );
  t.same([...new Set(asked)], ['/dir']);
  await t.rejects(order('https://[fe80::1]/dir'), { code: 'acme_failed', detail: /where nothing of/ });
});

t.test('a real ACME server gives a certificate, and the next one before that ends', async (t) => {
  const dir = newDir(t);
  const [port, managing, plain, dns, web] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const own = open(t, { hosts: ['localhost'] });
  await own.certificates.start();
  writeFileSync(
    join(dir, 'pebble.json'),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${managing}`,
        certificate: own.files.own,
        privateKey: own.files.ownKey,
        httpPort: plain,
        tlsPort: web,
        ocspResponderURL: '',
        externalAccountBindingRequired: false,
      },
    }),
  );
  const start = (program: string, args: string[]) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
      stdio: 'ignore',
    });
    t.teardown(() => child.kill('SIGKILL'));
  };
  const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', '', '-management', ''];
  start('pebble-challtestsrv', [
    '-defaultIPv6',
    '',
    '-defaultIPv4',
    '127.0.0.1',
    '-dns01',
    `127.0.0.1:${dns}`,
    ...none,
  ]);
  start('pebble', ['-config', join(dir, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`]);
  const ca = own.certificates.authority()!;
  const directory = `https://localhost:${port}/dir`;
  const up = () =>
    new Promise<boolean>((resolve) => {
      httpsRequest(directory, { ca }, (answer) => resolve(answer.resume().statusCode === 200))
        .on('error', () => resolve(false))
        .end();
    });
  await until('pebble', up);

  writeFileSync(
    join(dir, 'tapedeck.toml'),
    [
      `[data]\ndir = "${dir}"\n[web]\nport = ${web}\nhttp_port = ${plain}\nhosts = ["tapedeck.office.lan"]`,
      `tls = "acme"\nacme_directory = "${directory}"\nacme_ca_file = "${own.files.authority}"`,
    ].join('\n'),
  );
  await makeCatalogue(dir); // only the recorder makes one
  const child = spawnTapedeck(['--config', join(dir, 'tapedeck.toml'), 'web']);
  let said = '';
  child.stdout.on('data', (part) => (said += part));
  child.stderr.on('data', (part) => (said += part));
  t.teardown(() => child.kill('SIGKILL'));
  const files = tlsFiles(dir);
  await until('the dashboard', () => /ready at https/.test(said), 60_000).catch((e) => {
    throw new Error(`${e.message}\n${said}`);
  });
  await until('a certificate', () => existsSync(files.acme), 60_000).catch((e) => {
    throw new Error(`${e.message}\n${said}`);
  });
  const first = new X509Certificate(readFileSync(files.acme));
  t.match(first.issuer, /Pebble/);
  t.ok(first.checkHost('tapedeck.office.lan'));
  const shown = () => shake(web, { servername: 'tapedeck.office.lan', rejectUnauthorized: false });
  await until('it is served', async () => (await shown()).leaf.serialNumber === first.serialNumber);
  for (const file of [files.acmeKey, files.acmeAccount]) t.equal(mode(file), '600');
  // An admin who takes it away has it ordered anew, by the same account.
  const account = readFileSync(files.acmeAccount, 'utf8');
  rmSync(files.acme);
  child.kill('SIGHUP');
  await until('another certificate', () => existsSync(files.acme), 60_000).catch((e) => {
    throw new Error(`${e.message}\n${said.slice(-3_000)}`);
  });
  t.not(new X509Certificate(readFileSync(files.acme)).serialNumber, first.serialNumber);
  t.equal(readFileSync(files.acmeAccount, 'utf8'), account);
  t.notMatch(said, /PRIVATE KEY/);
  const { stdout, status } = spawnSync(
    process.execPath,
    ['dist/daemon/main.js', '--config', join(dir, 'tapedeck.toml'), 'tls', 'status', '--json'],
    { encoding: 'utf8' },
  );
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { mode: 'acme', names: 'tapedeck.office.lan' });
});

t.test('a certificate and key that are no pair never reach the server', async (t) => {
  const { certificates, served } = open(t);
  await certificates.start();
  t.throws(() => pairOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', served[0]!.key), {
    code: 'tls_invalid',
  });
});

t.test('what testssl.sh calls weak is a finding, but for what a private authority cannot have', async (t) => {
  const line = (id: string, severity: string, finding = '') => ({ id, severity, finding });
  const good = [
    line('overall_grade', 'OK', 'A'),
    line('TLS1_3', 'OK', 'offered'),
    line('cert_ocspURL', 'LOW'),
  ];
  t.match(readTestssl(good).findings, [{ what: /cert_ocspURL/, accepted: /authority of one box/ }]);
  const weak = readTestssl([
    ...good,
    line('SWEET32', 'LOW', 'uses 64 bit'),
    line('RC4', 'HIGH', 'VULNERABLE'),
  ]);
  t.equal(weak.findings.filter((f) => f.accepted === null).length, 2);
  t.match(readTestssl([line('overall_grade', 'HIGH', 'F')]).findings, [{ what: /grade is F/ }]);
});
