// Runs test files and tells how it went: `node scripts/lib/run-tests.mjs [--as SELECTION] [--check] FILE...`
//
// Each file is a program of its own, so that its recorders and commands run as they do for an admin, without anything of the
// test runner's in them; what it runs is compiled beforehand (compile.mjs). --as names what the files are together (unit,
// default, all), which has a budget in test/budgets.json; --check runs `npm run check` beside them. Output is in .test/, the
// times of each file and of the run in .test/times.json, and the files that failed in .test/failed.json.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, setPriority } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledOf, compileSources } from './compile.mjs';
import { reachedBy } from './reach.mjs';
import { calibrateMeanwhile, judge } from './tests/budget.mjs';
import { fits, idleSince, planned, together } from './tests/plan.mjs';
import { FAILED, laneOf, leftOut } from './tests/select.mjs';
import { followUsage } from './tests/usage.mjs';
import { tellFaults } from './totals.mjs';

const OUT = '.test';
const FOLDERS = '.tap/fixtures';
const TIMES = 'test/times.json';
const PROCESSORS = availableParallelism();
/** Longer than a file takes on a slow machine, by what it took before, in s: one that never ends is told of while the run goes on. */
const limitOf = (wall) => Math.max(1_200, 10 * wall);
/** So often it is looked whether there is room for another file. */
const LOOK_MS = 1_000;
/** What does not follow calls gives way to what does; less than what Tapedeck itself has give way, so that this can be tested. */
const NICE = 9;
/** How a process ends one of whose tests has failed. */
const FAILED_TESTS = 'exit code 1';
/** What `npm run check` is called among the files. */
const CHECK = 'npm run check';
const TOGETHER = './scripts/lib/tests/together.mjs';
/** Makes what packages are built and tried with, for the files that reach one of these sources. */
const BEFOREHAND = 'test/support/package/beforehand.ts';
const FOR_PACKAGES = ['scripts/lib/package/build.ts', 'test/support/package/built.ts'];

const args = process.argv.slice(2);
const check = args.includes('--check');
const selection = args.includes('--as') ? args[args.indexOf('--as') + 1] : 'files';
const files = args
  .filter((arg, n) => !arg.startsWith('--') && args[n - 1] !== '--as')
  .map((file) => relative('.', file));

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
const known = read(TIMES).files ?? {};
const seconds = (s) => `${s.toFixed(1)} s`;

/** How files are run: the program and its arguments. */
function commandOf(files) {
  const [file] = files;
  if (file === CHECK) return ['npm', ['run', '--silent', 'check']];
  const compiled = compiledOf(file);
  if (files.length > 1)
    return [process.execPath, ['--enable-source-maps', '--import', './scripts/lib/compiled.mjs', TOGETHER]];
  return [
    process.execPath,
    compiled
      ? ['--enable-source-maps', '--import', './scripts/lib/compiled.mjs', compiled]
      : ['--import', 'tsx', file],
  ];
}

const children = new Set();
// Whoever ends the run ends what runs; a test ends its own recorders when it is told to stop.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    for (const child of children) child.kill('SIGTERM');
    process.exit(1);
  });

/** Removes the folders of a file's tests, once its process has ended. tap calls them by the file, and then by the test. */
async function removeFolders(file) {
  if (!existsSync(FOLDERS)) return;
  const name = file.replaceAll('/', '-');
  for (const one of readdirSync(FOLDERS).filter((one) => one === name || one.startsWith(`${name}-`)))
    await rm(join(FOLDERS, one), { recursive: true, force: true, maxRetries: 5 }).catch((e) =>
      console.error(`${one} was not removed: ${e.message}`),
    );
}

