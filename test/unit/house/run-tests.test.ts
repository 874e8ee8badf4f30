import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import t, { type Test } from 'tap';

const ROOT = join(import.meta.dirname, '../../..');

/** Files that end in each way, and what has to be said of them. A run that hides one of these hides a fault. */
const endings: Record<string, { file: string; told: RegExp }> = {
  wrong: {
    file: "t.test('sums', async (t) => t.equal(1, 2, 'one is two'));",
    told: /failed: \S+ > sums > one is two[\s\S]*0 passed, 1 failed, 0 skipped/,
  },
  thrown: {
    file: "t.test('throws', async () => { throw new Error('gone wrong'); });",
    told: /failed: \S+ > throws > gone wrong[\s\S]*0 passed, 1 failed/,
  },
  broken: { file: "throw new Error('at once');", told: /exit code 1[\s\S]*at once[\s\S]*0 passed, 1 failed/ },
  endless: {
    file: "t.test('waits', () => new Promise(() => {}));",
    told: /failed: \S+ > waits > test unfinished[\s\S]*0 passed, [12] failed/,
  },
  short: { file: 't.plan(2); t.pass();', told: /test count\(1\) != plan\(2\)[\s\S]*1 passed, 1 failed/ },
  killed: {
    file: "t.test('goes', async (t) => { t.pass(); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); });",
    told: /it did not come to its end[\s\S]*1 passed, 1 failed/,
  },
  empty: { file: '', told: /0 passed, 1 failed/ },
};

/** Runs a test file with this text as the runner does. */
function run(t: Test, name: string, text: string) {
  const file = `ends-${name}.test.ts`;
  const dir = t.testdir({ [file]: `import t from 'tap';\n${text}\n` });
  const args = ['scripts/lib/run-tests.mjs', relative(ROOT, join(dir, file))];
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
}

for (const [name, { file, told }] of Object.entries(endings))
  t.test(`a file is not taken for passed: ${name}`, async (t) => {
    const { status, stdout } = run(t, name, file);
    t.equal(status, 1);
    t.match(stdout, told);
  });

t.test('what passed and what was left out is counted', async (t) => {
  const { status, stdout } = run(
    t,
    'well',
    `t.test('two', async (t) => { t.pass(); t.pass(); });
t.test('left out', { skip: 'no such machine' }, async () => {});`,
  );
  t.equal(status, 0);
  t.match(stdout, /skipped: \S+ > left out: no such machine/);
  t.match(stdout, /2 passed, 0 failed, 1 skipped/);
});
