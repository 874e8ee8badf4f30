import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import {
  EXPECTED,
  type Heard,
  isTestLeg,
  judge,
  type TestCall,
  testLegs,
} from '../../daemon/domain/call/test-call.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { FIRST } from '../../daemon/domain/pbx.js';
import { createToneMeter, TONE_WINDOW_MS } from '../../daemon/encode/tones.js';
import { createPasses } from '../../daemon/ops/passes.js';
import { translateAri } from '../../daemon/pbx/translate.js';
import { installed, leavesNothing, spooled } from '../support/pbx/test-calls.js';
import { createRecorderLab, until } from '../support/recorder.js';
import { addCall, addRecording, get, openDashboard, setUp } from '../support/web/dashboard.js';

/** Short, for the socket in it. */
const home = t.testdir({});
const RATE = 8000;
type Sine = { hz: number; fromMs: number; untilMs: number; db?: number };

/** Stereo of these sines, heard as the test call hears it: in pieces that do not end where samples do. */
function heard(left: Sine[], right: Sine[], durationMs = EXPECTED.durationMs): Heard {
  const frames = (durationMs * RATE) / 1000;
  const pcm = Buffer.alloc(frames * 4);
  for (let i = 0; i < frames; i++)
    for (const [side, sines] of [left, right].entries()) {
      const at = (i * 1000) / RATE;
      const sum = sines
        .filter((s) => at >= s.fromMs && at < s.untilMs)
        .map((s) => 10 ** ((s.db ?? EXPECTED.levelDb) / 20) * Math.sin((2 * Math.PI * s.hz * i) / RATE))
        .reduce((a, b) => a + b, 0);
      pcm.writeInt16LE(Math.round(sum * 32_767), i * 4 + side * 2);
    }
  const meter = createToneMeter({ rate: RATE, tones: [EXPECTED.tones.left.hz, EXPECTED.tones.right.hz] });
  for (let at = 0; at < pcm.length; at += 1001) meter.write(pcm.subarray(at, at + 1001));
  const got = meter.result();
  return {
    windowMs: TONE_WINDOW_MS,
    durationMs: got.durationMs,
    levels: {
      left: { left: got.left[0]!, right: got.left[1]! },
      right: { left: got.right[0]!, right: got.right[1]! },
    },
  };
}
const found = (h: Heard) => judge(h).faults.map((f) => f.fault);
const { left: L, right: R } = EXPECTED.tones;

t.test('the verdict names what is wrong with the sound, and nothing that is right', async (t) => {
  t.same(found(heard([L], [R])), []);
  t.same(found(heard([R], [L])), ['swapped', 'swapped']);
  t.same(found(heard([], [R])), ['silent']);
  t.same(found(heard([], [])), ['silent', 'silent']);
  t.same(found(heard([L, { ...R, db: -55 }], [R])), ['mixed'], '36 dB down is too near');
  t.same(found(heard([L, { ...R, db: -65 }], [R])), [], '46 dB down is apart');
  t.same(found(heard([{ ...L, db: -23.5 }], [R])), ['level']);
  t.same(found(heard([{ ...L, db: -17 }], [{ ...R, db: -21.5 }])), [], 'within 3 dB');
  t.same(found(heard([{ ...L, fromMs: 1300, untilMs: 3800 }], [R])), ['offset']);
  t.same(found(heard([L], [{ ...R, fromMs: 3840, untilMs: 6340 }])), [], 'within 200 ms');
  const holes = (ms: number) => [
    { ...L, untilMs: 2000 },
    { ...L, fromMs: 2000 + ms },
  ];
  t.same(found(heard(holes(60), [R])), ['dropouts'], '60 ms of 2.5 s are missing');
  t.same(found(heard(holes(20), [R])), [], '20 ms are one frame that came late');
  t.same(found(heard([L], [R], 7100)), ['duration']);
  t.same(found(heard([L], [R], 7700)), [], 'within 300 ms');
  const { measures } = judge(heard([{ ...L, fromMs: 1100, untilMs: 3600 }], [R]));
  t.equal(measures.left?.offsetMs, 100);
  t.equal(measures.left?.levelDb, EXPECTED.levelDb);
});

t.test(
  'only our own Local channel is a test call: neither its name nor its id alone makes one',
  async (t) => {
    const id = testLegs('01ARZ3NDEKTSV4RRFFQ69G5FAV').answering;
    t.ok(isTestLeg(id, 'Local/answer@tapedeck-test-00000007;2'));
    const leg = (channel: object) =>
      translateAri({ type: 'ChannelCreated', channel: { state: 'Up', ...channel } }, 0);
    t.not(leg({ id, name: 'Local/answer@tapedeck-test-00000007;2' }), null);
    t.equal(leg({ id: '1700000000.7', name: 'Local/answer@tapedeck-test-00000007;2' }), null);
    t.equal(leg({ id, name: 'Local/101@internal-00000007;2' }), null);
    t.notOk(
      isTestLeg(id, 'PJSIP/answer@tapedeck-test-00000007'),
      'a phone is a person, whatever it is called',
    );
  },
);