/** Runs files to their end. Returns how they ended ('' for well), and their wall-clock and processor time in seconds. */
function run(usage, { files, lane, wall: expected }) {
  const [file] = files;
  const most = limitOf(expected);
  const name = relative('test', file)
    .replaceAll(/[/ ]/g, '-')
    .replace(/\.test\.ts$/, '');
  const [tap, log] = [`${OUT}/${name}.tap`, `${OUT}/${name}.log`];
  const outputs = [openSync(tap, 'w'), openSync(log, 'w')];
  const began = performance.now();
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      // tap's own limit for one test is 30 s otherwise.
      TAP_TIMEOUT: String(most),
      // tap would remove the folders of a test before its teardown, below a recorder that still writes there.
      TAP_SAVE_FIXTURE: '1',
      ...(files.length > 1 && { TEST_FILES: files.join(' ') }),
    };
    const child = spawn(...commandOf(files), { env, stdio: ['ignore', ...outputs] });
    children.add(child);
    const nice = lane === 'pbx' ? 0 : NICE;
    setPriority(child.pid, nice);
    usage.add(child.pid, file, { isTest: file !== CHECK, nice });
    let late = false;
    // tap says of SIGTERM where the test was.
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, most * 1000);
    child.once('close', async (code, signal) => {
      children.delete(child);
      clearTimeout(limit);
      outputs.forEach(closeSync);
      usage.look();
      const wall = (performance.now() - began) / 1000;
      await removeFolders(file);
      const ended = late
        ? `not over after ${seconds(most)}`
        : (signal ?? (code === 0 ? '' : `exit code ${code}`));
      resolve({ files, lane, tap, log, ended, wall, cpu: usage.of(file) });
    });
  });
}

/** Runs all files: the longest of those for which there is room, looked at whenever one has ended and every second. */
async function work(usage, waiting, done) {
  const running = new Map();
  const idleNow = idleSince();
  while (waiting.length > 0 || running.size > 0) {
    let idle = idleNow();
    const room = (one) => fits([...running.keys()], one, { processors: PROCESSORS, idle });
    for (let next = waiting.findIndex(room); next >= 0; next = waiting.findIndex(room)) {
      const [one] = waiting.splice(next, 1);
      running.set(
        one,
        run(usage, one).then((result) => {
          running.delete(one);
          done(result);
        }),
      );
      // What it takes is seen at the next look.
      idle = 0;
    }
    await Promise.race([...running.values(), delay(LOOK_MS)]);
  }
}

/** Prints what a process came to. Returns what there is to keep of each of its files, with its counts of assertions. */
function report({ files, lane, tap, log, ended, wall, cpu }) {
  const tail = () => console.log(readFileSync(log, 'utf8').split('\n').slice(-20).join('\n'));
  if (files[0] === CHECK) {
    if (ended !== '') {
      console.log(`failed: ${CHECK}: ${ended}`);
      console.log(readFileSync(tap, 'utf8'));
      tail();
    }
    const counts = { pass: ended === '' ? 1 : 0, fail: ended === '' ? 0 : 1, skip: 0 };
    return [told({ file: CHECK, lane, wall, cpu, counts })];
  }
  const counted = [...tellFaults(files, readFileSync(tap))];
  const failures = counted.reduce((sum, [, { fail }]) => sum + fail, 0);
  // A process that broke off has failed, also when each of its lines until then has passed.
  if (ended !== '' && (failures === 0 || ended !== FAILED_TESTS)) {
    console.log(`failed: ${files.join(', ')}: ${ended}`);
    tail();
    counted.at(-1)[1].fail ||= 1;
  }
  return counted.map(([file, { cpu: own, ...counts }]) => {
    if (counts.pass + counts.fail + counts.skip === 0) {
      console.log(`failed: ${file}: there is no test in it`);
      counts.fail = 1;
    }
    const took = own ?? cpu / files.length;
    return told({
      file,
      lane,
      wall: files.length === 1 ? wall : took,
      cpu: files.length === 1 ? cpu : took,
      counts,
    });
  });
}

function told(result) {
  const { file, wall, cpu, counts } = result;
  const [walls, cpus] = [wall, cpu].map((s) => s.toFixed(1).padStart(6));
  console.log(`${counts.fail > 0 ? 'FAILED' : 'ok    '} ${walls} s ${cpus} s of processor  ${file}`);
  return result;
}

/** What is kept of a run: the seconds of each lane and program, and of the whole. */
function figuresOf(results, usage, { wall, speed }) {
  const sum = (some, what) => Math.round(some.reduce((total, one) => total + one[what], 0));
  const lanes = [...new Set(results.map(({ lane }) => lane))].sort();
  return {
    minutes: Number((wall / 60).toFixed(1)),
    seconds: Math.round(usage.total()),
    speed: Number(speed.toFixed(2)),
    lanes: Object.fromEntries(
      lanes.map((lane) => {
        const some = results.filter((one) => one.lane === lane);
        return [lane, { files: some.length, wall: sum(some, 'wall'), cpu: sum(some, 'cpu') }];
      }),
    ),
    programs: programsOf(usage),
  };
}

