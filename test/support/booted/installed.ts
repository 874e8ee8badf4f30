import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackBefore } from '../box/before-one-writer.js';
import { DASHBOARD, RECORDER } from '../box/box.js';
import { builtPackage, installPackage } from '../package/built.js';
import type { Pbx } from '../pbx/pbx.js';
import type { Machine } from './machine.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DATA = '/var/lib/tapedeck';
const EXAMPLE = '/usr/lib/tapedeck/tapedeck.toml.example';
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
  '/usr/lib/tapedeck/bin/node',
  // It writes to a temporary folder, which a unit may not have.
  ...(file.endsWith('.ts') ? ['--import', `file://${SOURCES}/node_modules/tsx/dist/loader.mjs`] : []),
  `${SOURCES}/${file}`,
];

/** Sets a key of tapedeck.toml, which has every key. */
function set(text: string, section: string, key: string, value: string | number): string {
  const at = text.indexOf(`\n[${section}]\n`);
  const line = new RegExp(`^${key} = .*$`, 'm');
  const rest = text.slice(at);
  if (at < 0 || !line.test(rest)) throw new Error(`no ${key} in [${section}]`);
  return text.slice(0, at) + rest.replace(line, `${key} = ${JSON.stringify(value)}`);
}

/**
 * Installs the package in a machine, on what the version before has left, configures it, and starts nothing. `address` is the
 * dashboard's.
 */
export async function install(machine: Machine, { pbx, address }: { pbx: Pbx; address: string }) {
  const { must, path } = machine;
  // As the package of Asterisk makes it.
  await must('useradd', '--system', '--no-create-home', 'asterisk');
  await installPackage(machine, (await builtPackage()).deb);
  const secret = (name: string, text: string) =>
    writeFileSync(path(`/etc/tapedeck/${name}`), text, { mode: 0o600 });
  secret('ari-password', pbx.ari.password);
  secret('ami-secret', pbx.ami.secret);
  await must('install', '-o', 'root', '-g', 'tapedeck', '-m', '0640', EXAMPLE, '/etc/tapedeck/tapedeck.toml');
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
  writeFileSync(masterKey, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o400 });
  chownSync(masterKey, recorder.uid, 0);

  const config = path('/etc/tapedeck/tapedeck.toml');
  let toml = readFileSync(config, 'utf8');
  const changes: [section: string, key: string, value: string | number][] = [
    ['pbx', 'ari_url', new URL(pbx.ari.url).origin],
    ['pbx', 'ami_port', pbx.ami.port],
    ['encode', 'socket', '/run/tapedeck-encoder/sock'],
    ['web', 'address', address],
    ['ldap', 'url', 'ldaps://127.0.0.1:1'],
    ['ldap', 'base', 'dc=office'],
  ];
  for (const [section, key, value] of changes) toml = set(toml, section, key, value);
  toml = toml.replace(/^enabled = true$/m, 'enabled = false');
  writeFileSync(config, `${toml}\n[[ldap.roles]]\ngroup = "cn=admins,dc=office"\nroles = ["admin"]\n`);

  return { data, recorder, dashboard, encoder: idsOf('tapedeck-encoder') };
}
