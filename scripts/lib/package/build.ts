import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Compression, makeDeb } from './deb.js';
import { productionModules } from './modules.js';
import { compile } from './native.js';
import { type Arch, CACHE, SOURCES } from './places.js';
import { layOut } from './tree.js';

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

/** Builds the package for one architecture. Returns its path. `dist` has to be built. */
export async function buildPackage({
  arch,
  version,
  epoch,
  sbom,
  compression,
  out,
}: Wanted): Promise<string> {
  if (!existsSync(join(SOURCES, 'dist/daemon/main.js'))) throw new Error('nothing is built: npm run build');
  const { modules, sources } = await productionModules(arch);
  const native = await compile(arch, sources);
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'tree-'));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    await layOut(root, { arch, version, native, modules, sbom });
    const name = `tapedeck_${version}_${arch}.deb`;
    await makeDeb(root, join(work, name), { arch, version, epoch, compression });
    mkdirSync(out, { recursive: true });
    copyFileSync(join(work, name), join(out, name));
    return join(out, name);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