t.test('a pass opens the recording of one test call, once, within a minute, and nothing else', async (t) => {
  let now = 0;
  const passes = createPasses({ clock: () => now });
  const dashboard = await openDashboard(t, { recorder: { passes } });
  const { app } = dashboard;
  const bytes = randomBytes(10_000);
  const test = await addRecording(dashboard, bytes, { call: { test: true } });
  const other = await addRecording(dashboard, bytes, { call: { test: true } });
  const real = await addRecording(dashboard, bytes);
  const ask = (path: string, pass: string, headers = {}) =>
    get(app, path, undefined, { authorization: `TestCall ${pass}`, ...headers });
  const audio = (id: string) => `/calls/${id}/audio`;
  const id = test.call.id;

  const pass = passes.give(id);
  const good = await ask(audio(id), pass, { range: 'bytes=0-99' });
  t.equal(good.statusCode, 206);
  t.same(good.rawPayload, bytes.subarray(0, 100));
  t.equal((await ask(audio(id), pass)).statusCode, 401, 'used twice');
  t.equal((await ask(audio(id), passes.give(other.call.id))).statusCode, 401, 'of another test call');
  t.equal((await ask(audio(real.call.id), passes.give(id))).statusCode, 401, 'for a real call');
  t.equal(
    (await ask(audio(real.call.id), passes.give(real.call.id))).statusCode,
    401,
    'even if it were given',
  );
  const late = passes.give(id);
  now += 60_000;
  t.equal((await ask(audio(id), late)).statusCode, 401, 'expired');
  for (const path of [
    `/calls/${id}`,
    `/calls/${id}/peaks`,
    '/calls',
    '/status',
    '/policy',
    '/retention/plan',
  ])
    t.equal((await ask(path, passes.give(id))).statusCode, 401, path);
  for (const wrong of ['', 'x', randomBytes(16).toString('base64url'), `${passes.give(id)}x`])
    t.equal((await ask(audio(id), wrong)).statusCode, 401);

  const cookie = await setUp(dashboard);
  t.equal((await get(app, audio(id), cookie)).statusCode, 404, 'people cannot play it');
  t.equal((await get(app, `/calls/${id}`, cookie)).statusCode, 404);
  t.same(
    (await get(app, '/calls', cookie)).json().calls.map((c: { id: string }) => c.id),
    [real.call.id],
  );
  const kept = await dashboard.catalogue.due.undated('', 9);
  t.same(
    kept.map((c) => c.id),
    [real.call.id],
    'nor does retention see it',
  );
  t.match(await dashboard.catalogue.due.keptSlice(null, Date.now()), { kept: 1, forEver: 1 });
});

t.test(
  'what is remembered ends after 30 days, but for the last good one; a real call is never removed',
  async (t) => {
    const { catalogue } = await openDashboard(t);
    const day = 86_400_000;
    const line = (at: number, outcome: TestCall['outcome']): TestCall => ({
      pbx: FIRST,
      at,
      outcome,
      fault: outcome === 'failed' ? 'silent' : null,
      detail: '',
      measures: judge(heard([L], [R])).measures,
      tookMs: 8000,
    });
    await catalogue.testCalls.remember(line(day, 'ok'));
    await catalogue.testCalls.remember(line(2 * day, 'failed'));
    await catalogue.testCalls.remember(line(40 * day, 'failed'));
    t.same(
      (await catalogue.testCalls.newest(9)).map((c) => c.at / day),
      [40, 1],
    );
    t.equal(await catalogue.testCalls.lastGood(FIRST), day);
    t.same((await catalogue.testCalls.newest(1))[0], line(40 * day, 'failed'));
    const call = await addCall(catalogue);
    await catalogue.testCalls.remove(call.id);
    t.ok(await catalogue.calls.get(call.id));
  },
);

t.test('a crash in mid-call leaves nothing either; a busy machine is not disturbed', async (t) => {
  const { pbx, recorder, make, examined } = await installed(t, home, 16);
  await recorder.startDaemon();
  await recorder.startWeb();
  t.match(await make(), { code: 0, outcome: 'ok' }, 'good on Asterisk 16');
  const faults = await examined('known fault');
  t.match(faults[0], {
    state: 'warn',
    says: /two directions have different codecs/,
    todo: /Upgrade to 16\.30/,
  });
  t.notOk(
    faults.some((f) => /falls silent/.test(f.says)),
    'what other builds suffer from is not told',
  );
  leavesNothing(t, pbx, recorder);
  const cut = make().catch(() => null);
  await until('it is being recorded', () => spooled(pbx).length === 2);
  await recorder.stopDaemon('SIGKILL');
  await cut;
  await recorder.startDaemon();
  t.match(await make(), { code: 0, outcome: 'ok' });
  leavesNothing(t, pbx, recorder);
  await recorder.stopDaemon();

  const busy = createRecorderLab({
    dir: join(home, 'busy'),
    pbx,
    testCalls: '[test_calls]\nschedule = "* * * * * *"\nmax_load = 0.1\n',
  });
  t.teardown(() => busy.stop());
  await busy.startDaemon();
  const file = catalogueFile(busy.dataDir);
  const line = await until('a line', () => {
    if (!existsSync(file)) return null;
    const db = new Database(file, { readonly: true });
    const row = db.prepare('SELECT * FROM test_calls').get();
    db.close();
    return row as { outcome: string; detail: string } | undefined;
  });
  t.match(line, { outcome: 'skipped', detail: /The load is \d+\.\d\d for each core; the limit is 0.1/ });
  t.same(spooled(pbx), []);
});
