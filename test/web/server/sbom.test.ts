import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
type Component = {
  group?: string;
  name: string;
  version: string;
  'bom-ref': string;
  components?: Component[];
};
const flat = (list: Component[] = []): Component[] => list.flatMap((c) => [c, ...flat(c.components)]);

t.test(
  'the SBOM lists what runs and what browsers are served, and nothing that only builds it',
  async (t) => {
    const file = join(t.testdir(), 'sbom.json');
    await promisify(execFile)(join(ROOT, 'scripts/sbom'), [file]);
    const bom = JSON.parse(readFileSync(file, 'utf8')) as {
      metadata: { component: Component };
      components: Component[];
      dependencies: { ref: string; dependsOn?: string[] }[];
    };
    const components = flat(bom.components);
    const names = new Set(components.map((c) => `${c.group ? `${c.group}/` : ''}${c.name}`));
    for (const name of ['fastify', 'better-sqlite3']) t.ok(names.has(name), `${name} runs`);
    // Those that pages import from node_modules, as their source has it.
    for (const name of ['preact', 'preact-iso', '@preact/signals', '@preact/signals-core'])
      t.ok(names.has(name), `${name} is in the pages`);
    for (const name of ['@simplewebauthn/browser', '@noble/curves', '@noble/hashes', 'fflate'])
      t.ok(names.has(name), `${name} is served`);
    for (const name of ['vite', 'typescript', 'tap', 'playwright-core', '@biomejs/biome'])
      t.notOk(names.has(name), `${name} is nobody's`);
    const refs = new Set([bom.metadata.component['bom-ref'], ...components.map((c) => c['bom-ref'])]);
    t.equal(refs.size, components.length + 1, 'each once');
    const pointed = bom.dependencies.flatMap((d) => [d.ref, ...(d.dependsOn ?? [])]);
    t.same(
      pointed.filter((ref) => !refs.has(ref)),
      [],
      'nothing depends on what is not listed',
    );
  },
);
