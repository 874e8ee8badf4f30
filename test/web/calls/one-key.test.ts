import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { createPasses } from '../../../daemon/ops/passes.js';
import { goAway } from '../../support/requests/asking.js';
import {
  addRecording,
  type Dashboard,
  get,
  openDashboard,
  START,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

const CHUNK = 65_536;

/** The requests for keys, as far as they were made. */
const opened = ({ asked }: Dashboard) => asked.filter(({ name }) => name === 'open_recording').length;
const plays = async ({ catalogue }: Dashboard) =>
  (await catalogue.audit.entries({ actions: ['play', 'download'], limit: 99 })).length;

t.test('one playing asks for one key, whatever ranges it needs', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const bytes = randomBytes(3 * CHUNK);
  const { call, recording } = await addRecording(d, bytes);
  const path = `/calls/${call.id}/audio`;
  const play = (range: string, url = path) => get(d.app, url, cookie, { range: `bytes=${range}` });

  const head = await d.app.inject({ method: 'HEAD', url: `/api/v1${path}`, headers: { cookie } });
  t.equal(head.headers['content-length'], `${bytes.length}`);
  t.equal((await get(d.app, path, cookie, { 'if-none-match': head.headers.etag })).statusCode, 304);
  t.equal((await play('9999999-')).statusCode, 416);
  t.same([opened(d), await plays(d)], [0, 0], 'what has no sound asks for none');

  t.ok((await play('0-99')).rawPayload.equals(bytes.subarray(0, 100)));
  t.equal((await play(`${CHUNK}-`)).statusCode, 206);
  t.same([opened(d), await plays(d)], [1, 1]);
  t.equal((await play('0-99', `${path}?download=1`)).statusCode, 206);
  t.same([opened(d), await plays(d)], [2, 2], 'a download is another');

  d.clock.ms += 9 * 60_000;
  await play('0-99');
  d.clock.ms += 9 * 60_000;
  await play('0-99');
  t.equal(opened(d), 2, 'it goes on');
  d.clock.ms += 10 * 60_000;
  await play('0-99');
  t.same([opened(d), await plays(d)], [3, 3], 'after ten idle minutes it is asked for anew');

  const [anna] = await d.catalogue.people.list();
  await get(d.app, path, await signInAs(d, anna!.id), { range: 'bytes=0-99' });
  t.equal(opened(d), 4, 'another session has its own');

  await d.catalogue.recordings.eraseIntended(recording.id, noted('Its time had come.'), d.clock.ms);
  t.equal((await play('0-99')).json().error.code, 'key_missing', 'though its key is still there');
  t.equal(opened(d), 4);
});

t.test('the key of a session that has ended is asked for anew', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, randomBytes(1_000));
  const path = `/calls/${call.id}/audio`;
  t.equal((await get(d.app, path, cookie)).statusCode, 200);
  const out = await d.app.inject({
    method: 'DELETE',
    url: '/api/v1/session',
    headers: { cookie, 'x-tapedeck': '1' },
  });
  t.equal(out.statusCode, 200);
  t.equal((await get(d.app, path, cookie)).statusCode, 401);
  t.equal(opened(d), 1);
});

t.test('a recording that is erased while it is played is sent no further', async (t) => {
  const d = await openDashboard(t, { live: { pollMs: 20 } });
  const cookie = await setUp(d);
  const { call, recording } = await addRecording(d, randomBytes(300 * CHUNK));
  await d.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = d.app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(`GET /api/v1/calls/${call.id}/audio HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  const cut = new Promise<void>((resolve) => {
    const seen = setInterval(() => {
      if (!d.lines.some((line) => line.includes('an answer was cut off'))) return;
      clearInterval(seen);
      resolve();
    }, 10);
  });
  await d.catalogue.recordings.eraseIntended(recording.id, noted('Its time had come.'), d.clock.ms);
  await cut;
  let bytes = 0;
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  t.ok(bytes < 200 * CHUNK, 'what was on its way already');
});

t.test('without the recorder nothing is played', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, randomBytes(1_000));
  goAway(d);
  t.equal((await get(d.app, `/calls/${call.id}/audio`, cookie)).statusCode, 503);
});

t.test('the pass of a test call is taken by the route that it is for, once', async (t) => {
  const passes = createPasses({ clock: () => START });
  const d = await openDashboard(t, { recorder: { passes } });
  await setUp(d);
  const bytes = randomBytes(9_000);
  const { call } = await addRecording(d, bytes, { call: { test: true } });
  const fetch = (pass: string, path = `/calls/${call.id}/audio`, range = 'bytes=0-') =>
    get(d.app, path, undefined, { authorization: `TestCall ${pass}`, range });
  t.equal((await fetch('A'.repeat(22))).statusCode, 401);
  const elsewhere = passes.give(call.id);
  t.equal((await fetch(elsewhere, `/calls/${call.id}`)).statusCode, 401);
  const first = passes.give(call.id);
  t.ok((await fetch(first, undefined, 'bytes=0-4095')).rawPayload.equals(bytes.subarray(0, 4096)));
  t.equal((await fetch(first)).statusCode, 401, 'a second time');
  const second = await fetch(passes.give(call.id), undefined, 'bytes=4096-');
  t.ok(second.rawPayload.equals(bytes.subarray(4096)));
  t.equal(await plays(d), 0, 'and leaves no entry');
});
