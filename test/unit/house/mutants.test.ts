import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readMutants } from '../../../scripts/lib/mutants/files.mjs';

const ROOT = join(import.meta.dirname, '../../..');
const mutants = readMutants(ROOT);
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
const between = (text: string, from: string, to: string) => text.split(from)[1]!.split(to)[0]!;

/** What Tapedeck promises, by ARCHITECTURE.md. */
const promises = oneLine(
  between(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'), 'Its promises, in this order:', '.\n'),
).split('; ');
/** What every build runs, by SECURITY.md: the lines of the list, and the rows of the table of parsers. */
const security = between(
  `${readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')}\n`,
  '\nEvery build runs:\n',
  '\n## ',
);
const lines = security
  .split('\nParsers of ')[0]!
  .split('\n- ')
  .map(oneLine)
  .filter((line) => line !== '');
const parsers = security.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'));

t.test('every fault fits the sources', (t) => {
  t.ok(mutants.length >= 24, `${mutants.length} faults`);
  for (const { name, path } of mutants) {
    const { status, stderr } = spawnSync('git', ['apply', '--check', path], { cwd: ROOT, encoding: 'utf8' });
    t.equal(status, 0, `${name}: ${stderr}`);
  }
  t.end();
});

t.test('every fault says what it is, what it breaks, and which file finds it', (t) => {
  for (const { name, fault, breaks, foundBy, files } of mutants) {
    t.match(fault, /^[A-Z].{20,}\.$/, name);
    t.ok(breaks.length > 0 && foundBy.length > 0 && files.length > 0, name);
    for (const broken of breaks)
      t.ok(
        [...promises, ...lines, ...parsers].some((one) => one.startsWith(broken)),
        `${name} breaks what is promised: ${broken}`,
      );
    for (const file of foundBy) t.ok(existsSync(join(ROOT, file)), `${name}: ${file} is there`);
    // What only tests use is no fault of the product.
    for (const file of files) t.notMatch(file, /^(test|docs)\//, name);
  }
  t.end();
});

t.test('every promise, every line of SECURITY.md and some parsers have a fault', (t) => {
  const broken = mutants.flatMap(({ breaks }) => breaks);
  const isBroken = (one: string) => broken.some((start) => one.startsWith(start));
  t.equal(promises.length, 4);
  t.ok(lines.length >= 12 && parsers.length >= 20);
  t.same(
    [...promises, ...lines].filter((one) => !isBroken(one)),
    [],
  );
  t.ok(parsers.filter(isBroken).length >= 2);
  t.end();
});

t.test('a file that finds a fault is among those that reach it', async (t) => {
  const { reachedBy } = await import(join(ROOT, 'scripts/lib/reach.mjs'));
  // Those that start what is built, or read a file by its name, are taken to reach it.
  const found = (files: string[], test: string) => t.ok(reachedBy(files).includes(test), `${test}: ${files}`);
  found(['daemon/domain/recording/mask.ts'], 'test/unit/recordings/masks.test.ts');
  found(['web/auth/hosts.ts'], 'test/web/attacks/headers.test.ts');
  found(['daemon/cli/jobs.ts'], 'test/programs/cli/jobs.test.ts');
  found(['web/ui/kit/verbatim.tsx'], 'test/web/attacks/hostile-names.test.ts');
  found(['systemd/tapedeck.service'], 'test/unit/operations/systemd.test.ts');
  found(['asterisk-conf/extensions.conf'], 'test/pbx/telling/consent.test.ts');
  t.notOk(reachedBy(['web/auth/hosts.ts']).includes('test/unit/calls/numbers.test.ts'));
});
