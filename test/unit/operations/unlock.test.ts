import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { createUnlock } from '../../../daemon/operations/unlock.js';
import { createLog } from '../../../daemon/ops/log.js';
import { restartDashboard } from '../../../daemon/ops/process/restart-dashboard.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { createRestarter, requestsIn } from '../../support/box/restarter.js';

const MINUTE = 60;

/** Someone who looks every half second, by a clock that is moved by hand. Times are in seconds from its start. */
function lab({ taken = true } = {}) {
  let now = 0;
  const restarts: number[] = [];
  const entries: object[] = [];
  const { standing, alarms } = alarmBoard();
  const unlock = createUnlock({
    file: '/c.db',
    restart: async () => {
      restarts.push(now / 1_000);
      return taken;
    },
    restarted: async (detail) => void entries.push(detail),
    alarms,
    elapsed: () => now,
    log: createLog('silent', 'test'),
  });
  return {
    ...{ unlock, restarts, entries },
    alarm: () => standing.get('dashboard_restarted'),
    async pass(seconds: number) {
      for (const until = now + seconds * 1_000; now < until; ) {
        now += 500;
        await unlock.look();
      }
    },
  };
}

t.test('a catalogue that can be written, and a short lock, have nobody restarted', async (t) => {
  const { unlock, restarts, pass, alarm } = lab();
  await pass(20);
  for (let n = 0; n < 5; n += 1) {
    unlock.locked(true);
    await pass(2.5);
    unlock.locked(false);
    await pass(1);
  }
  t.same(restarts, []);
  t.notOk(alarm());
});

t.test('a lock has the dashboard restarted after some seconds, with an alarm and an entry', async (t) => {
  const { unlock, restarts, entries, pass, alarm } = lab();
  unlock.locked(true);
  await pass(4);
  t.same(restarts, [3]);
  t.same(entries, [{ because: 'catalogue_locked', seconds: 3 }]);
  unlock.locked(false);
  await pass(2 * MINUTE);
  t.same(restarts, [3], 'once is enough');
  t.match(alarm(), { severity: 'warning', message: /^The dashboard was restarted: / }, 'it stays to be seen');
});

t.test('a lock that stays is held by somebody else, which is said until it is gone', async (t) => {
  const { unlock, restarts, entries, pass, alarm } = lab();
  unlock.locked(true);
  await pass(32);
  t.match(alarm(), { severity: 'warning' }, 'systemd may still be at it');
  await pass(2);
  t.match(alarm(), { severity: 'critical', message: /another program holds it/, hint: /lslocks/ });
  await pass(40 * MINUTE);
  t.same(restarts, [3, 3 + 60, 3 + 660, 3 + 1260, 3 + 1860], 'the pauses grow');
  t.equal(entries.length, 5);
  t.match(alarm(), { severity: 'critical' }, 'no restart takes that back');
  unlock.locked(false);
  t.notOk(alarm());
});

t.test('a dashboard that takes the lock again at once is not restarted all the time', async (t) => {
  const { unlock, restarts, pass } = lab();
  for (let n = 0; n < 60; n += 1) {
    unlock.locked(true);
    const before = restarts.length;
    for (let waited = 0; waited < 11 * MINUTE && restarts.length === before; waited += 1) await pass(1);
    unlock.locked(false);
    await pass(1);
  }
  const pauses = restarts.slice(1).map((at, i) => at - restarts[i]!);
  t.equal(restarts.length, 60, 'and never has it for good');
  t.same([...new Set(pauses)], [60, 600]);
  await pass(7 * 60 * MINUTE);
  const began = restarts.at(-1)!;
  unlock.locked(true);
  await pass(2 * MINUTE);
  t.equal(restarts.length, 62, 'after some hours of peace the pauses begin anew');
  t.ok(restarts.at(-2)! - began > 7 * 60 * MINUTE);
});

t.test('where nobody restarts the dashboard, nothing is said of a restart', async (t) => {
  const { unlock, restarts, entries, pass, alarm } = lab({ taken: false });
  unlock.locked(true);
  await pass(30 * MINUTE);
  t.ok(restarts.length < 6, 'it is not asked for all the time either');
  t.same(entries, []);
  t.notOk(alarm());
});

t.test('a catalogue that is locked at the start is opened when it can be', async (t) => {
  const { unlock } = lab();
  let tries = 0;
  await unlock.opening(async () => {
    tries += 1;
    if (tries < 3) throw fail('catalogue_locked');
  });
  t.equal(tries, 3);
  await t.rejects(
    unlock.opening(async () => {
      throw fail('catalogue_newer');
    }),
    { code: 'catalogue_newer' },
    'every other error ends the start',
  );
});

/** This process as the recorder's unit runs it. */
function requests(t: Test): string {
  const dir = t.testdir({ 'tapedeck-requests': {} });
  const before = process.env.RUNTIME_DIRECTORY;
  process.env.RUNTIME_DIRECTORY = `/run/tapedeck:${requestsIn(dir)}`;
  t.teardown(() => {
    if (before === undefined) delete process.env.RUNTIME_DIRECTORY;
    else process.env.RUNTIME_DIRECTORY = before;
  });
  return requestsIn(dir);
}

t.test('a request is taken, or taken back', async (t) => {
  t.equal(await restartDashboard(50), false, 'without a folder from systemd there is nobody to ask');
  const folder = requests(t);
  t.equal(await restartDashboard(200), false, 'nobody takes it');
  t.same(readdirSync(folder), [], 'it does not stay');
  const restarter = createRestarter(folder, () => {});
  t.teardown(restarter.stop);
  writeFileSync(join(folder, 'restart-web'), '');
  t.equal(await restartDashboard(), true, 'one that was left does not hinder');
});
