import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Adds what browsers are served to a CycloneDX SBOM of the run-time packages.
 *   node scripts/lib/sbom.mjs RUNTIME.json ALL.json OUT.json SERVED.json...
 * ALL.json is of every package in the lock file; each SERVED.json is a list of "name@version" that the build has written.
 */
const [runtimeFile, allFile, out, ...servedFiles] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const bom = read(runtimeFile);
const all = read(allFile);
const nameOf = ({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`;
const served = new Set(servedFiles.flatMap(read));
const SERVED = { name: 'tapedeck:served-to-browsers', value: 'true' };

/** A version that only one package needs lies within that package. */
const flat = (components = []) => components.flatMap((c) => [c, ...flat(c.components)]);

const known = new Map(flat(bom.components).map((c) => [nameOf(c), c]));
for (const { components: _within, ...component } of flat(all.components)) {
  const name = nameOf(component);
  if (!served.delete(name)) continue;
  const here = known.get(name) ?? component;
  here.properties = [
    ...(here.properties ?? []).filter((p) => p.name !== 'cdx:npm:package:development'),
    SERVED,
  ];
  if (here.scope === 'optional') here.scope = 'required'; // of development only, until it was bundled
  if (!known.has(name)) bom.components.push(here);
  known.set(name, here);
}
if (served.size > 0) {
  console.error(`sbom: not in the lock file, and yet bundled: ${[...served].join(', ')}`);
  process.exit(1);
}

const refs = new Set([bom.metadata.component['bom-ref'], ...flat(bom.components).map((c) => c['bom-ref'])]);
const root = bom.metadata.component['bom-ref'];
const dependencies = new Map(bom.dependencies.map((d) => [d.ref, new Set(d.dependsOn ?? [])]));
for (const { ref, dependsOn = [] } of all.dependencies) {
  if (!refs.has(ref)) continue;
  const its = dependencies.get(ref) ?? new Set();
  for (const other of dependsOn) if (refs.has(other)) its.add(other);
  dependencies.set(ref, its);
}
// One that is bundled only because a development tool brought it is the product's own all the same.
const reached = new Set([...dependencies.values()].flatMap((its) => [...its]));
for (const ref of refs) if (ref !== root && !reached.has(ref)) dependencies.get(root).add(ref);
bom.components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
bom.dependencies = [...dependencies]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([ref, its]) => (its.size > 0 ? { ref, dependsOn: [...its].sort() } : { ref }));
writeFileSync(out, `${JSON.stringify(bom, null, 2)}\n`);
