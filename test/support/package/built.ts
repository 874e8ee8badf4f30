import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { buildPackage } from '../../../scripts/lib/package/build.js';
import { cached, SOURCES, sha256 } from '../../../scripts/lib/package/places.js';
import { filesOf } from '../../../scripts/lib/package/tree.js';
import { versionOf } from '../../../scripts/lib/package/version.js';
import type { Machine } from '../booted/machine.js';

const run = promisify(execFile);
/** What is in the package, and what builds it. */
const MADE_OF = ['dist', 'systemd', 'asterisk-conf', 'scripts/lib/package'];
const FILES = ['package-lock.json', 'package.json', 'tapedeck.toml.example', 'CHANGELOG.md'];
/** In place of the list of components, which takes long to make: a test of scripts/package looks at the real one. */
const NO_LIST = '{"bomFormat":"CycloneDX","components":[]}\n';

/**
 * Returns the package of what is built, for amd64, uncompressed so that it installs in seconds. It is built once for all tests: the
 * first time takes minutes and needs the network, for a compiler and what it compiles: call it before entering a network namespace.
 * Throws where only root could build it.
 */
export async function builtPackage(): Promise<{ deb: string; version: string }> {
  const parts = [
    ...MADE_OF.flatMap((dir) =>
      filesOf(join(SOURCES, dir)).map(({ path, content }) => `${path} ${sha256(content)}`),
    ),
    ...FILES.map((name) => sha256(readFileSync(join(SOURCES, name)))),
  ];
  const dir = await cached('tested', sha256(...parts), async (out) => {
    const work = mkdtempSync(join(tmpdir(), 'tapedeck-sbom-'));
    const sbom = join(work, 'sbom.json');
    writeFileSync(sbom, NO_LIST);
    await buildPackage({ arch: 'amd64', ...(await versionOf()), sbom, compression: 'none', out });
    rmSync(work, { recursive: true });
  });
  const name = readdirSync(dir).find((one) => one.endsWith('.deb'))!;
  return { deb: join(dir, name), version: name.split('_')[1]! };
}

/** Makes the same package of another version below `into`, as a release before or after it would be. Returns its path. */
export async function withVersion(deb: string, version: string, into: string): Promise<string> {
  const root = mkdtempSync(join(into, 'deb-'));
  await run('dpkg-deb', ['--raw-extract', deb, root]);
  const [, was, arch] = basename(deb, '.deb').split('_');
  const about = join(root, 'usr/lib/tapedeck/package.json');
  for (const file of [
    ...readdirSync(join(root, 'DEBIAN')).map((name) => join(root, 'DEBIAN', name)),
    about,
  ]) {
    if (file.endsWith('md5sums')) continue;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(was!, version));
  }
  const made = join(into, `tapedeck_${version}_${arch}.deb`);
  await run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', root, made]);
  rmSync(root, { recursive: true });
  return made;
}

/** Copies a package into a machine. Returns its path in there. */
export function bringPackage({ path }: Pick<Machine, 'path'>, deb: string): string {
  const file = `/root/${basename(deb)}`;
  mkdirSync(path('/root'), { recursive: true });
  copyFileSync(deb, path(file));
  return file;
}

/** Installs a package in a machine, as `apt install ./tapedeck.deb` does. Returns what it printed; throws with that. */
export const installPackage = (machine: Pick<Machine, 'path' | 'must'>, deb: string): Promise<string> =>
  // Everything it depends on is in there, and there are no lists of packages: what is missing is a fault of the package.
  machine.must(
    ...['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '--yes'],
    bringPackage(machine, deb),
  );
