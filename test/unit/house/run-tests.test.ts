import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import t, { type Test } from 'tap';

const ROOT = join(import.meta.dirname, '../../..');

/** Files that end in each way, and what has to be said of them. A run that hides one of these hides a fault. */
const endings: Record<string, { file: string; told: RegExp; passes?: number }> = {
  wrong: {
    file: "t.test('sums', async (t) => t.equal(1, 2, 'one is two'));",
    told: /^failed: \S+ends-wrong.test.ts > sums > one is two$/m,
  },
  thrown: {
    file: "t.test('throws', async () => { throw new Error('gone wrong'); });",
    told: /^failed: \S+ends-thrown.test.ts > throws > gone wrong$/m,
  },
  broken: {
    file: "throw new Error('at once');",
    told: /^failed: \S+ends-broken.test.ts: exit code 1$[\s\S]*at once/m,
  },
  endless: {
    file: "t.test('waits', () => new Promise(() => {}));",
    told: /^failed: \S+ends-endless.test.ts > waits > test unfinished/m,
  },
  short: {
    file: 't.plan(2); t.pass();',
    told: /^failed: \S+ends-short.test.ts > test count\(1\) != plan\(2\)/m,
    passes: 1,
  },
  killed: {
    file: "t.test('goes', async (t) => { t.pass(); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); });",
    told: /^failed: \S+ends-killed.test.ts: it did not come to its end\nfailed: \S+ends-killed.test.ts: SIGKILL$/m,
    passes: 1,
  },
  empty: { file: '', told: /^failed: \S+ends-empty.test.ts: there is no test in it/m },
};

/** Runs test files with these texts as the runner does. */
function run(t: Test, texts: Record<string, string>) {
  const fileOf = (name: string) => `ends-${name}.test.ts`;
  const dir = t.testdir(
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [fileOf(name), `import t from 'tap';\n${text}\n`]),
    ),
  );
  const files = Object.keys(texts).map((name) => relative(ROOT, join(dir, fileOf(name))));
  return spawnSync(process.execPath, ['scripts/lib/run-tests.mjs', ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

t.test('no file is taken for passed that was not', async (t) => {
  const { status, stdout } = run(
    t,
    Object.fromEntries(Object.entries(endings).map(([name, { file }]) => [name, file])),
  );
  t.equal(status, 1);
  for (const [name, { told }] of Object.entries(endings)) {
    t.match(stdout, told, name);
    t.match(stdout, new RegExp(`^FAILED .*ends-${name}\\.test\\.ts$`, 'm'));
  }
  t.notMatch(stdout, /^ok {4}/m);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, 0 skipped$/m.exec(stdout)!;
  t.equal(
    Number(passed),
    Object.values(endings).reduce((sum, { passes = 0 }) => sum + passes, 0),
  );
  t.ok(Number(failed) >= Object.keys(endings).length, `${failed} failed`);
});

t.test('what passed and what was left out is counted', async (t) => {
  const { status, stdout } = run(t, {
    well: `t.test('two', async (t) => { t.pass(); t.pass(); });
t.test('left out', { skip: 'no such machine' }, async () => {});`,
  });
  t.equal(status, 0);
  t.match(stdout, /skipped: \S+ > left out: no such machine/);
  t.match(stdout, /2 passed, 0 failed, 1 skipped/);
});
