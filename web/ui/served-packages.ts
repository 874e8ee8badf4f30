import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Writes which packages browsers are served, as Vite has bundled them: a JSON list of "name@version". They are development
 * dependencies, so no package manager tells that they are part of the product; scripts/sbom lists them by this.
 */
export function servedPackages(file: string): Plugin {
  return {
    name: 'served-packages',
    generateBundle() {
      const found = [...this.getModuleIds()].flatMap((id) => packageOf(id) ?? []);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify([...new Set(found)].sort(), null, 2)}\n`);
    },
  };
}

/** The package that a module belongs to; null for our own. */
function packageOf(id: string): string | null {
  const path = id.replace(/^\0/, '').replace(/[?#].*$/, '');
  if (!path.includes('/node_modules/')) return null;
  for (let dir = dirname(path); !dir.endsWith('/node_modules'); dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    if (name && version) return `${name}@${version}`; // one within a package may only say what kind of modules these are
  }
  return null;
}
