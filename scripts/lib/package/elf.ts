import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Arch, run } from './places.js';

/** The newest symbols that Ubuntu 22.04 has, the oldest system but Debian 11 that the package installs on. */
const NEWEST: Record<string, string> = { GLIBC: '2.35', GLIBCXX: '3.4.30', CXXABI: '1.3.13', GCC: '12.0.0' };
const MACHINES: Record<Arch, RegExp> = { amd64: /X86-64/, arm64: /AArch64/ };
const MAGIC = Buffer.from('\x7fELF', 'latin1');

const isElf = (file: string): boolean => {
  const head = Buffer.alloc(4);
  const fd = openSync(file, 'r');
  readSync(fd, head, 0, 4, 0);
  closeSync(fd);
  return head.equals(MAGIC);
};

/** Whether a dotted version is above another. */
export function isAbove(version: string, limit: string): boolean {
  const [a, b] = [version, limit].map((one) => one.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return false;
}

/** Returns what keeps a compiled file from loading on the systems that the package is for: none is well. */
export async function faultsOf(file: string, arch: Arch): Promise<string[]> {
  const text = await run('readelf', ['--wide', '--file-header', '--version-info', file]);
  const faults: string[] = [];
  const machine = /^\s*Machine:\s*(.*)$/m.exec(text)?.[1] ?? 'unknown';
  if (!MACHINES[arch].test(machine)) faults.push(`is for ${machine}, not for ${arch}`);
  // Of the symbols that it needs, not of those that it defines.
  const needed = text.slice(Math.max(0, text.indexOf('.gnu.version_r')));
  for (const [, set, version] of needed.matchAll(/Name: (GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)/g))
    if (isAbove(version!, NEWEST[set!]!)) faults.push(`needs ${set}_${version}, newer than ${NEWEST[set!]}`);
  return [...new Set(faults)];
}

/** Throws when a compiled file of a tree would not load on a system that the package is for. Returns their paths. */
export async function checkBinaries(root: string, paths: string[], arch: Arch): Promise<string[]> {
  const binaries = paths.filter((path) => isElf(join(root, path)));
  for (const path of binaries) {
    const faults = await faultsOf(join(root, path), arch);
    if (faults.length > 0) throw new Error(`${path} ${faults.join(', ')}`);
  }
  return binaries;
}