/** The processor seconds of each program that took a hundredth of all, and of the others together. */
function programsOf(usage) {
  const all = usage.programs();
  const large = all.filter(([, cpu]) => cpu >= usage.total() / 100);
  const rest = all.slice(large.length).reduce((sum, [, cpu]) => sum + cpu, 0);
  return Object.fromEntries([...large, ['others', rest]].map(([name, cpu]) => [name, Math.round(cpu)]));
}

/** Prints the figures of a run as two lists. */
function printFigures({ lanes, programs, minutes, seconds }) {
  for (const [lane, { files, wall, cpu }] of Object.entries(lanes))
    console.log(
      `${lane.padEnd(14)} ${String(cpu).padStart(5)} s of processor, ${wall} s one after the other, ${files} files`,
    );
  console.log('of which');
  for (const [name, cpu] of Object.entries(programs))
    console.log(`${name.padEnd(14)} ${String(cpu).padStart(5)} s`);
  console.log(`${minutes} minutes, ${seconds} s of processor time`);
}

if (files.length === 0 && !check) {
  console.error('Say which files: node scripts/lib/run-tests.mjs test/unit/calls/tracker.test.ts');
  process.exit(2);
}
for (const file of files)
  if (!existsSync(file)) {
    console.error(`There is no ${file}.`);
    process.exit(2);
  }
mkdirSync(OUT, { recursive: true });
await compileSources();
const isBudgeted = selection !== 'files';
const forPackages = new Set(reachedBy(FOR_PACKAGES));
if (files.some((file) => laneOf(file) !== 'unit' && forPackages.has(file))) {
  const before = performance.now();
  spawnSync(process.execPath, ['--import', 'tsx', BEFOREHAND], { stdio: 'inherit' });
  console.log(
    `== What packages are tried with was there after ${seconds((performance.now() - before) / 1000)}`,
  );
}
const calibrating = isBudgeted ? calibrateMeanwhile() : null;
await calibrating?.begun;
const began = performance.now();
const usage = followUsage();
const totals = { pass: 0, fail: 0, skip: 0 };
const results = [];
const failed = [];
const groups = isBudgeted
  ? together(files, known, (file) => (compiledOf(file) ? readFileSync(file, 'utf8') : null))
  : files.map((file) => [file]);
const waiting = planned([...groups, ...(check ? [[CHECK]] : [])], known, (file) =>
  file === CHECK ? 'check' : laneOf(file),
);
await work(usage, waiting, (result) => {
  for (const one of report(result)) {
    for (const kind of Object.keys(totals)) totals[kind] += one.counts[kind];
    if (one.counts.fail > 0) failed.push(one.file);
    results.push(one);
  }
});
usage.stop();
const wall = (performance.now() - began) / 1000;
const calibrations = (await calibrating?.end()) ?? [];

const cpu = Object.fromEntries(results.map((one) => [one.file, one.cpu]));
const verdict = isBudgeted
  ? judge({ selection, total: usage.total(), calibrations, cpu, known })
  : { fits: true, lines: [], speed: 1 };
if (!verdict.fits) totals.fail += 1;
const figures = figuresOf(results, usage, { wall, speed: verdict.speed });
printFigures(figures);
const kept = read(TIMES);
const times = results
  .sort((a, b) => (a.file < b.file ? -1 : 1))
  .map(({ file, wall, cpu }) => [
    file,
    { wall: Math.round(wall), cpu: Number((cpu / verdict.speed).toFixed(1)) },
  ]);
writeFileSync(
  `${OUT}/times.json`,
  `${JSON.stringify(
    {
      runs: { ...kept.runs, ...(isBudgeted && { [selection]: figures }) },
      files:
        selection === 'all' ? Object.fromEntries(times) : { ...kept.files, ...Object.fromEntries(times) },
    },
    null,
    2,
  )}\n`,
);
writeFileSync(FAILED, `${JSON.stringify(failed.filter((file) => file !== CHECK).sort(), null, 2)}\n`);
if (selection === 'default') {
  console.log('Left to "scripts/test all":');
  for (const [what, some] of Object.entries(leftOut())) console.log(`  ${what} (${some.length} files)`);
}
for (const line of verdict.lines) console.log(line);
console.log(`${totals.pass} passed, ${totals.fail} failed, ${totals.skip} skipped`);
process.exit(totals.fail === 0 && totals.pass > 0 ? 0 : 1);
