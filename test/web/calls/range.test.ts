import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { served } from '../../../web/calls/range.js';
import { flip } from '../../support/recordings/sealed.js';
import { addCall, addRecording, get, openDashboard, setUp } from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

const CHUNK = 64 * 1024;
const etag = '"abc"';

t.test('a range is read as RFC 9110 says', async (t) => {
  const of = (range: string, size = 1000) => served({ range }, size, etag);
  const whole = { status: 200, start: 0, end: 999 };
  t.strictSame(of('bytes=0-0'), { status: 206, start: 0, end: 0 });
  t.strictSame(of('bytes=10-'), { status: 206, start: 10, end: 999 });
  t.strictSame(of('bytes=-1'), { status: 206, start: 999, end: 999 });
  t.strictSame(of('bytes=-5000'), { status: 206, start: 0, end: 999 });
  t.strictSame(of(`bytes=0-${'9'.repeat(40)}`), { status: 206, start: 0, end: 999 });
  for (const range of ['bytes=1000-', `bytes=${'9'.repeat(40)}-`, 'bytes=-0'])
    t.strictSame(of(range), { status: 416 }, range);
  for (const range of [
    'bytes=5-2',
    'bytes=-',
    'bytes=',
    'lines=0-1',
    'bytes=0-1,5-6',
    'bytes=a-b',
    'bytes=-1-2',
    '0-5',
  ])
    t.strictSame(of(range), whole, range);
  t.strictSame(of(`bytes=${'0-1,'.repeat(10_000)}2-3`), whole, 'ten thousand ranges');
  t.strictSame(of('bytes=0-', 0), { status: 416 }, 'nothing of nothing');
});

t.test('If-Range and If-None-Match are compared with the hash of the recording', async (t) => {
  const range = 'bytes=0-9';
  t.equal(served({ range, ifRange: etag }, 100, etag).status, 206);
  for (const ifRange of ['"other"', `W/${etag}`, 'Sun, 26 Jul 2026 08:00:00 GMT'])
    t.equal(served({ range, ifRange }, 100, etag).status, 200, ifRange);
  t.equal(served({ range, ifNoneMatch: `"x", W/${etag}` }, 100, etag).status, 304);
  t.equal(served({ range, ifNoneMatch: '"x"' }, 100, etag).status, 206);
});

