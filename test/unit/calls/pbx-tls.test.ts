import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import tls from 'node:tls';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { TapedeckError } from '../../../daemon/domain/error.js';
import { createAmi } from '../../../daemon/pbx/ami.js';
import { createAri } from '../../../daemon/pbx/ari.js';
import { createThrottle } from '../../../daemon/pbx/throttle.js';
import { readTrust } from '../../../daemon/pbx/trust.js';
import { makeCertificate, type PbxCertificate } from '../../support/pbx/over-tls.js';

const log = pino({ level: 'silent' });
const pair = ({ certificate, key }: PbxCertificate) => ({
  cert: readFileSync(certificate),
  key: readFileSync(key),
});

/** What stands where a PBX should be: it counts what it is sent once the handshake is over. */
async function peer(t: Test, shown: PbxCertificate) {
  const got = { ami: 0, ari: 0 };
  const ami = tls.createServer(pair(shown), (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      got.ami += data.length;
    });
  });
  const ari = createHttps(pair(shown), (_request, response) => {
    got.ari += 1;
    response.statusCode = 401;
    response.end();
  });
  const ports = [];
  for (const server of [ami, ari]) {
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    ports.push((server.address() as AddressInfo).port);
  }
  return { got, amiPort: ports[0]!, ariPort: ports[1]! };
}

/** What both links say of the first try. */
async function tried(
  t: Test,
  { amiPort, ariPort }: Awaited<ReturnType<typeof peer>>,
  ca: string,
  host = '127.0.0.1',
) {
  const first = (start: (onDown: (e: TapedeckError) => void) => { start(): void; stop(): Promise<void> }) =>
    new Promise<TapedeckError>((resolve) => {
      const link = start(resolve);
      t.teardown(() => link.stop());
      link.start();
    });
  const common = { log, now: Date.now, onEvent: () => {}, onUp: () => {} };
  return Promise.all([
    first((onDown) =>
      createAmi({
        ...{ ...common, onDown, host, port: amiPort, user: 'tapedeck', secret: 'secret' },
        tls: readTrust(ca, 'ami_ca_file'),
      }),
    ),
    first((onDown) =>
      createAri({
        ...{ ...common, onDown, url: `https://${host}:${ariPort}`, user: 'tapedeck', password: 'secret' },
        ...{ app: 'x', trust: readTrust(ca, 'ari_ca_file') },
      }),
    ),
  ]);
}

t.test('a PBX whose certificate is not accepted is sent nothing, and the error says why', async (t) => {
  const dir = t.testdir({});
  const good = await makeCertificate(join(dir, 'good'));
  const cases: [what: string, shown: PbxCertificate, ca: string, says: RegExp][] = [
    ['an authority of nobody', good, '', /authority that is not trusted/],
    [
      'another authority',
      good,
      (await makeCertificate(join(dir, 'other'))).ca,
      /authority that is not trusted/,
    ],
    ...(
      await Promise.all([
        makeCertificate(join(dir, 'old'), { days: -1 }).then(
          (c) => ['expired', c, c.ca, /has expired/] as const,
        ),
        makeCertificate(join(dir, 'name'), { name: 'DNS:pbx.example.com' }).then(
          (c) => ['another name', c, c.ca, /for another name/] as const,
        ),
      ])
    ).map((one) => [...one] as [string, PbxCertificate, string, RegExp]),
  ];
  for (const [what, shown, ca, says] of cases) {
    const at = await peer(t, shown);
    for (const fault of await tried(t, at, ca)) t.match(fault, { code: 'pbx_untrusted', detail: says }, what);
    t.same(at.got, { ami: 0, ari: 0 }, `${what}: nothing was sent`);
  }
});

t.test('the right certificate is accepted, and only then is anything sent', async (t) => {
  const shown = await makeCertificate(join(t.testdir({}), 'good'), { name: 'DNS:localhost,IP:127.0.0.1' });
  for (const host of ['127.0.0.1', 'localhost']) {
    const at = await peer(t, shown);
    const [ami, ari] = await tried(t, at, shown.ca, host);
    t.match(ari, { code: 'pbx_refused' }, `${host}: it was asked`);
    t.match(ami, { code: 'pbx_timeout' }, `${host}: it was sent a log-in, and did not answer`);
    t.ok(at.got.ami > 0 && at.got.ari > 0);
  }
});

t.test('an authority that is no certificate is a fault of the configuration', async (t) => {
  const dir = t.testdir({ 'ca.pem': 'hello' });
  t.throws(() => readTrust(join(dir, 'ca.pem'), 'ari_ca_file'), { code: 'config_invalid', detail: /PEM/ });
  t.throws(() => readTrust(join(dir, 'none'), 'ami_ca_file'), { code: 'config_invalid', detail: /ENOENT/ });
});

t.test('all that is fetched together keeps to the limit, and nothing piles up', async (t) => {
  let now = 0;
  const { slowed } = createThrottle(1_000, {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  });
  let made = 0;
  const source = () =>
    Readable.from(
      (async function* () {
        for (let n = 0; n < 200; n += 1) {
          made += 1;
          yield Buffer.alloc(100);
        }
      })(),
    );
  let got = 0;
  let most = 0;
  const read = async () => {
    for await (const piece of slowed(source())) {
      got += (piece as Buffer).length;
      most = Math.max(most, made - got / 100);
    }
  };
  await Promise.all([read(), read()]);
  t.equal(got, 40_000);
  t.ok(now >= 39_700 && now <= 40_100, `40,000 bytes at 1,000 a second took ${now} ms`);
  t.ok(most <= 40, `${most} of 400 pieces were made ahead at most`);
});
