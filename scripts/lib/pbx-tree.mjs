import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findMirror } from './apt-mirror.mjs';
import { withLock } from './lock.mjs';

const run = promisify(execFile);
const SUITES = { 22: 'forky', 16: 'bullseye' };
const PACKAGES = ['asterisk', 'asterisk-core-sounds-en-wav', 'asterisk-moh-opsound-wav'];
const TRIPLETS = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

const STAMP = '.unpacked.json';
const rootOf = (home, major) => join(home, `root-${major}`);

const firstWith = (dirs, child, below = '/') => dirs.find((dir) => existsSync(resolve(below, dir, child)));

const supported = (table) => {
  const value = table[process.arch];
  if (!value)
    throw new Error(
      `no Asterisk build for the ${process.arch} processor here; use --system with an installed Asterisk`,
    );
  return value;
};

/** apt-get with lists, cache and package status of its own: it cannot touch the machine's, and needs no root. */
const aptGet = async (dir, args) => {
  const options = [
    `Dir::Etc::SourceList=${join(dir, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(dir, 'lists')}`,
    `Dir::State::status=${join(dir, 'status')}`,
    `Dir::Cache=${join(dir, 'cache')}`,
    `APT::Architecture=${supported(ARCHITECTURES)}`,
    'APT::Install-Recommends=false',
    'Debug::NoLocking=1',
    // An archived suite's Release has long expired.
    'Acquire::Check-Valid-Until=false',
    'Acquire::Retries=3',
  ];
  // As root, apt would drop to a user that cannot write here.
  if (process.getuid() === 0) options.push('APT::Sandbox::User=root');
  try {
    await run('apt-get', [...options.flatMap((option) => ['-o', option]), ...args], {
      maxBuffer: 64 << 20,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Error('apt-get is not on this machine; use --system with an installed Asterisk');
    const detail = String(error.stderr || error.stdout || error.message)
      .trim()
      .split('\n')
      .slice(-6)
      .join('\n  ');
    throw new Error(
      `apt-get ${args.includes('update') ? 'update' : 'install'} failed:\n  ${detail}\n` +
        'Check the network and the archive address; TAPEDECK_PBX_MIRROR=URL chooses another (an old suite may need an archive mirror).',
    );
  }
};

const download = async (dir, major, say) => {
  const mirror = findMirror({ override: process.env.TAPEDECK_PBX_MIRROR });
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'status'), '');
  const signed = mirror.keyring ? `[signed-by=${mirror.keyring}] ` : '';
  writeFileSync(join(dir, 'sources.list'), `deb ${signed}${mirror.uri} ${SUITES[major]} main\n`);
  say(`reading the package list of ${SUITES[major]} from ${mirror.uri}`);
  // Without the error mode a failed update is only a warning.
  await aptGet(dir, ['-o', 'APT::Update::Error-Mode=any', 'update']);
  say('downloading Asterisk, its libraries, prompts and music (about 110 MB)');
  await aptGet(dir, ['-y', '-d', 'install', ...PACKAGES]);
  const archives = join(dir, 'cache/archives');
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .sort()
    .map((name) => join(archives, name));
};

const unpack = async (debs, into, say) => {
  say(`unpacking ${debs.length} packages`);
  const queue = [...debs];
  const worker = async () => {
    for (let deb = queue.shift(); deb; deb = queue.shift()) await run('dpkg', ['-x', deb, into]);
  };
  await Promise.all([worker(), worker()]);
  // The package makes this link when it is installed, which it is not here: without it no prompt is found.
  const sounds = join(into, 'usr/share/asterisk/sounds');
  if (!existsSync(join(sounds, 'en'))) symlinkSync('en_US_f_Allison', join(sounds, 'en'));
};

const findLoader = (root) => {
  const triplet = supported(TRIPLETS);
  for (const lib of ['usr/lib', 'lib']) {
    const dir = join(root, lib, triplet);
    const name = existsSync(dir) && readdirSync(dir).find((entry) => /^ld-linux.*\.so\.\d+$/.test(entry));
    if (name) return join(dir, name);
  }
  throw new Error(`no dynamic loader in ${root}; remove that folder and run "pbx get" again`);
};

