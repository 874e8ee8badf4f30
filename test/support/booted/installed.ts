import {
  chmodSync,
  chownSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackBefore } from '../box/before-one-writer.js';
import { DASHBOARD, RECORDER } from '../box/box.js';
import type { Pbx } from '../pbx/pbx.js';
import type { Machine } from './machine.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DATA = '/var/lib/tapedeck';
/** Where the sources are in the machine; folders of it that others may not have are left out. */
const SOURCES = '/opt/src';
const NEEDED = [
  ...['daemon', 'dist', 'node_modules', 'systemd', 'test', 'web'],
  ...['LICENSE', 'package.json', 'tapedeck.toml.example', 'tsconfig.json'],
];
export const sources = (): Record<string, string> =>
  Object.fromEntries(NEEDED.map((name) => [`${SOURCES}/${name}`, join(ROOT, name)]));

/** The command that runs a file of the sources in there, which is JavaScript or TypeScript. */
export const programOf = (file: string): string[] => [
  '/usr/local/bin/node',
  // It writes to a temporary folder, which a unit may not have.
  ...(file.endsWith('.ts') ? ['--import', `file://${SOURCES}/node_modules/tsx/dist/loader.mjs`] : []),
  `${SOURCES}/${file}`,
];

/** The commands of one section of docs/start/by-hand.md, without those that build or that start a service. */
function commandsOf(section: string): string[] {
  const readme = readFileSync(join(ROOT, 'docs/start/by-hand.md'), 'utf8');
  const text = readme.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...text.matchAll(/^ {4}(\S.*)$/gm)]
    .map(([, line]) => line!)
    .filter((line) => !/^(apt install|npm ci|systemctl|tapedeck doctor|journalctl)/.test(line));
}

/** Sets a key of tapedeck.toml, which has every key. */
function set(text: string, section: string, key: string, value: string | number): string {
  const at = text.indexOf(`\n[${section}]\n`);
  const line = new RegExp(`^${key} = .*$`, 'm');
  const rest = text.slice(at);
  if (at < 0 || !line.test(rest)) throw new Error(`no ${key} in [${section}]`);
  return text.slice(0, at) + rest.replace(line, `${key} = ${JSON.stringify(value)}`);
}

/**
 * Installs Tapedeck in a machine by the commands of docs/start/by-hand.md, on what the version before has left, and starts nothing.
 * `address` is the dashboard's.
 */
export async function install(machine: Machine, { pbx, address }: { pbx: Pbx; address: string }) {
  const { must, path } = machine;
  // As the package of Asterisk makes it.
  await must('useradd', '--system', '--no-create-home', 'asterisk');
  const lab = '/run/lab';
  mkdirSync(path(lab), { mode: 0o700 });
  writeFileSync(path(`${lab}/ari-password`), pbx.ari.password);
  writeFileSync(path(`${lab}/ami-secret`), pbx.ami.secret);
  // Debian's own cannot give up root: see docs/start/by-hand.md, "What it needs".
  mkdirSync(path('/opt/node/bin'), { recursive: true });
  copyFileSync(process.execPath, path('/opt/node/bin/node'));
  const script = [...commandsOf('What it needs'), ...commandsOf('Install')]
    // Their 600 MB are where they are.
    .map((line) =>
      line.replace(/^(cp -a .*)node_modules (.*)$/, `$1$2 && ln -s ${SOURCES}/node_modules /opt/tapedeck/`),
    )
    // What an admin types.
    .map((line) => line.replace(/^(\(.*cat > \/etc\/tapedeck\/([\w-]+)\))$/, `$1 < ${lab}/$2`));
  writeFileSync(path(`${lab}/install`), `set -e\ncd ${SOURCES}\n${script.join('\n')}\n`);
  await must('sh', '-x', `${lab}/install`);
  // The laboratory's Asterisk is root's.
  await must('chown', 'root:asterisk', '/var/spool/asterisk/recording');

  const users = readFileSync(path('/etc/passwd'), 'utf8');
  const idsOf = (name: string) => {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users)!.map(Number);
    return { uid: uid!, gid: gid! };
  };
  const recorder = idsOf('tapedeck');
  const dashboard = idsOf('tapedeck-web');
  const data = path(DATA);
  unpackBefore(data);
  const own = (file: string) => {
    const { uid, gid, mode } = lstatSync(file);
    const to = uid === DASHBOARD ? dashboard.uid : uid === RECORDER ? recorder.uid : uid;
    lchownSync(file, to, gid === RECORDER ? recorder.gid : gid);
    if (!lstatSync(file).isSymbolicLink()) chmodSync(file, mode);
  };
  for (const name of ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })]) own(join(data, name));
  await must('systemd-tmpfiles', '--create', 'tapedeck.conf');

  // Its recordings open with this key.
  const masterKey = path('/etc/tapedeck/master.key');
  writeFileSync(masterKey, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  chownSync(masterKey, recorder.uid, 0);

  const config = path('/etc/tapedeck/tapedeck.toml');
  let toml = readFileSync(config, 'utf8');
  const changes: [section: string, key: string, value: string | number][] = [
    ['pbx', 'ari_url', new URL(pbx.ari.url).origin],
    ['pbx', 'ami_port', pbx.ami.port],
    ['web', 'address', address],
    ['ldap', 'url', 'ldaps://127.0.0.1:1'],
    ['ldap', 'base', 'dc=office'],
  ];
  for (const [section, key, value] of changes) toml = set(toml, section, key, value);
  toml = toml.replace(/^enabled = true$/m, 'enabled = false');
  writeFileSync(config, `${toml}\n[[ldap.roles]]\ngroup = "cn=admins,dc=office"\nroles = ["admin"]\n`);

  return { data, recorder, dashboard, encoder: idsOf('tapedeck-encoder') };
}