t.test('every range of a sealed recording is the same bytes of what was sealed', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { app } = dashboard;
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const sizes = [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7];
  const files = new Map<number, { bytes: Buffer; url: string; tag: string }>();
  for (const size of sizes) {
    const bytes = randomBytes(size);
    const { call } = await addRecording(dashboard, bytes);
    const tag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
    files.set(size, { bytes, tag, url: `${address}/api/v1/calls/${call.id}/audio` });
  }
  const edge = fc.oneof(
    fc.nat(3 * CHUNK + 20),
    fc
      .tuple(fc.constantFrom(0, CHUNK, 2 * CHUNK, 3 * CHUNK), fc.integer({ min: -2, max: 8 }))
      .map(([a, b]) => Math.max(0, a + b)),
  );
  const ranges = fc.oneof(
    fc.tuple(edge, edge).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    edge.map((a) => `${a}-`),
    edge.map((a) => `-${a}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sizes), ranges, async (size, range) => {
      const { bytes, url, tag } = files.get(size)!;
      const response = await fetch(url, { headers: { cookie, range: `bytes=${range}` } });
      const body = Buffer.from(await response.arrayBuffer());
      const [first, last] = range.split('-') as [string, string];
      const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
      const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
      if (start >= size) {
        t.equal(response.status, 416, range);
        t.equal(response.headers.get('content-range'), `bytes */${size}`);
        return;
      }
      t.equal(response.status, 206, range);
      t.equal(response.headers.get('content-range'), `bytes ${start}-${end - 1}/${size}`);
      t.equal(response.headers.get('content-length'), `${end - start}`);
      t.equal(response.headers.get('etag'), tag);
      t.ok(body.equals(bytes.subarray(start, end)), `${size} ${range}`);
    }),
    { numRuns: 200 },
  );
});

t.test('a whole recording says what it is', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const bytes = randomBytes(CHUNK + 100);
  const { call } = await addRecording(dashboard, bytes, {
    call: { them: { number: '+49', name: '../../"; filename="x.exe', ours: false } },
  });
  const path = `/calls/${call.id}/audio`;

  const whole = await get(dashboard.app, path, cookie);
  t.equal(whole.statusCode, 200);
  t.ok(whole.rawPayload.equals(bytes));
  t.equal(whole.headers['content-type'], 'audio/ogg');
  t.equal(whole.headers['content-length'], `${bytes.length}`);
  t.equal(whole.headers['accept-ranges'], 'bytes');
  t.equal(whole.headers['cache-control'], 'no-store');
  t.equal(whole.headers['content-disposition'], undefined);

  const head = await dashboard.app.inject({
    method: 'HEAD',
    url: `/api/v1${path}`,
    headers: { cookie, range: 'bytes=0-9' },
  });
  t.equal(head.statusCode, 200);
  t.equal(head.headers['content-length'], `${bytes.length}`);
  t.equal(head.headers.etag, whole.headers.etag);
  t.equal(head.rawPayload.length, 0);

  const same = await get(dashboard.app, path, cookie, { 'if-none-match': whole.headers.etag });
  t.equal(same.statusCode, 304);
  t.equal(same.rawPayload.length, 0);

  const download = await get(dashboard.app, `${path}?download=1`, cookie);
  const name = `tapedeck-2026-07-26-0950-${call.id}.ogg`;
  t.equal(
    download.headers['content-disposition'],
    `attachment; filename="${name}"; filename*=UTF-8''${name}`,
  );
});

t.test('what cannot be played says why', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const cookie = await setUp(dashboard);
  const code = async (id: string, headers = {}) => {
    const response = await get(app, `/calls/${id}/audio`, cookie, headers);
    return `${response.statusCode} ${response.json().error.code}`;
  };

  t.equal(await code((await addCall(catalogue)).id), '404 recording_absent');
  t.equal(await code('nonsense'), '404 call_unknown');

  const erased = await addRecording(dashboard, randomBytes(10));
  await catalogue.recordings.eraseIntended(erased.recording.id, noted('Its time had come.'), 1);
  t.equal(await code(erased.call.id), '410 key_missing');
  await catalogue.recordings.erased(erased.recording.id, 2);
  t.equal(await code(erased.call.id), '410 key_missing');

  const keyless = await addRecording(dashboard, randomBytes(10));
  await dashboard.keys.destroy(keyless.recording.id);
  t.equal(await code(keyless.call.id), '410 key_missing');

  const cut = await addRecording(dashboard, randomBytes(3 * CHUNK));
  truncateSync(cut.path, readFileSync(cut.path).length - 1);
  t.equal(await code(cut.call.id), '500 seal_damaged');

  const flipped = await addRecording(dashboard, randomBytes(3 * CHUNK));
  const sealed = readFileSync(flipped.path);
  flip(flipped.path, sealed, 1000);
  t.equal(await code(flipped.call.id), '500 seal_damaged', 'damage in the first bytes asked for');
  t.notOk((await get(app, `/calls/${flipped.call.id}/audio`, cookie)).headers.etag);
  const after = await get(app, `/calls/${flipped.call.id}/audio`, cookie, { range: `bytes=${CHUNK}-` });
  t.equal(after.statusCode, 206, 'what is not damaged can be heard');

  const outside = await addRecording(dashboard, randomBytes(10), { recording: { file: '../elsewhere.age' } });
  t.equal(await code(outside.call.id), '404 recording_absent', 'its row is not believed');
});

t.test('damage found on the way breaks the connection off, and the log says so', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, lines } = dashboard;
  const cookie = await setUp(dashboard);
  const { call, path } = await addRecording(dashboard, randomBytes(40 * CHUNK));
  const sealed = readFileSync(path);
  flip(path, sealed, 20 * CHUNK);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const response = await fetch(`${address}/api/v1/calls/${call.id}/audio`, { headers: { cookie } });
  t.equal(response.status, 200);
  await t.rejects(response.arrayBuffer());
  t.ok(lines.some((line) => line.includes('altered or truncated')));
});

t.test('a listener who goes away closes the file', async (t) => {
  let open = 0;
  const closed: (() => void)[] = [];
  const dashboard = await openDashboard(t, {
    watchSealed: (sealed) => {
      open += 1;
      const close = async () => {
        await sealed.close();
        open -= 1;
        for (const tell of closed.splice(0)) tell();
      };
      return { ...sealed, close };
    },
  });
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const { call } = await addRecording(dashboard, randomBytes(300 * CHUNK));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };

  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /api/v1/calls/${call.id}/audio HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  t.equal(open, 1);
  const gone = new Promise<void>((resolve) => closed.push(resolve));
  socket.destroy();
  await gone;
  t.equal(open, 0);

  for (const headers of [{ range: 'bytes=99999999-' }, { 'if-none-match': '*' }])
    await get(app, `/calls/${call.id}/audio`, cookie, headers);
  t.equal(open, 0, 'nor does an answer without sound keep it open');
});
