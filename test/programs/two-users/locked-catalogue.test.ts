import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { callOf, PASSWORD, unpackBefore } from '../../support/box/before-one-writer.js';
import { createBox, DASHBOARD, makeFolders, NEEDS_ROOT, RECORDER } from '../../support/box/box.js';
import { createRestarter, HOLD_LOCK } from '../../support/box/restarter.js';
import { createSides } from '../../support/catalogue/sides.js';
import { createApiClient, until } from '../../support/recorder.js';

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

t.test(
  'a lock that the dashboard holds is ended by a restart of it, and every row is written',
  { skip: NEEDS_ROOT },
  async (t) => {
    const sides = createSides(t);
    const [reader, writer] = [sides.reader(), sides.writer()];
    await writer.tell('start');
    await writer.tell('unlock');
    await writer.tell('save A');
    await reader.tell('start');
    const intruder = sides.intruder(HOLD_LOCK);
    const restarter = createRestarter(sides.requests, () => intruder.kill());
    t.teardown(restarter.stop);
    await intruder.tell('');
    const began = performance.now();
    let kept = 0;
    const keepOne = async () => {
      await writer.tell(`keep K${kept}`);
      kept += 1;
      return restarter.taken.length > 0;
    };
    await until('a restart', keepOne);
    await until('all that waited', async () => (await writer.tell('calls')) === kept + 1);
    t.comment(
      `${kept} rows waited; the restart was asked for after ${seconds(restarter.taken[0]! - began)}, and all were written after ${seconds(performance.now() - began)}`,
    );
    t.equal(await reader.tell('calls'), kept + 1, 'none is lost');
    await until('the entry', async () => ((await writer.tell('entries dashboard_restart')) as []).length > 0);
    t.match(await writer.tell('entries dashboard_restart'), [
      { because: 'catalogue_locked', seconds: Number },
    ]);
    const changes = (await writer.tell('changes')) as string[];
    t.ok(changes.includes('dashboard_restarted, warning'));
    t.ok(changes.includes('written'));
    t.equal(await writer.tell('integrity'), 'ok');
    t.equal(restarter.taken.length, 1, 'it was restarted once');
  },
);

/** Somebody who has taken the dashboard over and keeps the recorder from writing; `pid` is theirs. */
async function holdLock(t: Test, dataDir: string): Promise<number> {
  const ids = [`--reuid=${DASHBOARD}`, `--regid=${RECORDER}`, '--clear-groups', '--pdeathsig', 'KILL'];
  const python = ['/usr/bin/python3', '-u', '-c', HOLD_LOCK, catalogueFile(dataDir)];
  const child = spawn('setpriv', [...ids, ...python], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}

/** A whole Tapedeck, and a write for the recorder, which fails while the catalogue is locked. */
async function started(t: Test, restarts: boolean) {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  const box = createBox(base, { restarts });
  t.teardown(async () => {
    await box.stop();
    rmSync(base, { recursive: true, force: true });
  });
  unpackBefore(box.dataDir);
  makeFolders(box.dataDir);
  await box.start('run');
  let seq = 0;
  const write = () => {
    seq += 1;
    const looked = {
      seq,
      at: Date.now(),
      person: 'anna',
      address: '',
      action: 'view' as const,
      outcome: 'ok' as const,
    };
    const call = { object: 'call', object_id: callOf(0), reason: '', detail: {} };
    return ask(box.dataDir, 'tell', { source: 'a dashboard', entries: [{ ...looked, ...call }] });
  };
  // Before, the lock would meet the process that upgrades it.
  const upgraded = () =>
    write().then(
      () => true,
      () => false,
    );
  await until('the end of the upgrade', upgraded);
  const keys = async () =>
    (await box.alarms())
      .map(({ key, severity }) => `${key}, ${severity}`)
      .filter((key) => /^(cat|dash)/.test(key));
  return { box, write, keys };
}

t.test(
  'the recorder has the dashboard restarted, says so, and people stay signed in',
  { skip: NEEDS_ROOT },
  async (t) => {
    const { box, write, keys } = await started(t, true);
    const carla = createApiClient(await box.start('web'));
    await carla.signIn('Carla Reyes', PASSWORD);
    const intruder = await holdLock(t, box.dataDir);
    const before = box.pid('web');
    const began = performance.now();
    await t.rejects(write(), 'nothing can be written');
    t.same(await keys(), ['catalogue_damaged, critical'], 'an alarm says so');
    let restarted: Promise<string> | undefined;
    const restarter = createRestarter(box.requests, () => {
      process.kill(intruder, 'SIGKILL');
      restarted = box.end('web', 'SIGTERM').then(() => box.start('web'));
    });
    t.teardown(restarter.stop);
    // A request that came before anybody took it was given up, and comes again after a minute.
    await until('the request for a restart', () => restarted !== undefined, 150_000);
    await until('the alarm to end', async () => !/catalogue_damaged/.test(String(await keys())));
    t.comment(
      `the restart was asked for after ${seconds(restarter.taken[0]! - began)}, and the catalogue was free after ${seconds(performance.now() - began)}`,
    );
    const done = () => keys().then((all) => all.length > 0 && all);
    t.same(await until('what was done', done), ['dashboard_restarted, warning'], 'an alarm says it');
    await write();
    const entry = await until('the entry', () => {
      const all = JSON.parse(box.command('audit', 'list', '--json').out) as { action: string }[];
      return all.find(({ action }) => action === 'dashboard_restart');
    });
    t.match(entry, {
      ...{ actor: 'tapedeck', outcome: 'ok' },
      detail: { because: 'catalogue_locked', seconds: Number },
    });
    carla.moveTo(await restarted!);
    t.not(box.pid('web'), before);
    t.equal((await carla.ask('GET', '/session')).status, 200, 'she is still signed in');
  },
);

t.test(
  'where nobody restarts the dashboard, and where a lock stands at the start, what there is to do is said',
  { skip: NEEDS_ROOT },
  async (t) => {
    const { box, write, keys } = await started(t, true);
    const intruder = await holdLock(t, box.dataDir);
    await t.rejects(write());
    await until('nobody to take the request', () => /nobody restarts the dashboard/.test(box.said('run')));
    t.same(await keys(), ['catalogue_damaged, critical'], 'as without the unit');
    await box.end('run', 'SIGKILL');
    const restarter = createRestarter(box.requests, () => process.kill(intruder, 'SIGKILL'));
    t.teardown(restarter.stop);
    const began = performance.now();
    await box.start('run');
    t.comment(
      `a recorder that starts with the catalogue locked: ready after ${seconds(performance.now() - began)}`,
    );
    await until(
      'the lock to end',
      async () =>
        await write().then(
          () => true,
          () => false,
        ),
    );
    t.comment(`free after ${seconds(performance.now() - began)}`);
    t.equal(restarter.taken.length, 1);
  },
);
