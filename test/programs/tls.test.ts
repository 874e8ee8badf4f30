import { writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { loadConfig } from '../../daemon/ops/config.js';
import { refusedAsDashboard, testCallAudio } from '../../daemon/ops/dashboard-client.js';
import { tlsMode } from '../../daemon/ops/tls-mode.js';
import { createHosts } from '../../web/auth/hosts.js';
import { createPlainPort } from '../../web/server/plain-port.js';
import { tlsOptions } from '../../web/server/tls.js';
import { readTestssl } from '../pentest/tools.js';
import { open, shake } from '../support/tls.js';
import { addRecording, get, openDashboard, post, setUp } from '../support/web/dashboard.js';

const DAY = 86_400_000;

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
        status: async () => ({ health: { level: 'green', problems: [] } }) as never,
        metrics: async () => null,
      },
      recorder: { passes: { take: () => good } },
    });
    await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = dashboard.app.server.address() as AddressInfo;
    const bytes = Buffer.from('sound '.repeat(2_000));
    const { recording } = await addRecording(dashboard, bytes, { call: { test: true } });
    const at = { address: `https://127.0.0.1:${port}`, host: '127.0.0.1', port, certificate: files.served };
    const passes = { give: () => 'A'.repeat(22) };
    t.ok(isDeepStrictEqual(await testCallAudio(at, passes, recording), bytes));
    t.equal(await refusedAsDashboard(at), null, 'as doctor knows the dashboard');
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
    t.match(await refusedAsDashboard(wrong), /not ours/);
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
