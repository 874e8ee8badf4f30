import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE, cached, SOURCES } from '../../../scripts/lib/package/places.js';

const run = promisify(execFile);
const MIGRATIONS = 'daemon/catalogue/sqlite/migrations.ts';
const OLDER = '0.0.1';
/** What takes long to make and is the same for a version before, unless its lock file differs: then it makes its own. */
const REUSED = /^(modules|native|node|toolchain)-.*[0-9a-f]{12}$/;

const git = async (...args: string[]): Promise<string> => {
  const safe = ['-c', `safe.directory=${SOURCES.replace(/\/$/, '')}`];
  return (await run('git', [...safe, ...args], { cwd: SOURCES })).stdout.trim();
};

/** Builds the package of a tree, with the scripts of that tree. */
const BUILD = `
import { writeFileSync } from 'node:fs';
import { buildPackage } from './scripts/lib/package/build.ts';
writeFileSync('list.json', '{"bomFormat":"CycloneDX","components":[]}');
await buildPackage({ arch: 'amd64', version: '${OLDER}', epoch: 1767323046, sbom: 'list.json', compression: 'none', out: 'out' });
`;

/**
 * Returns the package of the program as it was before its newest migration, for amd64, built from that commit once, and called
 * ${OLDER}. Null where there is no such commit: the sources have no history. Call it after `builtPackage`, whose parts it takes.
 */
export async function olderPackage(): Promise<string | null> {
  const newest = await git('log', '-1', '--format=%H', '--', MIGRATIONS).catch(() => '');
  const commit = newest && (await git('rev-parse', '--verify', '--quiet', `${newest}^`).catch(() => ''));
  if (!commit) return null;
  const dir = await cached('older', commit, async (into) => {
    const tree = join(into, 'tree');
    mkdirSync(join(tree, '.package'), { recursive: true });
    await git('archive', '--output', join(into, 'tree.tar'), commit);
    await run('tar', ['-xf', join(into, 'tree.tar'), '-C', tree]);
    symlinkSync(join(SOURCES, 'node_modules'), join(tree, 'node_modules'));
    for (const name of readdirSync(CACHE).filter((one) => REUSED.test(one)))
      await run('cp', ['--archive', '--link', join(CACHE, name), join(tree, '.package')]);
    await run('npm', ['run', 'build'], { cwd: tree, maxBuffer: 64 << 20 });
    writeFileSync(join(tree, 'package.mts'), BUILD);
    await run(process.execPath, ['--import', 'tsx', 'package.mts'], { cwd: tree, maxBuffer: 64 << 20 });
    const [made] = readdirSync(join(tree, 'out'));
    renameSync(join(tree, 'out', made!), join(into, made!));
    for (const used of [tree, join(into, 'tree.tar')]) rmSync(used, { recursive: true });
  });
  const deb = join(dir, `tapedeck_${OLDER}_amd64.deb`);
  if (!existsSync(deb)) throw new Error(`${dir} has no package`);
  return deb;
}
