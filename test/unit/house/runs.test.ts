import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../../support/recorder.js';

/** How runs of tests are planned, measured and held against their budgets. */
const LIB = join(import.meta.dirname, '../../../scripts/lib/tests');
const { judge } = await import(join(LIB, 'budget.mjs'));
const { fits, idleSince, planned, together } = await import(join(LIB, 'plan.mjs'));
const { allFiles, leftOut, selectFiles } = await import(join(LIB, 'select.mjs'));
const { followUsage } = await import(join(LIB, 'usage.mjs'));
const { calibration, seconds } = JSON.parse(readFileSync('test/budgets.json', 'utf8'));

t.test('a run that is a fifth over its budget fails, and names what grew', async (t) => {
  const cpu = { 'test/unit/a.test.ts': 90, 'test/unit/b.test.ts': 5 };
  const known = { 'test/unit/a.test.ts': { cpu: 30 }, 'test/unit/b.test.ts': { cpu: 5 } };
  const judged = (total: number, speed = 1) =>
    judge({ selection: 'unit', total, calibrations: Array(6).fill(calibration * speed), cpu, known });
  t.equal(judged(seconds.unit * 1.19).fits, true);
  const over = judged(seconds.unit * 1.21);
  t.equal(over.fits, false);
  t.match(
    over.lines.join('\n'),
    /^failed: unit is over its budget[\s\S]*60\.0 s {2}test\/unit\/a\.test\.ts/m,
  );
  t.equal(judged(seconds.unit * 1.21, 1.5).fits, true, 'on a slower processor it may take longer');
  t.equal(judged(seconds.unit, 0.5).fits, false, 'on a faster one less long');
  t.equal(judge({ selection: 'files', total: 1e9, calibrations: [calibration], cpu, known }).fits, true);
});

t.test('calls leave each other room, and what computes takes what they leave', async (t) => {
  const call = (load: number) => ({ lane: 'pbx', load });
  const other = (load: number) => ({ lane: 'unit', load });
  const [busy, free] = [0, 1].map((idle) => ({ processors: 2, idle }));
  t.equal(fits([], call(5), busy), true, 'one always runs');
  t.equal(fits([call(0.2), call(0.3)], call(0.3), busy), true);
  t.equal(fits([call(0.3), call(0.3)], call(0.3), free), false, 'together they would stand still');
  t.equal(fits([call(0.1), call(0.1), call(0.1), call(0.1)], call(0.1), free), false, 'five are too many');
  t.equal(fits([call(0.9)], other(1), busy), true, 'one always runs beside calls');
  t.equal(fits([other(1), call(0.9)], other(0.5), free), false);
  t.equal(fits([other(1)], other(1), free), true);
  t.equal(
    fits([other(0.1)], other(0.1), busy),
    false,
    'what took little in another run takes all of them in this',
  );
  const idle = idleSince();
  const until = performance.now() + 300;
  while (performance.now() < until);
  t.ok(idle() < cpus().length, 'a processor that computes does not stand still');
  const known = { 'test/unit/a.test.ts': { wall: 10, cpu: 5 }, 'test/pbx/b.test.ts': { wall: 90, cpu: 9 } };
  t.match(
    planned(
      [['test/unit/a.test.ts'], ['test/pbx/b.test.ts'], ['test/unit/new.test.ts']],
      known,
      () => 'unit',
    ),
    [{ files: ['test/pbx/b.test.ts'], load: 0.1 }, { files: ['test/unit/new.test.ts'] }, { load: 0.5 }],
    'the longest begins first, and what never ran before what is short',
  );
});

t.test('small files of a folder share a process, and none that changes it', async (t) => {
  const times = { a: 0.3, b: 0.4, c: 5, d: 0.2, e: 0.3 };
  const known = Object.fromEntries(
    Object.entries(times).map(([name, cpu]) => [`test/unit/x/${name}`, { cpu }]),
  );
  const textOf = (file: string) =>
    file.endsWith('d') ? "process.env.TZ = 'UTC';" : "t.test('x', () => {});";
  t.strictSame(together([...Object.keys(known), 'test/unit/y/f', 'test/web/x/g'], known, textOf), [
    ['test/unit/x/a', 'test/unit/x/b', 'test/unit/x/e'],
    ...[['test/unit/x/c'], ['test/unit/x/d'], ['test/unit/y/f'], ['test/web/x/g']],
  ]);
  const web = { 'test/web/x/a': { cpu: 5 }, 'test/web/x/b': { cpu: 3 }, 'test/web/x/c': { cpu: 9 } };
  t.strictSame(
    together(Object.keys(web), web, textOf),
    [['test/web/x/a', 'test/web/x/b'], ['test/web/x/c']],
    'those of the dashboard too, which load more',
  );
  for (const own of ['t.setTimeout(9);', 'const dir = t.testdir();', 'const opened = await open(t);'])
    t.equal(together(['test/unit/x/a', 'test/unit/x/b'], known, () => own).length, 2, own);
});

