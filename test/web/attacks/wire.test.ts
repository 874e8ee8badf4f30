import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { limitConnections } from '../../../web/server/connections.js';
import { until } from '../../support/recorder.js';
import { openDashboard, setUp } from '../../support/web/dashboard.js';
import { raw } from '../../support/web/wire.js';

t.test('no request is smuggled in with another', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const cookie = await setUp(dashboard);
  const head = `POST /api/v1/policy/test HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\nContent-Type: application/json\r\nCookie: ${cookie}\r\n`;
  const inner = 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n';
  for (const [what, sent] of [
    [
      'both lengths',
      `${head}Content-Length: ${5 + inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: ${2 + inner.length}\r\n\r\n{}${inner}`],
    ['a length with a sign', `${head}Content-Length: +2\r\n\r\n{}${inner}`],
    [
      'a chunked that is not the last',
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['an unknown encoding', `${head}Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a space before the colon', `${head}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a bare line feed', `${head}Content-Length: 2\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['a folded header', `${head}X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a chunk with a bad size', `${head}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n${inner}`],
  ] as const) {
    const answer = await raw(port, sent);
    t.notMatch(answer, /setup_needed/, `${what}: nothing answers the inner request`);
    t.match(answer, /^HTTP\/1\.1 400 /, what);
  }
});

t.test('one network does not take all connections, and slow ones do not keep others waiting', async (t) => {
  const sockets: Socket[] = [];
  // From one network, as a server sees it: this machine itself is not counted.
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {}).on('data', (part) => socket.write(part));
  });
  server.prependListener('connection', (socket: Socket) =>
    Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.7' }),
  );
  limitConnections(server, { all: 100, ofOne: 5 });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  /** Whether one more connection is served. */
  const served = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.once('data', () => resolve(true)).once('close', () => resolve(false));
      socket.write('?');
      sockets.push(socket);
    });
  const answers: boolean[] = [];
  for (let n = 0; n < 8; n++) answers.push(await served());
  const [yes, no] = [true, false];
  t.strictSame(answers, [yes, yes, yes, yes, yes, no, no, no], 'what is beyond its share is closed');
  const gone = once(accepted[0]!, 'close');
  sockets[0]!.destroy();
  await gone;
  t.ok(await served(), 'and there is room again for each that goes');
  t.notOk(await served(), 'and for no more');

  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const at = dashboard.app.server.address() as AddressInfo;
  const body = 'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\n';
  const refused: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    // Of 250 addresses, so that no limit is in the way.
    const from = { port: at.port, host: '127.0.0.1', localAddress: `127.0.1.${(n % 250) + 1}` };
    const socket = connect(from).on('error', () => {});
    socket.write(
      n % 2
        ? 'GET / HTTP/1.1\r\nX-Slow: '
        : `${body}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
    );
    socket.on('data', (part) => refused.push(String(part)));
    sockets.push(socket);
  }
  const open = () =>
    new Promise<number>((resolve) => dashboard.app.server.getConnections((_, n) => resolve(n)));
  await until('all to be connected', async () => (await open()) >= 1_000);
  const answer = await fetch(`http://127.0.0.1:${at.port}/api/v1/health`);
  t.ok([200, 503].includes(answer.status));
  t.strictSame(refused, [], 'headers and bodies are waited for');
  t.ok((await open()) >= 1_000, 'others are answered while all of them go on');
  for (const socket of sockets) socket.destroy();
});

t.test('a body that is longer than any is refused without being listened to', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const cookie = await setUp(dashboard);
  const piece = 'x'.repeat(65_536);
  for (const [what, first, cookies, status] of [
    ['a sign-in', 'POST /api/v1/session', '', 413],
    ['with a session', 'POST /api/v1/policy/test', cookie, 413],
    ['without a session', 'POST /api/v1/policy/test', '', 401],
    ['from elsewhere', 'POST /api/v1/session', 'x\r\nSec-Fetch-Site: cross-site', 403],
    ['where there is nothing', 'POST /nowhere', cookie, 413],
    ['a page', 'GET /', '', 200],
  ] as const)
    for (const chunked of [false, true]) {
      const head = `${first} HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\nContent-Type: application/json\r\nCookie: ${cookies}\r\n`;
      const { taken, got } = await pour(
        port,
        `${head}${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 1000000000'}\r\n\r\n`,
        chunked ? `10000\r\n${piece}\r\n` : piece,
      );
      const name = `${what}${chunked ? ', in chunks' : ''}`;
      t.ok(taken < 16_000_000, `${name}: ${taken} bytes were taken`);
      // The answer may be lost when the connection ends before it is read.
      if (got !== '') t.match(got, new RegExp(`^HTTP/1\\.1 ${status} .*connection: close`, 'is'), name);
    }
});

t.test('who sends requests far ahead of the answers is not heard out', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const line = 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n';
  const answers = async (n: number) => {
    const got = await raw(port, `${`${line}\r\n`.repeat(n - 1)}${line}Connection: close\r\n\r\n`);
    return got.split('HTTP/1.1 ').length - 1;
  };
  t.equal(await answers(5), 5, 'a few are answered');
  t.ok((await answers(2_000)) <= 10, 'of many a few');
  for (let n = 0; n < 3; n++) t.equal(await answers(10), 10);
  t.notMatch(dashboard.lines.join('\n'), /"level":50/, 'and it is no fault of ours');
});

/** Writes again and again until the other end has had enough; how many bytes it took, and what it answered. */
function pour(port: number, head: string, piece: string): Promise<{ taken: number; got: string }> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head);
      const more = () => {
        while (socket.writable && socket.bytesWritten < 100_000_000)
          if (!socket.write(piece)) return void socket.once('drain', more);
        socket.destroy();
      };
      more();
    });
    socket.on('data', (part) => (got += part));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ taken: socket.bytesWritten, got }));
  });
}
