// Runs test files and tells how it went: `node scripts/lib/run-tests.mjs FILE...`
//
// Longest first. Files on a real Asterisk wait most of their time (for a call to end, for a timeout), so two of them run beside
// one that computes; when they are done, as many run at once as the machine has room for. How much of a core each file takes is
// known from test/times.json. What is not on a real Asterisk gives way to what is: a recorder that stands still fails its test.
// Each file is a program of its own, so that its recorders and commands run as they do for an admin, without anything of the
// test runner's in them; what it runs is compiled beforehand (compile.mjs). Its output is in .test/, how long each took in .test/times.json.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { relative } from 'node:path';
import { compiledOf, compileSources } from './compile.mjs';
import { tellFaults } from './totals.mjs';

const OUT = '.test';
const TIMES = 'test/times.json';
/** So many files on a real Asterisk run at once: with one more, recorders and browsers stood still for seconds on two cores. */
const CALLS = 2;
/** Beside calls one other file runs; without them as many as the cores have room for. */
const ROOM = availableParallelism();
/** Longer than any file takes, on a slow machine. In ms. */
const LIMIT = 1_800_000;
/** What is known of a file that never ran: wall and processor time in seconds. */
const UNKNOWN = { wall: 60, cpu: 60 };

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
const times = read(TIMES);
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const laneOf = (file) => /^test\/(\w+)\//.exec(relative('.', file))?.[1] ?? 'elsewhere';

/** What a file is to the plan: its length in seconds, and how much of a core it takes. */
function planned(file) {
  const { wall, cpu } = times[file] ?? UNKNOWN;
  // What a browser takes is not in the processor time of the file that opens it.
  const browser = /\bopenBrowser\b|\bchromium\b/.test(readFileSync(file, 'utf8'));
  const load = browser ? 1 : Math.min(1, cpu / Math.max(wall, 1));
  return { file, lane: laneOf(file), wall, load };
}

/** Runs one file to its end. Returns how it ended ('' for well), and its wall and processor time in seconds. */
function run({ file, lane }) {
  const name = relative('test', file)
    .replaceAll('/', '-')
    .replace(/\.test\.ts$/, '');
  const [tap, log] = [`${OUT}/${name}.tap`, `${OUT}/${name}.log`];
  const outputs = [openSync(tap, 'w'), openSync(log, 'w')];
  const compiled = compiledOf(file);
  const how = compiled
    ? ['--enable-source-maps', '--import', './scripts/lib/compiled.mjs', compiled]
    : ['--import', 'tsx', file];
  const args = ['--import', './scripts/lib/processor-time.mjs', ...how];
  const began = performance.now();
  return new Promise((resolve) => {
    // tap's own limit for one test is 30 s otherwise.
    const env = { ...process.env, TAP_TIMEOUT: String(LIMIT / 1000) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', ...outputs] });
    if (lane !== 'pbx') setPriority(child.pid, 5);
    let late = false;
    // tap says of SIGTERM where the test was.
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, LIMIT);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      outputs.forEach(closeSync);
      const cpu = Number(/# processor time ([\d.]+) s/.exec(readFileSync(log, 'utf8'))?.[1] ?? Number.NaN);
      const wall = (performance.now() - began) / 1000;
      const ended = late
        ? `not over after ${seconds(LIMIT)}`
        : (signal ?? (code === 0 ? '' : `exit code ${code}`));
      resolve({ file, lane, tap, log, ended, wall, cpu });
    });
  });
}

/** Runs all files: whenever one has ended, the longest of those for which there is room. */
async function work(files, done) {
  const waiting = files.map(planned).sort((a, b) => b.wall - a.wall);
  const running = new Map();
  const fits = (one) => {
    const all = [...running.keys(), one];
    const calls = all.filter(({ lane }) => lane === 'pbx').length;
    if (one.lane === 'pbx') return calls <= CALLS;
    const load = all.reduce((sum, { load }) => sum + load, 0);
    return all.length - calls === 1 || (calls === 0 && load <= ROOM);
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let next = waiting.findIndex(fits); next >= 0; next = waiting.findIndex(fits)) {
      const [one] = waiting.splice(next, 1);
      running.set(
        one,
        run(one).then((result) => {
          running.delete(one);
          done(result);
        }),
      );
    }
    await Promise.race(running.values());
  }
}

const files = process.argv.slice(2).map((file) => relative('.', file));
if (files.length === 0) {
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
const began = performance.now();
const totals = { pass: 0, fail: 0, skip: 0 };
const results = [];
await work(files, (result) => {
  const { file, tap, log, ended, wall, cpu } = result;
  const { pass, fail, skip } = tellFaults(file, readFileSync(tap));
  // A file that broke off has failed, also when each of its lines until then has passed.
  const broke = ended !== '' && fail === 0;
  if (broke) {
    console.log(`failed: ${file}: ${ended}`);
    console.log(readFileSync(log, 'utf8').split('\n').slice(-20).join('\n'));
  }
  const empty = !broke && pass + fail + skip === 0;
  if (empty) console.log(`failed: ${file}: there is no test in it`);
  totals.pass += pass;
  totals.fail += fail + (broke || empty ? 1 : 0);
  totals.skip += skip;
  results.push(result);
  const word = fail > 0 || broke || empty ? 'FAILED' : 'ok    ';
  const [walls, cpus] = [wall, cpu].map((s) => s.toFixed(1).padStart(6));
  console.log(`${word} ${walls} s ${cpus} s of processor  ${file}`);
});

const rounded = results.map(({ file, wall, cpu }) => [
  file,
  { wall: Math.round(wall), cpu: Math.round(cpu) },
]);
writeFileSync(`${OUT}/times.json`, `${JSON.stringify(Object.fromEntries(rounded.sort()), null, 2)}\n`);
const sum = (some, what) => some.reduce((total, one) => total + (one[what] || 0), 0).toFixed(0);
for (const lane of new Set(results.map((one) => one.lane).sort())) {
  const some = results.filter((one) => one.lane === lane);
  console.log(
    `${lane}: ${some.length} files, ${sum(some, 'wall')} s one after the other, ${sum(some, 'cpu')} s of processor`,
  );
}
console.log(
  `${files.length} files in ${seconds(performance.now() - began)}, ${sum(results, 'cpu')} s of processor time`,
);
console.log(`${totals.pass} passed, ${totals.fail} failed, ${totals.skip} skipped`);
process.exit(totals.fail === 0 && totals.pass > 0 ? 0 : 1);
