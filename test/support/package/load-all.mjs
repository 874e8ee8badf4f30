// Put beside the programs on the machine and run by the package's own Node.js: imports every package that they import, so that one
// that the build has left out, or cut too short, is found here and not by an admin.
import { readdirSync, readFileSync } from 'node:fs';

const PROGRAMS = new URL('./dist/daemon/', import.meta.url);
const IMPORT =
  /^(?:import|export)\b[^'";]*?\bfrom ?["']([^"'./][^"']*)["']|\bimport\(["']([^"'./][^"']*)["']\)/gm;
const EFFECT = /^import ["']([^"'./][^"']*)["']/gm;
// Imported for what it does to those after it.
const [names, first] = [new Set(), new Set()];
for (const file of readdirSync(PROGRAMS).filter((name) => name.endsWith('.js')))
  for (const [pattern, into] of [
    [EFFECT, first],
    [IMPORT, names],
  ])
    for (const [, fixed, later] of readFileSync(new URL(file, PROGRAMS), 'utf8').matchAll(pattern))
      into.add(fixed ?? later);
const packages = [...new Set([...first, ...names])].filter((name) => !/^node:|\$/.test(name));
const faults = [];
for (const name of packages) await import(name).catch((e) => faults.push(`${name}: ${e.message}`));
console.log(JSON.stringify({ loaded: packages.length, faults }));
process.exit(0);
