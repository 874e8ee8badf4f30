import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { BOUND_MS, createGate } from '../../../daemon/ops/process/gate.js';
import { createPressure } from '../../../daemon/ops/process/pressure.js';
import { createSchedule } from '../../../daemon/ops/schedule.js';
import { repeatedly, retryDelay, serialQueue, singleFlight } from '../../../daemon/ops/turns.js';

/** A job that ends when it is told to, and how often it was begun. */
function byHand() {
  const ends: ((fault?: Error) => void)[] = [];
  return {
    ends,
    job: () =>
      new Promise<number>((resolve, reject) => {
        const n = ends.length;
        ends.push((fault) => (fault ? reject(fault) : resolve(n)));
      }),
  };
}

t.test('a single flight is joined, and another begins when it is over', async (t) => {
  const { ends, job } = byHand();
  const { run, idle } = singleFlight(job);
  const both = [run(), run()];
  t.equal(ends.length, 1);
  ends[0]!();
  t.same(await Promise.all(both), [0, 0]);
  const broken = run();
  const over = idle();
  ends[1]!(new Error('no'));
  await t.rejects(broken, /no/);
  await over;
  const last = run();
  ends[2]!();
  t.equal(await last, 2);
});

t.test('in a queue one comes after the other, whatever became of it', async (t) => {
  const { ends, job } = byHand();
  const queue = serialQueue();
  const first = queue.run(job);
  const second = queue.run(job);
  await turn();
  t.equal(ends.length, 1, 'the second waits');
  ends[0]!(new Error('no'));
  await t.rejects(first, /no/);
  await turn();
  ends[1]!();
  t.equal(await second, 1);
  await queue.idle();
});

t.test('what is repeated is never done twice at once, and a failure does not end it', async (t) => {
  const { ends, job } = byHand();
  const faults: unknown[] = [];
  const looking = repeatedly(
    5,
    async () => void (await job()),
    (err) => faults.push(err),
  );
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  looking.start();
  mock.timers.tick(5);
  t.equal(ends.length, 1);
  mock.timers.tick(50);
  await turn();
  t.equal(ends.length, 1, 'turns are left out');
  ends[0]!(new Error('no'));
  await turn();
  t.match(faults, [{ message: 'no' }]);
  mock.timers.tick(5);
  t.equal(ends.length, 2);
  let stopped = false;
  const stop = looking.stop().then(() => {
    stopped = true;
  });
  await turn();
  t.equal(stopped, false, 'stopping waits for what is under way');
  ends[1]!();
  await stop;
  mock.timers.tick(50);
  await turn();
  t.equal(ends.length, 2, 'it is stopped');
});

t.test('the last delay goes for all later failures', async (t) => {
  t.same(
    [0, 1, 2, 9].map((failures) => retryDelay([10, 20, 30], failures)),
    [10, 20, 30, 30],
  );
});

t.test('what is not a cron expression is refused with the setting that has it', async (t) => {
  const schedule = createSchedule({
    ...{ setting: 'scrub.schedule', expression: 'at night', timeZone: 'UTC' },
    ...{ missedToo: true, job: async () => {} },
  });
  t.throws(() => schedule.start(), { code: 'config_invalid', message: /scrub\.schedule.*at night/ });
  await schedule.stop();
});

/** A gate that reads the pressure of this file, as the kernel writes it, and what it has said. */
function gated(t: Test) {
  const machine = join(t.testdir({}), 'cpu');
  const says: string[] = [];
  let now = 0;
  let idle = false;
  const read = createPressure({ pbx: [], machine: [machine], own: `${machine} that is not there` });
  const gate = createGate({
    read,
    free: () => idle,
    clock: () => now,
    log: { info: (...said: unknown[]) => says.push(String(said.at(-1))) } as never,
  });
  return {
    ...{ gate, says },
    /** Whether no call is in progress. */
    isIdle: (is: boolean) => {
      idle = is;
    },
    pass: (ms: number) => {
      now += ms;
    },
    /** The kernel says so, and it is looked at. */
    pressure(percent: number | string | null): void {
      const some = `some avg10=${typeof percent === 'number' ? percent.toFixed(2) : percent} avg60=0.00 avg300=0.00 total=1\n`;
      if (percent === null) rmSync(machine, { force: true });
      else writeFileSync(machine, `${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`);
      gate.look();
    },
  };
}

