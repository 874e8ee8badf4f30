import { createHash } from 'node:crypto';
import { chmodSync, lutimesSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arch, run, SOURCES } from './places.js';
import { filesOf } from './tree.js';

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];
const TEMPLATES = join(SOURCES, 'scripts/lib/package/debian');

/** What a field of a deb is compressed with: xz at its best for people to download; nothing for tests that unpack it at once. */
export type Compression = 'xz' | 'none';

const LONGEST = 65_536;

/** The size that a package takes once installed, in KB of 1,024 bytes, as Debian counts it (deb-substvars(5)). */
const installedKb = (sizes: number[], folders: number) =>
  sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), folders);

/** Writes DEBIAN/ into a laid-out tree: control, checksums, and the scripts that dpkg runs. */
function writeControl(root: string, arch: Arch, version: string): void {
  const files = filesOf(root);
  const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).size;
  const values: Record<string, string> = {
    VERSION: version,
    ARCHITECTURE: arch,
    INSTALLED_KB: String(
      installedKb(
        files.map(({ content }) => content.length),
        folders,
      ),
    ),
  };
  const fill = (text: string) =>
    text.replace(/@([A-Z_]+)@/g, (_, name: string) => {
      if (!(name in values)) throw new Error(`@${name}@ has no value`);
      return values[name]!;
    });
  const into = join(root, 'DEBIAN');
  mkdirSync(into);
  const put = (name: string, text: string, mode: number) => {
    if (text.length > LONGEST * 64) throw new Error(`${name} is too long`);
    writeFileSync(join(into, name), text);
    chmodSync(join(into, name), mode);
  };
  const template = (name: string) => readFileSync(join(TEMPLATES, name), 'utf8');
  put('control', fill(template('control')), 0o644);
  for (const name of SCRIPTS) put(name, fill(template(name)), 0o755);
  const sums = files.map(
    ({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}`,
  );
  put('md5sums', `${sums.join('\n')}\n`, 0o644);
}

/** Gives everything below a folder the same time, in seconds since 1970: tar notes it. */
function setTimes(root: string, epoch: number): void {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) setTimes(path, epoch);
    else lutimesSync(path, epoch, epoch);
  }
  lutimesSync(root, epoch, epoch);
}

/** Makes a deb of a laid-out tree: the same bytes for the same tree, version and time, on any machine with this dpkg. */
export async function makeDeb(
  root: string,
  file: string,
  {
    arch,
    version,
    epoch,
    compression,
  }: { arch: Arch; version: string; epoch: number; compression: Compression },
): Promise<void> {
  writeControl(root, arch, version);
  chmodSync(root, 0o755);
  chmodSync(join(root, 'DEBIAN'), 0o755);
  setTimes(root, epoch);
  // One thread: with more, xz cuts its blocks elsewhere.
  const best = compression === 'xz' ? ['-Zxz', '-z9', '--threads-max=1'] : ['-Znone'];
  const env = { SOURCE_DATE_EPOCH: String(epoch) };
  await run('dpkg-deb', ['--root-owner-group', ...best, '--build', root, file], { env });
}
