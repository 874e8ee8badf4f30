import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { ulid } from 'ulid';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';

const MAIN = resolve('dist/daemon/main.js');
/** More than a pipe and a socket hold: 64 KB and some 220 KB. */
const CALLS = 1_000;

t.test('a command ends only when a slow reader of its output has taken all of it', async (t) => {
  const dir = t.testdir({ 'tapedeck.toml': '[data]\ndir = "data"\n' });
  mkdirSync(join(dir, 'data'), { mode: 0o750 });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(join(dir, 'data')) });
  await catalogue.start();
  await Promise.all(Array.from({ length: CALLS }, () => catalogue.calls.save(aCall(ulid()))));
  await catalogue.stop();

  const args = ['--config', 'tapedeck.toml', 'calls', '--limit', String(CALLS), '--json'];
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'readable');
  // As "| less" does. Once it sleeps at each of so many looks, it has nothing to do but to wait for its reader.
  let slept = 0;
  const waits = () => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    slept = stat.slice(stat.lastIndexOf(')')).startsWith(') S') ? slept + 1 : 0;
    return slept === 10;
  };
  await until('it to wait or to end', () => child.exitCode !== null || waits());
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await ended;
  t.equal(code, 0);
  t.equal((JSON.parse(out) as unknown[]).length, CALLS);
  t.ok(out.length > 300_000, `${out.length} characters`);
});