t.test('nothing begins while processor time is short, and one more at once after each calm look', (t) => {
  const { gate, pressure, says } = gated(t);
  pressure(1);
  const before = gate.enter({ since: null })!;
  t.match(gate.status(), { known: true, short: false });
  pressure(90);
  t.match(gate.status(), { known: true, short: true });
  t.equal(gate.enter({ since: 0 }), null);
  t.match(gate.enter({ since: 0, urgent: true }), { late: false }, 'what is urgent does not wait');
  pressure(60);
  t.equal(gate.enter({ since: 0 }), null, 'less, and not calm');
  pressure(1);
  t.equal(gate.enter({ since: 0 }), null, 'what had begun goes on, and counts');
  before.leave();
  before.leave();
  pressure(1);
  const one = gate.enter({ since: 0 });
  t.ok(one);
  t.equal(gate.enter({ since: 0 }), null, 'one at a time');
  pressure(60);
  t.equal(gate.enter({ since: 0 }), null, 'no more while it is not calm');
  pressure(1);
  t.ok(gate.enter({ since: 0 }));
  t.same(says, ['Processor time is short: recordings wait', 'There is processor time again']);
  t.end();
});

t.test('without a call in progress nothing waits for long, however busy the machine is', (t) => {
  const { gate, pressure, isIdle } = gated(t);
  pressure(90);
  t.equal(gate.enter({ since: 0 }), null);
  isIdle(true);
  pressure(90);
  t.ok(gate.enter({ since: 0 }));
  t.equal(gate.enter({ since: 0 }), null, 'one at a time at first');
  t.equal(gate.crowded(), true, 'it takes longer, though');
  isIdle(false);
  pressure(60);
  t.equal(gate.enter({ since: 0 }), null, 'less, but not calm, while there is a call');
  t.end();
});

t.test('after two hours it goes on anyway, one at a time, from the end of the call on', (t) => {
  const { gate, pressure, pass } = gated(t);
  pressure(90);
  const waits = gate.waiter();
  t.equal(waits(), true);
  pass(BOUND_MS - 1);
  t.equal(gate.enter({ since: 0 }), null);
  t.equal(waits(), true);
  pass(1);
  t.equal(gate.enter({ since: null }), null, 'what has time for ever waits');
  const late = gate.enter({ since: 0 });
  t.match(late, { late: true });
  t.equal(gate.enter({ since: 0 }), null, 'the next one waits for it');
  late!.leave();
  t.match(gate.enter({ since: 0 }), { late: true });
  t.equal(waits(), false);
  t.equal(waits(), true, 'one piece, and the next one waits as long');
  t.end();
});

t.test('where the kernel tells nothing, or what cannot be read, everything begins', (t) => {
  const { gate, pressure, says } = gated(t);
  const nothing = 'The kernel does not say whether processor time is short: nothing waits for it';
  for (const said of [null, '', 'NaN', '1e9', '-1.00', '100.01', '990.00']) {
    pressure(90);
    t.equal(gate.enter({ since: 0 }), null);
    pressure(said);
    t.match(gate.status(), { known: false, short: false }, `${said}`);
    t.ok(gate.enter({ since: 0 }), `${said}`);
  }
  t.equal(says.filter((one) => one === nothing).length, 7, 'and it says so');
  t.end();
});

t.test('little pressure on Asterisk is more than much on the machine, and our own thread counts', (t) => {
  const dir = t.testdir({
    machine: 'some avg10=60.00 avg60=0.00 avg300=0.00 total=1\n',
    pbx: 'some avg10=25.00 avg60=0.00 avg300=0.00 total=1\n',
    own: '1000000 0 7\n',
  });
  const at = (name: string) => join(dir, name);
  const read = createPressure({
    pbx: [at('none'), at('pbx')],
    machine: [at('none'), at('machine')],
    own: at('own'),
  });
  const over = () =>
    read()
      .filter(({ percent, short }) => percent >= short)
      .map(({ of }) => of);
  t.same(over(), ['pbx']);
  t.match(
    read().at(-1),
    { of: 'machine', calls: false },
    'which says nothing of calls where Asterisk is known',
  );
  writeFileSync(at('pbx'), '');
  t.same(over(), []);
  t.match(read().at(-1), { of: 'machine', calls: true });
  t.match(read(), [{ of: 'recorder', percent: 0 }, { of: 'machine' }]);
  writeFileSync(at('own'), `1000000 ${3_600e9} 8\n`);
  const [own] = read();
  t.ok(own!.of === 'recorder' && own!.percent > 0 && own!.percent <= 100, `${own!.percent}`);
  rmSync(at('own'));
  t.match(read(), [{ of: 'machine' }]);
  t.end();
});
