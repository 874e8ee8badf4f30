import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, SOURCES, say } from './places.js';

/**
 * npm run package:check: builds the packages of the newest commit twice from nothing, compilers and npm packages included, in
 * folders of different names and with a different umask, and compares them byte by byte. Takes a quarter of an hour; run by hand
 * before a release. Ends with 1 where they differ.
 */
const work = mkdtempSync(join(tmpdir(), 'tapedeck-twice-'));
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

async function build(name: string, umask: number): Promise<Map<string, string>> {
  const clone = join(work, name);
  say(`Building in ${clone}`);
  await run('git', ['-c', `safe.directory=${SOURCES}`, 'clone', '--quiet', '--no-local', SOURCES, clone]);
  process.umask(umask);
  const out = join(clone, 'out');
  mkdirSync(out);
  // Nothing that an earlier build has kept.
  const env = { XDG_CACHE_HOME: join(work, `${name}-cache`) };
  await run(join(clone, 'scripts/package'), ['--out', out], { cwd: clone, env });
  return new Map(readdirSync(out).map((file) => [file, sha256(join(out, file))]));
}

try {
  const [first, second] = [await build('a', 0o022), await build('another-folder', 0o077)];
  let differ = first.size !== second.size;
  for (const [file, sum] of first) {
    const same = second.get(file) === sum;
    differ ||= !same;
    console.log(`${same ? 'the same' : 'DIFFERS '}  ${sum}  ${file}`);
  }
  process.exitCode = differ ? 1 : 0;
} finally {
  rmSync(work, { recursive: true, force: true });
}
