// Plants the faults below test/mutants in a copy of the sources, one at a time, and runs test files there until one fails:
// `node scripts/lib/mutants/main.mjs [--list] [--baseline] [--named-only] [NAME...]`
//
// First the files that the fault names; when none of them fails, every other one that reaches what the fault changes, cheapest
// first. A file counts only when an assertion in it fails: one that breaks off for another reason is told and counts for nothing.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { importedBy, reachedBy, readSources } from '../reach.mjs';
import { leftOut } from '../tests/select.mjs';
import { readMutants } from './files.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Clock ticks a second, in which Linux counts here on every machine. */
const TICKS = 100;
/** What a file takes that never ran, in seconds of processor time. */
const UNKNOWN = 60;
/** What is built, and what of: a fault in something else leaves it as it is. */
const PARTS = [
  { name: 'the programs', entry: null, run: ['npx', 'vite', 'build', 'daemon', '--logLevel', 'warn'] },
  {
    name: 'the pages',
    entry: 'web/ui/main.tsx',
    run: ['npx', 'vite', 'build', 'web/ui', '--logLevel', 'warn'],
  },
  {
    name: 'the page that verifies',
    entry: 'web/ui/verify/main.ts',
    run: ['npx', 'vite', 'build', 'web/ui/verify', '--logLevel', 'warn'],
  },
];

const args = process.argv.slice(2);
const options = new Set(args.filter((arg) => arg.startsWith('--')));
const names = args.filter((arg) => !arg.startsWith('--'));
process.chdir(ROOT);
const json = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
/** A fault may keep a test waiting for good: a file gets ten times as long as it takes, and five minutes at least. In ms. */
const limitOf = (file) => Math.max(300_000, 10_000 * (times[file]?.wall ?? 0));
const GRACE_MS = 10_000;
const inAll = new Set(Object.values(leftOut()).flat());
const times = json('test/times.json').files ?? {};
const cost = (file) => times[file]?.cpu ?? UNKNOWN;
const laneOf = (file) => file.split('/')[1];

function chosen() {
  const all = readMutants();
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  const odd = [...options].filter((one) => !['--list', '--baseline', '--named-only'].includes(one));
  if (unknown.length + odd.length > 0) {
    console.error(`There is no ${[...unknown, ...odd].join(', ')}. scripts/mutants --list names the faults.`);
    process.exit(2);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** Processor time of all that this process has started and seen end, in seconds. */
function spent() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS; // cutime, cstime
}

/** The sources as they are now, also what is not committed, in a folder of their own. */
function copySources() {
  // A short path, because sockets are bound below it; open to the other users that some tests have.
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  chmodSync(copy, 0o755);
  const listed = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT).stdout;
  for (const file of new Set(listed.split('\0').filter((name) => name && existsSync(name)))) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    if (lstatSync(file).isSymbolicLink()) symlinkSync(readlinkSync(file), join(copy, file));
    else copyFileSync(file, join(copy, file));
  }
  // Some tests ask git which files there are.
  run('git', ['init', '--quiet'], copy);
  run('git', ['add', '--all'], copy);
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  const pbx = existsSync('.pbx') ? readdirSync('.pbx').filter((name) => name.startsWith('root-')) : [];
  mkdirSync(join(copy, '.pbx'));
  for (const name of pbx) symlinkSync(resolve('.pbx', name), join(copy, '.pbx', name));
  return copy;
}

/** Runs a command to its end. Throws when it fails. */
function run(command, given, cwd) {
  const done = spawnSync(command, given, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0)
    throw new Error(
      `${command} ${given.join(' ')}: ${done.error?.message ?? ''}${done.stderr}${done.stdout}`,
    );
  return done;
}

