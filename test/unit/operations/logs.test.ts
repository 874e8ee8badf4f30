import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { withPriority } from '../../../daemon/ops/log.js';

const ROOT = join(import.meta.dirname, '../../..');

t.test('the page of logs has every event that the services write, and no other', async (t) => {
  const page = readFileSync(join(ROOT, 'docs/operate/logs.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` +\| (?:`tapedeck|all)/gm)].map(([, event]) => event!);
  const sources = ['daemon', 'web'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('ui/'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
  const written = sources.flatMap((text) =>
    [...text.matchAll(/log(?:\.\w+|\[level\])\(\s*\{\s*event: '(\w+)'/g)].map(([, event]) => event!),
  );
  t.same([...new Set(written)].toSorted(), listed.toSorted());
  for (const [, event] of page.matchAll(/grep (?:-c )?(\w+)/g))
    t.ok(
      listed.some((one) => one.startsWith(event!)),
      `"grep ${event}" finds something`,
    );
});

t.test('a line in the journal has its priority, and elsewhere none', async (t) => {
  const line = (level: number) => `{"level":${level},"msg":"x"}\n`;
  t.same(
    [60, 50, 40, 30, 20].map((level) => withPriority(line(level)).slice(0, 3)),
    ['<2>', '<3>', '<4>', '<6>', '<7>'],
  );
  const program = `import { createLog } from './daemon/ops/log.js'; createLog('info', 'x').error('y');`;
  const file = join(t.testdir({ out: '' }), 'out');
  const said = (journal: (stats: Stats) => string) => {
    const out = openSync(file, 'w');
    spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: ROOT,
      stdio: ['ignore', out, 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '', JOURNAL_STREAM: journal(fstatSync(out)) },
    });
    closeSync(out);
    return readFileSync(file, 'utf8');
  };
  t.match(
    said(({ dev, ino }) => `${dev}:${ino}`),
    /^<3>\{"level":50/,
  );
  t.match(
    said(() => '1:2'),
    /^\{"level":50/,
    'a terminal below a service is not the journal',
  );
});
