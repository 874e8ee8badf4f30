import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi } from './native.js';
import { type Arch, cached, SOURCES, say, sha256 } from './places.js';
import { prune } from './prune.js';

/** The one package that is compiled. */
export const COMPILED = 'better-sqlite3';

/**
 * Returns the node_modules that the programs need at run time on an architecture, without what nothing loads, and beside them the
 * sources of what is compiled here.
 */
export async function productionModules(arch: Arch): Promise<{ modules: string; sources: string }> {
  const read = (name: string) => readFileSync(join(SOURCES, name));
  // What is kept is decided in prune.ts.
  const pruned = readFileSync(new URL('./prune.ts', import.meta.url));
  const key = sha256(read('package.json'), read('package-lock.json'), read('.npmrc'), pruned);
  const dir = await cached(`modules-${arch}`, key, async (into) => {
    say(`Installing the npm packages of the programs for ${arch}`);
    await npmCi(SOURCES, into, arch, ['--omit=dev']);
    cpSync(join(into, 'node_modules', COMPILED), join(into, 'sources', COMPILED), { recursive: true });
    prune(join(into, 'node_modules'));
    rmSync(join(into, 'node_modules/.package-lock.json'), { force: true });
  });
  return { modules: join(dir, 'node_modules'), sources: join(dir, 'sources', COMPILED) };
}
