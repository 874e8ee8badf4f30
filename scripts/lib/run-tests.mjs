// Runs test files and tells how it went: `node scripts/lib/run-tests.mjs FILE...`
//
// Files on a real Asterisk wait most of their time, the others compute. So the two kinds have a queue each and run beside each
// other, longest first, and what computes gives way. Each file is a program of its own, so that its recorders and commands run
// as they do for an admin, without anything of the test runner's in them. Its output is in .test/FILE.tap and .log, how long
// each took in .test/times.json.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { tellFaults } from './totals.mjs';

const OUT = '.test';
const TIMES = 'test/times.json';
/** How many run at once of each kind, and their niceness. With one more, recorders stood still for seconds on two cores. */
const QUEUES = {
  pbx: { jobs: 2, nice: 0 },
  rest: { jobs: 1, nice: 5 },
};
/** Longer than any file takes, on a slow machine. In ms. */
const LIMIT = 900_000;

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
const known = read(TIMES);
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const queueOf = (file) => (/\bstartPbx/.test(readFileSync(file, 'utf8')) ? 'pbx' : 'rest');

/** Runs one file to its end. Returns how it ended ('' for well), and its wall and processor time in seconds. */
function run(file, nice) {
  const name = basename(file, '.test.ts');
  const [tap, log] = [`${OUT}/${name}.tap`, `${OUT}/${name}.log`];
  const outputs = [openSync(tap, 'w'), openSync(log, 'w')];
  const args = ['--import', './scripts/lib/processor-time.mjs', '--import', 'tsx', file];
  const began = performance.now();
  return new Promise((resolve) => {
    // tap's own limit for one test is 30 s otherwise.
    const env = { ...process.env, TAP_TIMEOUT: String(LIMIT / 1000) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', ...outputs] });
    if (nice > 0) setPriority(child.pid, nice);
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
      resolve({ file, tap, log, ended, wall, cpu });
    });
  });
}

/** Runs all of a queue, as many at once as it has jobs. */
async function work(files, { jobs, nice }, done) {
  const rest = [...files].sort((a, b) => (known[b]?.wall ?? 60) - (known[a]?.wall ?? 60));
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let file = rest.shift(); file; file = rest.shift()) done(await run(file, nice));
    }),
  );
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Say which files: node scripts/lib/run-tests.mjs test/vault.test.ts');
  process.exit(2);
}
for (const file of files)
  if (!existsSync(file)) {
    console.error(`There is no ${file}.`);
    process.exit(2);
  }
mkdirSync(OUT, { recursive: true });
const began = performance.now();
const totals = { pass: 0, fail: 0, skip: 0 };
const times = {};
const results = [];
await Promise.all(
  Object.entries(QUEUES).map(([name, queue]) =>
    work(
      files.filter((file) => queueOf(file) === name),
      queue,
      (result) => {
        const { file, tap, log, ended, wall, cpu } = result;
        const { pass, fail, skip } = tellFaults(file, readFileSync(tap));
        // A file that broke off has failed, also when each of its lines until then has passed.
        const broke = ended !== '' && fail === 0;
        if (broke) {
          console.log(`failed: ${file}: ${ended}`);
          console.log(readFileSync(log, 'utf8').split('\n').slice(-20).join('\n'));
        }
        if (!broke && pass + fail + skip === 0) console.log(`failed: ${file}: there is no test in it`);
        totals.pass += pass;
        totals.fail += fail + (broke || pass + fail + skip === 0 ? 1 : 0);
        totals.skip += skip;
        times[file] = { wall: Math.round(wall), cpu: Math.round(cpu) };
        results.push(result);
        const word = fail > 0 || broke || pass + skip === 0 ? 'FAILED' : 'ok    ';
        console.log(
          `${word} ${wall.toFixed(1).padStart(6)} s ${cpu.toFixed(1).padStart(6)} s of processor  ${file}`,
        );
      },
    ),
  ),
);
writeFileSync(`${OUT}/times.json`, `${JSON.stringify(times, null, 2)}\n`);
const cpu = results.reduce((sum, one) => sum + (one.cpu || 0), 0);
console.log(
  `${files.length} files in ${seconds(performance.now() - began)}, ${cpu.toFixed(0)} s of processor time`,
);
console.log(`${totals.pass} passed, ${totals.fail} failed, ${totals.skip} skipped`);
process.exit(totals.fail === 0 && totals.pass > 0 ? 0 : 1);
