import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createTimekeeper } from '../../daemon/calls/timekeeper.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { PbxEvent } from '../../daemon/domain/call/event.js';
import type { Alarms } from '../../daemon/domain/operations/alarm.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { defaultPolicy } from '../../daemon/domain/policy/policy.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { createClock } from '../../daemon/ops/clock.js';
import { createLog } from '../../daemon/ops/log.js';
import { createStamps } from '../../daemon/pbx/stamps.js';
import { shown } from '../support/alarm-board.js';
import { createMovableClock } from '../support/clock.js';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';
import { createRecorderLab, seconds, until } from '../support/recorder.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEARS = 3_650 * DAY;
const T0 = Date.UTC(2026, 5, 1, 9);

/** A machine whose clock can be set, and time that passes when it is told to. */
function machine() {
  let passed = 0;
  let moved = 0;
  const clock = createClock({ wall: () => T0 + passed + moved, monotonic: () => passed });
  return {
    clock,
    wait: (ms: number) => {
      passed += ms;
    },
    set: (ms: number) => {
      moved += ms;
    },
  };
}

t.test(
  'our own time does not jump, and what cannot be undone waits for the earlier of two clocks',
  async (t) => {
    const { clock, wait, set } = machine();
    set(10 * YEARS);
    wait(1_000);
    t.equal(clock.now(), T0 + 1_000);
    t.equal(clock.sure(), T0 + 1_000, 'ten times ten years later nothing is due early');
    clock.follow();
    t.equal(clock.now(), T0 + 1_000 + 10 * YEARS);
    t.equal(clock.sure(), T0 + 1_000, 'nor when new calls bear the new time');
    set(-10 * YEARS - HOUR);
    t.equal(clock.sure(), T0 + 1_000 - HOUR);
    t.equal(clock.moved(), -HOUR);
  },
);

t.test('of a call that is dated too early, it is known by how much', async (t) => {
  const { clock, wait, set } = machine();
  wait(1_000);
  t.equal(clock.behind(), 0);
  set(-YEARS);
  clock.follow();
  t.equal(clock.behind(), YEARS);
  set(YEARS + HOUR);
  clock.follow();
  t.equal(clock.behind(), 0);
  clock.atLeast(T0 + 1_000 + DAY);
  wait(1_000);
  t.equal(clock.behind(), DAY - HOUR, 'also from what was recorded before the start');
});

