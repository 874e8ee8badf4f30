import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ulid } from 'ulid';
import type { ReadEntry } from '../../../daemon/catalogue/audit.js';
import { until } from '../../support/recorder.js';
import { flip } from '../../support/recordings/sealed.js';
import { TOKENS } from '../../support/requests/prove-all.js';
import { actions, del, log, written } from '../../support/web/audit-log.js';
import {
  addRecording,
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';

const MINUTE = 60_000;

/** Three minutes of noise: nobody decodes it here. */
const sound = randomBytes(540_000);
/** What is sent is counted where it is sent: by a socket. */
async function overTheWire({ app }: Dashboard, cookie: string) {
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${address}/api/v1${path}`, { headers: { cookie, ...headers } });
    return Buffer.from(await answer.arrayBuffer());
  };
}
const idle = { playing: { idleMs: 45_000, sweepMs: 20, writeMs: 600_000 } };

t.test(
  'what was heard is what the player says, as far as it was sent; one entry for a stretch of listening',
  async (t) => {
    const d = await openDashboard(t, idle);
    const cookie = await setUp(d);
    const { call } = await addRecording(d, sound);
    const fetched = await overTheWire(d, cookie);
    const range = (from: number, to: number) =>
      fetched(`/calls/${call.id}/audio`, { range: `bytes=${from}-${to}` });
    const heard = (...stretches: [number, number][]) =>
      post(d.app, `/calls/${call.id}/heard`, { heard: stretches }, { cookie });
    await range(0, 179_999);
    await range(180_000, 269_999);
    t.match((await heard([0, 15_000])).json(), { counted_ms: 15_000 });
    d.clock.ms += 15_000;
    await heard([15_000, 30_000]);
    d.clock.ms += 15_000;
    await heard([30_000, 41_000], [60_000, 65_000]);
    t.match((await heard([170_000, 180_000])).json(), { counted_ms: 0 }, 'that was never sent');
    t.equal((await heard([5, 1e8])).statusCode, 200, 'capped');
    t.equal((await heard([-1, 5])).statusCode, 400);
    t.same((await actions(d)).slice(2), ['play'], 'nothing more while it goes on');
    d.clock.ms += 46_000;
    const [entry] = (await written(d, 'heard')) as [ReadEntry];
    t.match(entry, { actor_name: 'anna', object: 'call', object_id: call.id, outcome: 'ok' });
    t.match(entry.detail.heard, [/^0-1[01]\d{4}$/], 'up to what was sent, and a little');
    t.ok(Number(entry.detail.not_sent_ms) > 60_000);
    t.ok(Number(entry.detail.bytes) >= 270_000);
    d.clock.ms += 46_000;
    await heard([66_000, 67_000]);
    await del(d, '/session', cookie);
    const more = (await written(d, 'heard', 2)) as ReadEntry[];
    t.match(more[1]!.detail, { heard: ['66000-67000'], total_ms: 1000 }, 'signing out ends it');
    t.equal((await actions(d)).filter((a) => a === 'play').length, 1);
  },
);

t.test(
  'bytes that were sent are on record, however they were asked for and whatever a player says of them',
  async (t) => {
    const d = await openDashboard(t, idle);
    const cookie = await setUp(d);
    const { call } = await addRecording(d, sound);
    const fetched = await overTheWire(d, cookie);
    const parts = 12;
    const size = sound.length / parts;
    const heard = (...stretches: [number, number][]) =>
      post(d.app, `/calls/${call.id}/heard`, { heard: stretches }, { cookie });
    for (let n = 0; n < parts; n++) {
      await fetched(`/calls/${call.id}/audio`, { range: `bytes=${n * size}-${(n + 1) * size - 1}` });
      await heard(...(n === 0 ? [[0, 1] as [number, number]] : []));
      d.clock.ms += 52_000;
      if (n === 0) await written(d, 'heard');
    }
    await del(d, '/session', cookie);
    const bytes = async () =>
      (await log(d))
        .filter((e) => e.object === 'call')
        .reduce((sum, e) => sum + Number(e.detail.bytes ?? 0), 0);
    await until('all of it', async () => (await bytes()) === sound.length);
    t.equal((await actions(d)).filter((a) => a === 'heard').length, 1);
  },
);

t.test('what is heard after the session has got a new token is written all the same', async (t) => {
  const d = await openDashboard(t, idle);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, sound);
  const fetched = await overTheWire(d, cookie);
  await fetched(`/calls/${call.id}/audio`);
  const proved = cookieOf(await post(d.app, '/session/proof', { password, act: TOKENS }, { cookie }));
  t.not(proved, cookie);
  const said = await post(d.app, `/calls/${call.id}/heard`, { heard: [[0, 9000]] }, { cookie: proved });
  t.match(said.json(), { counted_ms: 9000 });
  d.clock.ms += 46_000;
  t.match(await written(d, 'heard'), [{ detail: { total_ms: 9000, bytes: sound.length } }]);
});

t.test('a waveform is on record, and needs a reason where the sound does', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const { call } = await addRecording(d, sound);
  const id = ulid();
  await d.catalogue.people.add({
    ...{
      id,
      name: 'Cleo',
      roles: ['auditor'],
      grants: [],
      extensions: [],
      passwordHash: '',
      createdAt: START,
    },
    scope: { all: false, extensions: [], queues: [], dids: [] },
  });
  const auditor = await signInAs(d, id);
  const peaks = (as: string) => get(d.app, `/calls/${call.id}/peaks`, as);
  for (let n = 0; n < 50; n++) t.match((await peaks(auditor)).json().error, { code: 'reason_needed' });
  await post(d.app, `/calls/${call.id}/listen`, { reason: 'Complaint 12' }, { cookie: auditor });
  t.equal((await peaks(auditor)).statusCode, 200);
  t.equal((await peaks(auditor)).statusCode, 200);
  const [entry] = (await written(d, 'view')) as ReadEntry[];
  t.match(entry, {
    actor_name: 'Cleo',
    object_id: call.id,
    reason: 'Complaint 12',
    detail: { waveform: true },
  });
  t.equal((await peaks(cookie)).statusCode, 200);
  t.match(((await written(d, 'view', 2)) as ReadEntry[])[1], { actor_name: 'anna', reason: '' });
});

t.test('a script that takes the file without a player shows, and so does a download', async (t) => {
  const d = await openDashboard(t, idle);
  const cookie = await setUp(d);
  const { call, path } = await addRecording(d, sound);
  const fetched = await overTheWire(d, cookie);
  t.equal((await fetched(`/calls/${call.id}/audio`)).length, sound.length);
  d.clock.ms += 46_000;
  const plays = (await written(d, 'play', 2)) as ReadEntry[];
  t.match(plays[1]!.detail, { bytes: sound.length, of_bytes: sound.length, player: false });
  await fetched(`/calls/${call.id}/audio?download=1`);
  t.match(await written(d, 'download'), [{ object_id: call.id, actor_name: 'anna' }]);
  flip(path, readFileSync(path), 400);
  d.clock.ms += 11 * MINUTE;
  t.equal((await get(d.app, `/calls/${call.id}/audio`, cookie)).statusCode, 500);
  t.match(await written(d, 'damage'), [{ actor: 'tapedeck', object_id: call.id, outcome: 'failed' }]);
  t.same(
    (await log(d)).filter((e) => e.object === 'call').map((e) => e.action),
    ['play', 'play', 'download', 'play', 'damage'],
    'all of it is found by the call',
  );
});
