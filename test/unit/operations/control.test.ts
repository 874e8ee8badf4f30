import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { CONTROL, type ControlHandlers, STREAMS } from '../../../daemon/domain/operations/control.js';
import { controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { ADMISSION } from '../../../daemon/operations/admission.js';
import { createControl } from '../../../daemon/operations/control.js';
import { ask, connectControl } from '../../../daemon/ops/control-client.js';
import { handlersOf, streamsOf } from '../../support/control-handlers.js';
import { until } from '../../support/recorder.js';

/** A recorder's sockets, with these handlers, and a dashboard's connection to them. */
async function sockets(t: Test, own: Partial<ControlHandlers>) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  const paths = { socket: controlSocket(dir), ownerSocket: ownerSocket(dir) };
  const make = () =>
    createControl({
      ...{ ...paths, log: pino({ level: 'silent' }) },
      ...{ handlers: handlersOf(own), streams: streamsOf() },
    });
  let control = make();
  await control.start();
  const dashboard = connectControl(dir);
  t.teardown(async () => {
    dashboard.stop();
    await control.stop();
    rmSync(dir, { recursive: true });
  });
  return {
    dir,
    dashboard,
    ...paths,
    async restart() {
      await control.stop();
      control = make();
      await control.start();
    },
  };
}

const me = { person: 'P', session: 'S', address: '' };

t.test('the dashboard cannot say that the command line asks, and the command line can', async (t) => {
  const asked: unknown[] = [];
  const { dir, dashboard } = await sockets(t, {
    cancel_job: ({ by }) => {
      asked.push(by);
      return null as never;
    },
  });
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await t.rejects(dashboard.ask('cancel_job', { by: { console: 'root' }, id }), { code: 'request_invalid' });
  t.same(asked, []);
  await t.rejects(dashboard.ask('cancel_job', { by: me, id }), { code: 'daemon_differs' });
  await t.rejects(ask(dir, 'cancel_job', { by: { console: 'root' }, id }), { code: 'daemon_differs' });
  t.same(asked, [me, { console: 'root' }]);
  await t.rejects(dashboard.ask('accept_log', { by: 'x', reason: 'y' }), { message: /404/ });
});

t.test('whatever the dashboard can have written has a line: by what right, and how often', async (t) => {
  const shared = [
    ...Object.entries(CONTROL).filter(([, one]) => one.socket === 'shared' && one.method === 'POST'),
    ...Object.entries(STREAMS),
  ].map(([name]) => name);
  t.same(Object.keys(ADMISSION).sort(), shared.sort());
  for (const [name, { right, quota }] of Object.entries(ADMISSION)) {
    t.equal(quota === null, right === 'code', `${name}: only a code that works once is its own limit`);
    if (quota === null) continue;
    const { each, all } = quota;
    for (const limit of [each, all]) t.ok(limit === null || (limit.burst > 0 && limit.hourly > 0), name);
    const { properties } = { ...CONTROL, ...STREAMS }[name as keyof typeof CONTROL].body;
    const names = 'by' in properties || 'person' in properties;
    t.equal(each !== null, names, `${name}: each person has their own where one is named`);
    t.equal(right === 'dashboard', !names, `${name}: somebody asks, unless it is the dashboard's own word`);
    t.equal(all === null, 'person' in properties, `${name}: strangers keep nobody out`);
  }
});

t.test('who asks too often is refused, others are not, and the command line has no quota', async (t) => {
  let asked = 0;
  const { dir, dashboard } = await sockets(t, { withdraw_consent: () => ({ asked: ++asked }) });
  const as = (person: string) => ({ by: { ...me, person }, id: 7 });
  const { burst } = ADMISSION.withdraw_consent!.quota!.each!;
  const many = Array.from({ length: burst + 5 }, () => dashboard.ask('withdraw_consent', as('P')));
  const refused = (await Promise.allSettled(many)).filter(
    ({ status, ...one }) => status === 'rejected' && 'reason' in one && one.reason.code === 'too_many',
  );
  t.equal(asked, burst);
  t.equal(refused.length, 5);
  await dashboard.ask('withdraw_consent', as('Q'));
  await ask(dir, 'withdraw_consent', as('P'));
  t.equal(asked, burst + 2);
  for (const name of ['test_alerts', 'run_test_call'] as const)
    await t.rejects(dashboard.ask(name), { message: /404/ }, 'nobody would have asked for it');
});