/** Runs a test file. `failed`: the assertions that failed; `broke`: what else was wrong. */
async function runTest(file, copy) {
  const child = spawn(process.execPath, ['scripts/lib/run-tests.mjs', file], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let late = false;
  const stop = (signal) => {
    late = true;
    try {
      process.kill(-child.pid, signal); // with all that it has started
    } catch {
      // it has ended meanwhile
    }
  };
  const limits = [
    setTimeout(stop, limitOf(file), 'SIGTERM'),
    setTimeout(stop, limitOf(file) + GRACE_MS, 'SIGKILL'),
  ];
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  await new Promise((end) => child.once('close', end));
  limits.forEach(clearTimeout);
  if (late) return { failed: [], broke: `it did not end in ${limitOf(file) / 1_000} s`, empty: false };
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, \d+ skipped$/m.exec(said) ?? [];
  const lines = [...said.matchAll(/^failed: (.+)$/gm)].map(([, line]) => line);
  const asserted = lines.filter((line) => line.startsWith(`${file} > `));
  return {
    failed: asserted.map((line) => line.slice(`${file} > `.length)),
    broke:
      failed === undefined
        ? said.slice(-2_000)
        : failed !== '0' && asserted.length === 0
          ? (lines[0] ?? said.slice(-500))
          : '',
    empty: passed === '0' && failed === '0',
  };
}

/** Keeps what is built in the copy as its sources are. */
function createBuilds(copy, sources) {
  /** Which fault is in each part; null while nothing is built. */
  let within = null;
  const made = PARTS.map(({ entry }) => entry && importedBy([entry], sources));
  const isPart = (i) => (file) =>
    made[i]
      ? made[i].has(file) || (file.startsWith('web/ui/') && !/\.m?tsx?$/.test(file))
      : /^(daemon|web\/(?!ui\/))/.test(file);

  function buildAll() {
    const stamp = 'dist/.built';
    const of = ['daemon', 'web', 'package.json', 'package-lock.json', 'tsconfig.json'];
    const isNew =
      existsSync(stamp) && run('find', [...of, '-newer', stamp, '-type', 'f'], ROOT).stdout.trim() === '';
    if (isNew) cpSync('dist', join(copy, 'dist'), { recursive: true, preserveTimestamps: true });
    else {
      console.log('   building all');
      run('npm', ['run', '--silent', 'build'], copy);
    }
    // Without it everything works but Help.
    if (!existsSync(join(copy, 'dist/docs'))) spawnSync('npm', ['run', '--silent', 'docs'], { cwd: copy });
    within = PARTS.map(() => '');
  }

  return {
    /** Builds all of it once, while there is no fault. */
    first() {
      if (within === null) buildAll();
    },
    /** Before a file runs that starts what is built: `files` are those with the fault `name` in them. */
    ready(name, files) {
      for (const [i, part] of PARTS.entries()) {
        const wanted = files.some(isPart(i)) ? name : '';
        if (within[i] === wanted) continue;
        run(part.run[0], part.run.slice(1), copy);
        chmodSync(join(copy, 'dist/daemon/main.js'), 0o755);
        within[i] = wanted;
      }
    },
  };
}

async function main() {
  const mutants = chosen();
  if (options.has('--list')) {
    for (const { name, fault, breaks } of mutants)
      console.log(`${name}\n  ${fault}\n  breaks: ${breaks.join('; ')}`);
    return;
  }
  const sources = readSources();
  const copy = copySources();
  const builds = createBuilds(copy, sources);
  const clean = new Map();
  const end = (code) => {
    rmSync(copy, { recursive: true, force: true });
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(130));

  const needsBuild = (file) => laneOf(file) !== 'unit';
  const passesClean = async (file) => {
    if (!options.has('--baseline')) return true;
    if (!clean.has(file)) {
      if (needsBuild(file)) {
        builds.first();
        builds.ready('', []);
      }
      const { failed, broke, empty } = await runTest(file, copy);
      clean.set(file, failed.length === 0 && broke === '' && !empty);
      if (!clean.get(file)) console.log(`   ${file} does not pass without a fault, so it finds none`);
    }
    return clean.get(file);
  };

  async function find({ name, path, files, foundBy }) {
    const named = foundBy.filter((file) => existsSync(file));
    const others = options.has('--named-only')
      ? []
      : reachedBy(files, sources)
          .filter((file) => !named.includes(file))
          .sort((a, b) => cost(a) - cost(b));
    let tried = 0;
    for (const file of [...named, ...others]) {
      if (!(await passesClean(file))) continue;
      if (needsBuild(file)) builds.first();
      run('git', ['apply', path], copy);
      try {
        if (needsBuild(file)) builds.ready(name, files);
        tried += 1;
        const { failed, broke } = await runTest(file, copy);
        if (broke) console.log(`   ${file} broke off: ${broke}`);
        if (failed.length > 0) return { file, by: failed[0], tried };
      } finally {
        run('git', ['apply', '-R', path], copy);
      }
    }
    return { file: null, by: '', tried };
  }

  const results = [];
  for (const mutant of mutants) {
    const before = spent();
    console.log(`== ${mutant.name}: ${mutant.fault}`);
    let result;
    try {
      result = await find(mutant);
    } catch (e) {
      console.log(`   ${e.message}`);
      result = { file: null, by: '', tried: 0 };
    }
    const cpu = spent() - before;
    results.push({ ...mutant, ...result, cpu });
    const where = result.file && (inAll.has(result.file) ? 'only scripts/test all' : 'scripts/test');
    console.log(
      result.file
        ? `   found by ${result.file} (${where}), ${cpu.toFixed(1)} s of processor: ${result.by}`
        : `   failed: NOTHING FINDS IT (${result.tried} files tried, ${cpu.toFixed(1)} s of processor)`,
    );
  }
  console.log(`\n${'fault'.padEnd(28)} ${'processor'.padStart(9)}  ${'run by'.padEnd(16)}  found by`);
  for (const { name, file, cpu } of results) {
    const lane = file === null ? '' : inAll.has(file) ? 'scripts/test all' : 'scripts/test';
    console.log(
      `${name.padEnd(28)} ${cpu.toFixed(1).padStart(7)} s  ${lane.padEnd(16)}  ${file ?? 'NOTHING'}`,
    );
  }
  const total = results.reduce((sum, { cpu }) => sum + cpu, 0);
  console.log(`${results.length} faults, ${total.toFixed(0)} s of processor time`);
  const lost = results.filter(({ file }) => file === null).length;
  console.log(`${results.length - lost} passed, ${lost} failed, 0 skipped`);
  end(lost === 0 ? 0 : 1);
}

await main();