t.test('what is said selects files, and nothing else does', async (t) => {
  const all: string[] = allFiles();
  const left = Object.values(leftOut() as Record<string, string[]>).flat();
  t.strictSame(
    left.filter((file) => !all.includes(file)),
    [],
    'what is left to "all" exists',
  );
  t.equal(new Set(left).size, left.length, 'each is named once');
  t.strictSame(
    [...selectFiles([]), ...left].sort(),
    [...all].sort(),
    'the default and what it leaves are all',
  );
  t.strictSame(selectFiles(['all']), all);
  t.strictSame(
    selectFiles(['unit']),
    all.filter((file) => file.startsWith('test/unit/')),
  );
  t.strictSame(selectFiles(['test/unit/house/runs.test.ts']), ['test/unit/house/runs.test.ts']);
  t.throws(() => selectFiles(['test/unit/nothing.test.ts']), /There is no test\/unit\/nothing/);
  t.throws(() => selectFiles(['everything']), /"everything" is not understood/);
});

const BUSY = (ms: number) =>
  `const until = performance.now() + ${ms}; while (process.cpuUsage().user < ${ms} * 1e3 && performance.now() < until + 60_000);`;

t.test('a process counts for the file that started it, also when nobody waits for it', async (t) => {
  const usage = followUsage();
  t.teardown(() => usage.stop());
  const child = spawn(process.execPath, [
    '-e',
    `const { spawn } = require('node:child_process');
     const left = spawn(process.execPath, ['-e', ${JSON.stringify(`${BUSY(600)} setInterval(() => {}, 1e3)`)}], { detached: true, stdio: 'ignore' });
     console.log(left.pid);
     process.stdin.on('data', () => process.exit());`,
  ]);
  usage.add(child.pid, 'the file', { isTest: true, nice: 9 });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  await until('the number of what was left', () => said !== '');
  usage.look(); // while its parent lives: later nobody can tell whose it is
  const group = `/proc/${said.trim()}/autogroup`;
  if (existsSync(group))
    t.match(readFileSync(group, 'utf8'), / nice 9$/m, 'a session of its own gives way, too');
  child.stdin.write('end');
  t.teardown(() => process.kill(Number(said), 'SIGKILL'));
  await until('its processor time', () => {
    usage.look();
    return usage.of('the file') >= 0.55;
  });
  t.ok(usage.of('the file') < 5, `${usage.of('the file')} s`);
  t.ok(usage.total() >= usage.of('the file'));
  // What was seen below a process that ends with it counts once.
  const nested = spawn(process.execPath, [
    '-e',
    `const one = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${BUSY(500)} console.log('done'); setInterval(() => {}, 1e3)`)}]);
     one.stdout.on('data', () => console.log('done'));
     process.stdin.on('data', () => { one.once('exit', () => process.exit()); one.kill('SIGKILL'); });`,
  ]);
  usage.add(nested.pid, 'nested', { isTest: true });
  await new Promise((resolve) => nested.stdout.once('data', resolve));
  usage.look();
  const before = usage.of('nested');
  const over = new Promise((resolve) => nested.once('close', resolve));
  nested.stdin.write('end');
  await over;
  usage.look();
  t.ok(before >= 0.45, `${before} s while it ran`);
  t.ok(usage.of('nested') < before + 0.3, `${usage.of('nested')} s in the end`);
  const busy = spawn(process.execPath, ['-e', BUSY(400)]);
  usage.add(busy.pid, 'another', { isTest: true });
  await new Promise((resolve) => busy.once('close', resolve));
  usage.look();
  t.ok(usage.of('another') >= 0.35, `one that ended is counted to its end: ${usage.of('another')} s`);
});
