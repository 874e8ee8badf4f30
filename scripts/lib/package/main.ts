import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage } from './build.js';
import { checkSizes, partsOf, tellSizes } from './parts.js';
import { ARCHES, type Arch, OUT, run, SOURCES, say } from './places.js';
import { sign, writeSbom, writeSums } from './record.js';
import { makeToolchain, toolchainVersions } from './toolchain.js';
import { versionOf } from './version.js';

/** scripts/package, once all that it needs is installed and built. */
const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'all' },
    key: { type: 'string' },
    out: { type: 'string', default: join(OUT, 'out') },
  },
});
const known = Object.keys(ARCHES) as Arch[];
const arches = values.arch === 'all' ? known : known.filter((arch) => arch === values.arch);
if (arches.length === 0) throw new Error(`--arch ${values.arch}: it is one of ${known.join(', ')} or all`);
const out = resolve(values.out);

/** What the same bytes can be made again from. */
async function buildRecord(version: string, commit: string | null): Promise<string> {
  const { root } = await makeToolchain();
  const lock = JSON.parse(readFileSync(join(SOURCES, 'scripts/lib/package/node/package-lock.json'), 'utf8'));
  const node = arches.map((arch) => {
    const name = `node-linux-${ARCHES[arch].npm}`;
    const { version: its, integrity } = lock.packages[`node_modules/${name}`];
    return `${name} ${its} ${integrity}`;
  });
  const dpkg = (await run('dpkg-deb', ['--version'])).split('\n')[0]!;
  const versions = [...node, ...(await toolchainVersions(root)), dpkg, `built with node ${process.version}`];
  return `tapedeck ${version}\ncommit ${commit ?? 'unknown: built without git'}\n${versions.join('\n')}\n`;
}

const { version, epoch, commit } = await versionOf();
mkdirSync(out, { recursive: true });
// Of an earlier build: SHA256SUMS would not name them.
for (const name of readdirSync(out)) if (/^tapedeck_.*\.deb$/.test(name)) rmSync(join(out, name));
const sbom = join(out, 'sbom.cdx.json');
say('Listing what it is made of');
await writeSbom(sbom, version);
const made = [sbom];
for (const arch of arches) {
  say(`Building tapedeck ${version} for ${arch}`);
  const { deb, files } = await buildPackage({ arch, version, epoch, sbom, compression: 'xz', out });
  const [download, parts] = [statSync(deb).size, partsOf(files)];
  console.log(`${basename(deb)}: ${tellSizes(download, parts)}`);
  checkSizes(download, parts);
  made.push(deb);
}
const record = join(out, 'build.txt');
writeFileSync(record, await buildRecord(version, commit));
const sums = writeSums(out, [...made, record]);
const signed = await sign(sums, values.key, version);
console.log(signed ? `signed: ${sums}.minisig` : 'unsigned: give the secret key of minisign with --key FILE');
console.log(out);
