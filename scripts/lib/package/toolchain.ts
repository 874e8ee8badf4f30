import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findMirror } from '../apt-mirror.mjs';
import { cached, run, say, sha256 } from './places.js';

/**
 * Debian 11: its glibc 2.31 and libstdc++ 10 are older than those of every system that the package installs on, so that what is
 * compiled against them loads on all. Its compiler for arm64 runs on amd64.
 */
const SUITE = 'bullseye';
const PACKAGES = ['g++', 'g++-aarch64-linux-gnu', 'make', 'python3'];
const LEFT_OUT = ['doc', 'man', 'locale', 'info'];

/** Arguments of mmdebstrap for a root that nobody reads manuals in. */
export const withoutManuals = LEFT_OUT.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);

/** Makes a Debian of `suite` with `packages` in `dir`, from the archive that this machine's apt uses. */
export async function debootstrap(suite: string, packages: string[], dir: string): Promise<void> {
  const { uri, keyring } = findMirror({ override: process.env.TAPEDECK_PBX_MIRROR });
  await run('mmdebstrap', [
    '--variant=minbase',
    // An archived suite's Release has long expired.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Retries "3"',
    ...(keyring ? [`--keyring=${keyring}`] : []),
    ...withoutManuals,
    `--include=${packages.join(',')}`,
    suite,
    dir,
    `deb ${uri} ${suite} main`,
  ]);
}

/** Returns the folder of a Debian with compilers for both architectures. Only as root. */
export async function makeToolchain(): Promise<{ root: string; key: string }> {
  if (process.getuid?.() !== 0)
    throw new Error('only root can compile in a Debian 11 (chroot): run scripts/package as root');
  if (process.arch !== 'x64')
    throw new Error('packages are built on amd64: the compilers for both architectures run there');
  const key = sha256(SUITE, ...PACKAGES);
  const root = await cached('toolchain', key, async (dir) => {
    say(`Making a Debian 11 with compilers for amd64 and arm64 (about a minute, 1.1 GB)`);
    // The folder is there already, and it wants to make it or find it empty.
    await debootstrap(SUITE, PACKAGES, dir);
  });
  if (!existsSync(join(root, 'usr/bin/aarch64-linux-gnu-g++')))
    throw new Error(`${root} has no compiler: remove it and start again`);
  return { root, key };
}

/** Runs a program in the root of the toolchain, with nothing of this machine's environment. */
export const inToolchain = (
  root: string,
  path: string,
  env: Record<string, string>,
  argv: string[],
  cwd = '/',
) =>
  run('chroot', [
    ...[
      root,
      '/usr/bin/env',
      '-i',
      `--chdir=${cwd}`,
      `PATH=${path}:/usr/bin:/bin`,
      'HOME=/build',
      'LC_ALL=C',
      'TZ=UTC',
    ],
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...argv,
  ]);

/** Returns the versions of the packages that compile, for the record of the build. */
export async function toolchainVersions(root: string): Promise<string[]> {
  const names = [
    'gcc-10',
    'gcc-10-aarch64-linux-gnu',
    'binutils',
    'libc6-dev',
    'libc6-dev-arm64-cross',
    'libstdc++-10-dev',
  ];
  const out = await run('chroot', [root, '/usr/bin/dpkg-query', '--show', ...names]);
  return out.trim().replaceAll('\t', ' ').split('\n').sort();
}