/** How to run the unpacked Asterisk: its own loader and libraries, never the machine's. */
const describe = (root, major) => {
  const triplet = supported(TRIPLETS);
  // 16's own libraries are in plain usr/lib.
  const libraries = [join('lib', triplet), join('usr/lib', triplet), 'usr/lib']
    .map((dir) => join(root, dir))
    .join(':');
  return {
    major,
    root,
    command: findLoader(root),
    prefix: ['--library-path', libraries, join(root, 'usr/sbin/asterisk')],
    modules: join(
      root,
      firstWith(
        [join('usr/lib', triplet), 'usr/lib'].map((dir) => join(dir, 'asterisk/modules')),
        'res_ari.so',
        root,
      ),
    ),
    data: join(root, 'usr/share/asterisk'),
  };
};

/** The version of a tree's Asterisk, such as `22.10.1`. */
const askVersion = async (tree) => {
  const { stdout } = await run(tree.command, [...tree.prefix, '-V']);
  const version = /(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!version) throw new Error(`cannot read a version from "${stdout.trim()}"`);
  return version;
};

const readTree = (home, major) => {
  const root = rootOf(home, major);
  const stamp = join(root, STAMP);
  if (!existsSync(stamp)) return undefined;
  return { ...describe(root, major), ...JSON.parse(readFileSync(stamp, 'utf8')) };
};

/**
 * The unpacked tree of Asterisk `major` (22 or 16) below `home`, downloaded if it is not there yet.
 * The tree appears by one rename, so that what an interrupted run leaves is never taken for a tree.
 */
export const getTree = async (home, major, say) => {
  const found = readTree(home, major);
  if (found) return found;
  mkdirSync(home, { recursive: true });
  const waiting = (pid) => say(`process ${pid} is fetching it already; waiting`);
  return withLock(
    join(home, `get-${major}.lock`),
    async () => {
      const meanwhile = readTree(home, major);
      if (meanwhile) return meanwhile;
      const root = rootOf(home, major);
      const partial = `${root}.partial`;
      const apt = join(home, `apt-${major}`);
      for (const dir of [root, partial]) rmSync(dir, { recursive: true, force: true });
      const debs = await download(apt, major, say);
      mkdirSync(partial, { recursive: true });
      await unpack(debs, partial, say);
      const version = await askVersion(describe(partial, major));
      writeFileSync(join(partial, STAMP), `${JSON.stringify({ version, suite: SUITES[major] })}\n`);
      renameSync(partial, root);
      rmSync(apt, { recursive: true, force: true });
      say(`Asterisk ${version} is in ${root}`);
      return readTree(home, major);
    },
    { waiting },
  );
};

/** The Asterisk that is installed on this machine. Throws below 16 or when there is none. */
export const systemTree = async () => {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].filter(Boolean);
  const bin = firstWith(path, 'asterisk');
  if (!bin)
    throw new Error('no asterisk program in PATH or /usr/sbin; leave --system out to use a downloaded one');
  const tree = { command: join(bin, 'asterisk'), prefix: [] };
  const version = await askVersion(tree);
  const major = Number(version.split('.')[0]);
  if (major < 16) throw new Error(`Asterisk ${version} is too old: Tapedeck needs 16 or newer`);
  const conf = '/etc/asterisk/asterisk.conf';
  const text = existsSync(conf) ? readFileSync(conf, 'utf8') : '';
  const configured = (name) => new RegExp(`^\\s*${name}\\s*=>?\\s*(\\S+)`, 'm').exec(text)?.[1];
  const libs = [TRIPLETS[process.arch] ?? '', '', '../lib64'].map((part) =>
    join('/usr/lib', part, 'asterisk/modules'),
  );
  const modules = firstWith([configured('astmoddir'), ...libs].filter(Boolean), 'res_ari.so');
  if (!modules) throw new Error('the installed Asterisk has no res_ari.so: install its ARI modules');
  const datas = [configured('astdatadir'), '/usr/share/asterisk', '/var/lib/asterisk'].filter(Boolean);
  const data = firstWith(datas, 'rest-api') ?? '/var/lib/asterisk';
  return { ...tree, major, version, modules, data };
};
