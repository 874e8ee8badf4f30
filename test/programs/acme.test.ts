import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { catalogueFile, tlsFiles } from '../../daemon/domain/paths.js';
import { createAcme } from '../../daemon/tls/acme.js';
import { makeCatalogue } from '../support/catalogue/make-catalogue.js';
import { ended, onFreePorts } from '../support/peers/free-port.js';
import { readIfThere, spawnTapedeck, until } from '../support/recorder.js';
import { mode, newDir, open, shake } from '../support/tls.js';

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

/** Pebble, its name server, and a dashboard that has its certificates from it: each has to know the others' ports before. */
async function openAcme(t: Test, dir: string, [port, managing, plain, dns, web]: number[]) {
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
  let said = '';
  const hear = (child: ChildProcess) => {
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (part) => (said += part));
    t.teardown(() => ended(child));
  };
  const start = (program: string, args: string[]) =>
    hear(
      spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
        env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', '', '-management', ''];
  const names = ['-defaultIPv6', '', '-defaultIPv4', '127.0.0.1', '-dns01', `127.0.0.1:${dns}`];
  start('pebble-challtestsrv', [...names, ...none]);
  start('pebble', ['-config', join(dir, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`]);
  const ca = own.certificates.authority()!;
  const directory = `https://localhost:${port}/dir`;
  const up = () =>
    new Promise<boolean>((resolve) => {
      httpsRequest(directory, { ca }, (answer) => resolve(answer.resume().statusCode === 200))
        .on('error', () => resolve(false))
        .end();
    });
  /** Not all of them end when somebody else has their port. */
  const noneTaken = (yes: boolean) => {
    if (/already in use|EADDRINUSE/.test(said)) throw new Error(said);
    return yes;
  };
  await until('pebble', async () => noneTaken(await up()));

  writeFileSync(
    join(dir, 'tapedeck.toml'),
    [
      `[data]\ndir = "${dir}"\n[web]\nport = ${web}\nhttp_port = ${plain}\nhosts = ["tapedeck.office.lan"]`,
      `tls = "acme"\nacme_directory = "${directory}"\nacme_ca_file = "${own.files.authority}"`,
    ].join('\n'),
  );
  if (!existsSync(catalogueFile(dir))) await makeCatalogue(dir); // only the recorder makes one
  const child = spawnTapedeck(['--config', join(dir, 'tapedeck.toml'), 'web']);
  hear(child);
  await until('the dashboard', () => noneTaken(/ready at https/.test(said))).catch((e) => {
    throw new Error(`${e.message}\n${said}`);
  });
  return { child, web: web!, said: () => said };
}

/** It is written in place: a file that is there may be empty still. */
const isWhole = (path: string): boolean =>
  (readIfThere(path) ?? '').trimEnd().endsWith('-----END CERTIFICATE-----');

t.test('a real ACME server gives a certificate, and the next one before that ends', async (t) => {
  const dir = newDir(t);
  const { child, web, said } = await onFreePorts(5, (ports) => openAcme(t, dir, ports));
  const files = tlsFiles(dir);
  await until('a certificate', () => isWhole(files.acme)).catch((e) => {
    throw new Error(`${e.message}\n${said()}`);
  });
  const first = new X509Certificate(readFileSync(files.acme));
  t.match(first.issuer, /Pebble/);
  t.ok(first.checkHost('tapedeck.office.lan'));
  const shown = () => shake(web, { servername: 'tapedeck.office.lan', rejectUnauthorized: false });
  const served = async () => (await shown()).leaf.serialNumber === first.serialNumber;
  await until('it is served', served);
  for (const file of [files.acmeKey, files.acmeAccount]) t.equal(mode(file), '600');
  // An admin who takes it away has it ordered anew, by the same account.
  const account = readFileSync(files.acmeAccount, 'utf8');
  rmSync(files.acme);
  child.kill('SIGHUP');
  await until('another certificate', () => isWhole(files.acme)).catch((e) => {
    throw new Error(`${e.message}\n${said().slice(-3_000)}`);
  });
  t.not(new X509Certificate(readFileSync(files.acme)).serialNumber, first.serialNumber);
  t.equal(readFileSync(files.acmeAccount, 'utf8'), account);
  t.notMatch(said(), /PRIVATE KEY/);
  const { stdout, status } = spawnSync(
    process.execPath,
    ['dist/daemon/main.js', '--config', join(dir, 'tapedeck.toml'), 'tls', 'status', '--json'],
    { encoding: 'utf8' },
  );
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { mode: 'acme', names: 'tapedeck.office.lan' });
});
