import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { BOUND_MS, createGate } from '../../../daemon/ops/process/gate.js';
import { createPressure } from '../../../daemon/ops/process/pressure.js';
import { until } from '../../support/recorder.js';
import { answeredAt, preserveLab, toneWav as wav } from '../../support/recordings/preserve-lab.js';

/** Recordings that cannot begin: the disk refuses the very first step, or calls need the processor. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test('an encoding whose bytes nobody takes is over, and says what refused', async (t) => {
  const encoder = createEncoder({ ffmpeg: createFfmpeg() });
  const refuse = () => Promise.reject(new Error('the disk is read-only'));
  const live = encoder.begin(
    { tags: { title: '', date: '', callId: id }, bitrate: 24_000, complexity: 3, rate: 8_000 },
    refuse,
  );
  await t.rejects(live.end(), { message: 'the disk is read-only' });
  await live.stop();
});

t.test('a call for which there is no place waits for one, and others do not wait for it', async (t) => {
  const lab = await preserveLab(t, { retries: [50, 50], again: 60_000 });
  const place = join(lab.dir, 'recordings');
  writeFileSync(place, 'in the way');
  await lab.add(id, [{ in: wav(3), out: wav(3) }]);
  lab.preserver.enqueue('', id);
  await until('the alarm', () => lab.standing.size > 0);
  await lab.settled(); // nothing hangs
  t.match((await lab.catalogue.calls.get(id))!.coverage.status, 'not_recorded');
  rmSync(place);
  await lab.preserver.resume();
  t.equal((await lab.run(id)).recording?.durationMs, 3_000);
});

t.test('a call for which there was no place while it went on is sealed when it has ended', async (t) => {
  const lab = await preserveLab(t, { retries: [50, 50] });
  const place = join(lab.dir, 'recordings');
  writeFileSync(place, 'in the way');
  await lab.add(id, [{ in: wav(4, 0), out: wav(4, 0), state: 'capturing' }], { endedAt: null });
  lab.captures.push({ pbx: '', callId: id });
  lab.preserver.start();
  const begun = async () => (await lab.catalogue.recordings.begun(id)).length;
  await until('it to be encoded', async () => (await begun()) > 0);
  // It fails without a word until there is more to encode.
  await until('the disk to refuse it', () => lab.unsealed.length > 0);
  rmSync(place);
  t.equal((await lab.hangUp(id, 4)).recording?.durationMs, 4_000);
});

/** A lab whose gate reads this pressure from a file, as the kernel writes it. */
async function pressed(t: Test) {
  const machine = join(t.testdir({}), '..', `${id}-pressure`);
  const pressure = (percent: number) => {
    writeFileSync(machine, `some avg10=${percent.toFixed(2)} avg60=0.00 avg300=0.00 total=1\n`);
    gate.look();
  };
  let now = answeredAt + 60_000;
  const read = createPressure({ pbx: [], machine: [machine], own: '' });
  const gate = createGate({ read, clock: () => now, log: pino({ level: 'silent' }) });
  t.teardown(() => rmSync(machine));
  const lab = await preserveLab(t, { gate });
  const sealed = async (call = id) => (await lab.catalogue.calls.get(call))?.recording?.state;
  return {
    ...{ ...lab, pressure, sealed },
    at: (ms: number) => {
      now = ms;
    },
  };
}
const two = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
const sides = () => [{ in: wav(1), out: wav(1) }];

t.test('a recording waits while processor time is short, and what is not kept does not', async (t) => {
  const lab = await pressed(t);
  lab.pressure(90);
  await lab.add(id, sides(), { talkMs: 1_000 });
  await lab.add(two, sides(), { talkMs: 2_000 });
  for (const call of [two, id]) lab.preserver.enqueue('', call);
  await lab.settled();
  t.same(lab.preserver.deferred(), { waiting: 2, oldestAt: answeredAt + 1_000 });
  t.equal(lab.preserver.waiting(), 2);
  t.equal(lab.spool().length, 4);

  await lab.say(two, 'decline');
  lab.preserver.enqueue('', two);
  await lab.settled();
  t.match((await lab.catalogue.calls.get(two))!.coverage, { status: 'declined' });
  t.equal(lab.spool().length, 2, 'its audio is gone');
  t.same(lab.preserver.deferred(), { waiting: 1, oldestAt: answeredAt + 1_000 });
  t.equal(await lab.sealed(), undefined);

  lab.pressure(1);
  await until('the other one', async () => (await lab.sealed()) === 'sealed');
  await until('its end', () => lab.preserver.waiting() === 0);
  t.same(lab.preserver.deferred(), { waiting: 0, oldestAt: null });
  t.equal(lab.standing.size, 0, 'nobody is alarmed');
});

t.test('two hours after its call ended a recording is made all the same, and an alarm says so', async (t) => {
  const lab = await pressed(t);
  lab.pressure(90);
  await lab.add(id, sides(), { talkMs: 1_000 });
  await lab.add(two, sides(), { talkMs: 2_000 });
  await lab.preserver.recover(''); // as after a restart
  await lab.settled();
  t.equal(lab.preserver.deferred().waiting, 2);
  lab.at(answeredAt + 1_000 + BOUND_MS);
  await until('the first', async () => (await lab.sealed()) === 'sealed');
  await until('the second to be left', () => lab.preserver.waiting() === 1);
  t.match(lab.standing.get('processor_short'), {
    severity: 'warning',
    why: { code: 'processor_short', params: { calls: 2, since: answeredAt + 1_000 } },
    forMs: 3_600_000, // it is told of, also if that was the only one
  });
  lab.pressure(1);
  await until('the second', async () => (await lab.sealed(two)) === 'sealed');
  await until('its end', () => lab.preserver.waiting() === 0);
});

t.test('a stop does not wait for processor time, nor does the recording of a test call', async (t) => {
  const lab = await pressed(t);
  lab.pressure(90);
  await lab.add(id, sides(), { talkMs: 1_000 });
  await lab.add(two, sides(), { talkMs: 1_000, test: true });
  lab.preserver.enqueue('', id);
  lab.preserver.enqueue('', two);
  await until('the test call', async () => (await lab.sealed(two)) === 'sealed');
  await lab.preserver.stop();
  t.equal(await lab.sealed(), undefined);
  t.equal(lab.spool().length, 2, 'what was captured is still there');
});

t.test(
  'a call in progress is not encoded while processor time is short; what is not kept of it goes',
  async (t) => {
    const lab = await pressed(t);
    lab.pressure(1);
    await lab.add(id, [{ in: wav(4, 0), out: wav(4, 0), state: 'capturing' }], { endedAt: null });
    lab.captures.push({ pbx: '', callId: id });
    lab.preserver.start();
    const begun = async () => (await lab.catalogue.recordings.begun(id)).map((place) => place.id);
    await until('it to be encoded', () => (lab.preserver.ahead()[0]?.ms ?? 0) >= 3_000);
    const [early] = await begun();
    lab.pressure(90);
    const lost = { in: [], out: [{ fromMs: 1_000, toMs: 1_000, ms: 300 }] };
    await lab.catalogue.segments.saveLost(id, 0, lost);
    await until('its end', async () => (await begun()).length === 0);
    await t.rejects(lab.identity(early!), 'its key is destroyed');
    t.same(lab.preserver.ahead(), []);
    lab.pressure(1);
    await until('it to be encoded anew', () => (lab.preserver.ahead()[0]?.ms ?? 0) >= 3_000);
  },
);
