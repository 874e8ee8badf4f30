import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Compression, makeDeb } from './deb.js';
import { checkBinaries } from './elf.js';
import { productionModules } from './modules.js';
import { compile } from './native.js';
import { type Arch, OUT, SOURCES } from './places.js';
import { layOut, pathsOf } from './tree.js';

export type Wanted = {
  arch: Arch;
  version: string;
  /** The time that every file carries, in seconds since 1970. */
  epoch: number;
  /** The software bill of materials that goes into it. */
  sbom: string;
  compression: Compression;
  /** The folder that the package is put into. */
  out: string;
};

/**
 * Builds the package for one architecture. Returns its path and the files in it. `dist` has to be built. Throws when a compiled
 * file would not load on a system that the package is for.
 */
export async function buildPackage(
  wanted: Wanted,
): Promise<{ deb: string; files: { path: string; bytes: number }[] }> {
  const { arch, version, epoch, sbom, compression, out } = wanted;
  if (!existsSync(join(SOURCES, 'dist/daemon/main.js'))) throw new Error('nothing is built: npm run build');
  const { modules, sources } = await productionModules(arch);
  const native = await compile(arch, sources);
  mkdirSync(OUT, { recursive: true });
  const work = mkdtempSync(join(OUT, 'tree-'));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    await layOut(root, { arch, version, native, modules, sbom });
    const paths = pathsOf(root);
    await checkBinaries(root, paths, arch);
    const files = paths.map((path) => ({ path, bytes: statSync(join(root, path)).size }));
    const name = `tapedeck_${version}_${arch}.deb`;
    await makeDeb(root, join(work, name), { arch, version, epoch, compression });
    mkdirSync(out, { recursive: true });
    copyFileSync(join(work, name), join(out, name));
    return { deb: join(out, name), files };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