t.test('bodies are as long as their request needs, and no longer', async (t) => {
  const { dashboard } = await sockets(t, { save_policy: () => ({ version: 2 }) });
  /** Of about 30 kB for each rule. */
  const save = (rules: number) => {
    const when = { extension: Array.from({ length: 400 }, () => '9'.repeat(72)) };
    const retention = Array.from({ length: rules }, () => ({ name: 'A', reason: '', when, keep_days: 3 }));
    return dashboard.ask('save_policy', {
      ...{ by: me, based_on: 1, no_emergency_numbers: false },
      policy: { ...defaultPolicy, retention },
    });
  };
  t.same(await save(60), { version: 2 });
  await t.rejects(save(72), { code: 'request_invalid', detail: /too large/ });
  await t.rejects(dashboard.ask('cancel_job', { by: me, id: 'x'.repeat(70_000) }), {
    message: /too large/,
  });
});

t.test(
  'thousands of requests at once keep nothing waiting, and no more than a few are worked on',
  async (t) => {
    let [now, most, begun, done] = [0, 0, 0, 0];
    const { socket, dashboard } = await sockets(t, {
      async core_limit() {
        now += 1;
        begun += 1;
        most = Math.max(most, now);
        for (const until = performance.now() + 2; performance.now() < until; ); // as a write to a disk takes
        for (let n = 0; n < 50; n += 1) await turn(); // others have their turns meanwhile
        now -= 1;
        done += 1;
        return { limit: null };
      },
    });
    const flood = `
    const net = require('node:net');
    const [socket] = process.argv.slice(1);
    for (let c = 0; c < 60; c++) {
      const s = net.connect(socket, () => s.write('GET /core-limit HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n'.repeat(100)));
      s.on('error', () => {}).resume();
    }`;
    const child = spawn(process.execPath, ['-e', flood, socket], { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    await until('the flood', () => done > 0);
    // Counted, not timed: a machine that is busy with something else makes nothing of this late.
    let before = 0;
    for (let n = 0; n < 100 || done <= 20; n += 1) {
      const then = begun;
      await turn();
      before = Math.max(before, begun - then);
    }
    t.ok(most <= 4, `${most} at once`);
    t.ok(before < 100, `what has to be done comes after ${before} requests of 2 ms at most`);
    child.kill('SIGKILL');
    await until('another to be answered', () => dashboard.ask('core_limit').catch(() => null));
  },
);

t.test('connections are kept, and made again when the recorder was restarted', async (t) => {
  let [reads, writes] = [0, 0];
  const house = await sockets(t, {
    core_limit: async () => {
      reads += 1;
      await turn();
      return { limit: null };
    },
    cancel_job: () => {
      writes += 1;
      return null as never;
    },
  });
  const { dashboard } = house;
  await Promise.all(Array.from({ length: 60 }, () => dashboard.ask('core_limit')));
  t.equal(reads, 60, 'more than are worked on at once wait, and are answered');
  for (let n = 0; n < 3; n += 1) {
    await house.restart();
    await Promise.all(Array.from({ length: 6 }, () => dashboard.ask('core_limit')));
  }
  t.equal(reads, 78);
  await t.rejects(dashboard.ask('cancel_job', { by: me, id: 'J' }), { code: 'daemon_differs' });
  t.equal(writes, 1);
});

t.test('what was sent on a connection that broke is asked again if it only reads', async (t) => {
  const { createServer } = await import('node:http');
  const { mkdirSync } = await import('node:fs');
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'control'));
  const asked: string[] = [];
  const met = new WeakSet<object>();
  // The second request on each connection is taken, and the connection broken without an answer.
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    if (met.has(req.socket)) return void req.socket.destroy();
    met.add(req.socket);
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ limit: null }));
  }).listen(controlSocket(dir));
  t.teardown(() => void server.close().closeAllConnections());
  const dashboard = connectControl(dir);
  t.teardown(dashboard.stop);
  await dashboard.ask('core_limit');
  t.same(await dashboard.ask('core_limit'), { limit: null });
  t.same(asked, ['GET /core-limit', 'GET /core-limit', 'GET /core-limit'], 'read again');
  await dashboard.ask('core_limit');
  asked.length = 0;
  await t.rejects(dashboard.ask('cancel_job', { by: me, id: 'J' }), { code: 'daemon_unreachable' });
  t.same(asked, ['POST /jobs/cancel'], 'it may have been done: not again');
});

t.test('a request that does not arrive is not waited for', async (t) => {
  const { socket, dashboard } = await sockets(t, { core_limit: () => ({ limit: null }) });
  for (let n = 0; n < 20; n += 1)
    request({ socketPath: socket, path: '/jobs/cancel', method: 'POST', agent: false })
      .on('error', () => {})
      .write('{');
  t.same(await dashboard.ask('core_limit'), { limit: null });
});