/** Stamps of a PBX whose clock is `apart` from ours. `hear` has an event that happened at `at`, ours, heard `late`. */
function stamped({ apart = 0, answers = true } = {}) {
  const { clock, wait } = machine();
  let theirs = apart;
  const heard: number[] = [];
  let asked = 0;
  const stamps = createStamps({
    now: clock.now,
    ask: async () => {
      asked += 1;
      if (!answers) throw new Error('no answer');
      return clock.now() + theirs;
    },
    deliver: (event) => heard.push(event.at - T0),
  });
  return {
    heard,
    wait,
    stamps,
    asked: () => asked,
    setTheirs: (ms: number) => {
      theirs += ms;
    },
    hear: (late = 5) =>
      stamps.hear({ kind: 'snoop-up', id: 'x', at: clock.now() - late + theirs } satisfies PbxEvent, true),
    hearUnstamped: () => stamps.hear({ kind: 'snoop-up', id: 'x', at: 0 }, false),
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

t.test("events stand where they happened, whatever the PBX's clock shows or is set to", async (t) => {
  for (const apart of [0, HOUR, -YEARS]) {
    const pbx = stamped({ apart });
    await pbx.stamps.measure();
    pbx.wait(10_000);
    pbx.hear();
    pbx.setTheirs(YEARS);
    pbx.wait(10_000);
    pbx.hear();
    pbx.hearUnstamped();
    pbx.setTheirs(-2 * YEARS);
    pbx.wait(10_000);
    pbx.hear();
    pbx.wait(20);
    pbx.hear();
    await settled();
    t.same(
      pbx.heard.map((at) => Math.round(at / 100) * 100),
      [10_000, 20_000, 20_000, 30_000, 30_000],
      `${apart} ms apart`,
    );
    t.equal(pbx.asked(), 2, 'it was asked only when its clock seemed to have gone back');
  }
});

t.test('an event that was held up stands where it happened, also when the PBX does not answer', async (t) => {
  for (const answers of [true, false]) {
    const pbx = stamped({ answers, apart: HOUR });
    pbx.wait(1_000);
    pbx.hear(0);
    pbx.wait(60_000);
    pbx.hear(15_000);
    pbx.hear(14_000);
    pbx.hear(0);
    await settled();
    t.same(pbx.heard, [1_000, 46_000, 47_000, 61_000], answers ? 'by its answer' : 'by what was known');
  }
});

t.test('a clock that was moved is said, and followed when no call is in progress', async (t) => {
  const { clock, wait, set } = machine();
  const said: string[] = [];
  let idle = false;
  let skew = 0;
  let pass = () => {};
  const interval = t.intercept(globalThis, 'setInterval', {
    value: (work: () => void) => {
      pass = work;
      return setTimeout(() => {}, 0);
    },
  });
  const alarms: Alarms = {
    raise: (key, alarm) => said.push(`${key}: ${shown(alarm).message}`),
    clear: (key) => said.push(`clear ${key}`),
  };
  const keeper = createTimekeeper({
    clock,
    idle: () => idle,
    onStill: () => said.push('still'),
    pbxes: [{ id: '', stamps: { measure: async () => skew, forget: () => said.push('forget') }, alarms }],
    alarms,
    log: createLog('silent', 'test'),
  });
  keeper.start();
  interval.restore();
  const look = () => {
    said.length = 0;
    wait(1_000);
    pass();
    return said.filter((s) => !s.startsWith('clear pbx'));
  };
  t.same(look(), ['clear clock_moved']);
  set(1_900);
  t.same(look(), ['clear clock_moved'], 'less than two seconds are no matter');
  set(HOUR - 1_900);
  t.match(look(), [/clock_moved: This machine's clock was moved forward by about 1 hour/]);
  t.same(look(), [], 'said once');
  t.equal(clock.now(), T0 + 4_000, 'calls go on in their time');
  idle = true;
  t.same([...look(), ...look()], [], 'a call may be about to be sealed');
  t.same(look(), ['forget']);
  t.equal(clock.now(), T0 + 7_000 + HOUR);
  set(-HOUR - YEARS);
  t.match(look(), [/clock_moved.*moved back by about 3650 days/, 'forget']);
  set(YEARS);
  t.match(look(), ['clear clock_moved', 'forget'], 'it is back');

  skew = -5_000;
  said.length = 0;
  await keeper.compare('');
  t.match(said, [/pbx_clock: The PBX's clock is about 5 seconds behind this machine's/]);
  skew = 1_000;
  said.length = 0;
  await keeper.compare('');
  t.same(said, ['clear pbx_clock']);
  keeper.stop();
});

const DST = Date.UTC(2027, 2, 28, 1); // Berlin, 02:00 -> 03:00

t.test('calls keep their length and recordings stay, whatever happens to the clocks', async (t) => {
  const dir = t.testdir();
  const zone = { TZ: 'Europe/Berlin' };
  const pbxClock = createMovableClock(join(dir, 'pbx.clock'));
  const ourClock = createMovableClock(join(dir, 'our.clock'));
  const both = (ms: number) => {
    pbxClock.move(ms);
    ourClock.move(ms);
  };
  const pbx = await startPbx({ name: 'crash-clock', env: { ...zone, ...pbxClock.env } });
  t.teardown(() => pbx.stop());
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  await lab.phone('100', { source: () => tone(440) });
  const carrier = await lab.carrier();
  // As late as can be: a busy machine takes its time to start what is needed.
  both(DST - 30_000 - Date.now());
  const recorder = createRecorderLab({ dir: join(dir, 'recorder'), pbx, env: { ...zone, ...ourClock.env } });
  t.teardown(() => recorder.stop());
  const log = () => readFileSync(join(dir, 'recorder/run.log'), 'utf8');
  await recorder.startDaemon();
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const { version } = await catalogue.policy.newest();
  const rule = { name: 'Short', reason: 'The law.', when: {}, keep_days: 1 };
  await catalogue.policy.save({ ...defaultPolicy, retention: [rule] }, 'test', Date.now(), version);

  /** A call of about three seconds, in the middle of which something is done to the clocks. */
  async function callWith(what: string, caller: string, change: () => void): Promise<void> {
    const call = await carrier.call('5551000', { caller: { number: caller }, source: tone(700) });
    await call.answered;
    const began = performance.now();
    await seconds(1.5);
    change();
    await seconds(1.5);
    await call.hangup();
    const talked = performance.now() - began;
    const row = await until(`the recording of ${what}`, async () => {
      const found = (await catalogue.calls.list({ limit: 50 })).find((c) => c.them.number === caller);
      return found?.recording ? found : null;
    });
    const talk = row.endedAt! - row.answeredAt!;
    const { durationMs, sealedAt } = row.recording!;
    t.comment(
      `${what}: spoke ${Math.round(talked)} ms, row ${talk} ms, recording ${durationMs} ms, sealed ${sealedAt - row.endedAt!} ms later`,
    );
    t.ok(Math.abs(talk - talked) < 1_000, `${what}: the row has the length of the talk`);
    t.ok(Math.abs(talk - durationMs) < 1_000, `${what}: and so has the recording`);
    t.ok(row.coverage.missingMs < 1_000, `${what}: ${row.coverage.status} ${inWords(row.coverage.why)}`);
    t.ok(sealedAt >= row.endedAt! && sealedAt < row.endedAt! + 20_000, `${what}: sealed when it had ended`);
  }

  await until('it is nearly two o’clock', () => ourClock.now() > DST - 1_500);
  await callWith('the hour that does not exist', '+15550101', () => {});
  const rows = await catalogue.calls.list({ limit: 1 });
  t.ok(rows[0]!.answeredAt! < DST && rows[0]!.endedAt! > DST, 'it began before and ended after');
  await callWith('an hour forwards', '+15550102', () => both(HOUR));
  await until('it is said', () => /"alarm":"clock_moved".*forward by about 1 hour/.test(log()));
  await callWith('two hours back', '+15550103', () => both(-2 * HOUR));
  await callWith("only the PBX's, an hour forwards", '+15550104', () => pbxClock.move(HOUR));
  await callWith("only the PBX's, back again", '+15550105', () => pbxClock.move(-HOUR));
  await callWith('ten years back', '+15550106', () => both(-YEARS));
  await callWith('twenty years forwards', '+15550107', () => both(2 * YEARS));

  const kept = async () =>
    (await catalogue.calls.list({ limit: 50 })).filter((call) => call.recording?.state === 'sealed').length;
  t.equal(await kept(), 7);
  const run = await recorder.command(['retention', 'run']);
  t.match(run, { code: 0, out: '0 erased, 0 failed, 0 left.' });
  t.equal(await kept(), 7, 'ten years later by the clock nothing is due');
  await recorder.stopDaemon();
  await recorder.startDaemon();
  await until('it is refused, and said', () => log().includes('"alarm":"retention_refused"'));
  t.equal(await kept(), 7, 'nor after a start that finds the clock as it is');
});
