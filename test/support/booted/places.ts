import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../../../daemon/domain/paths.js';
import type { Machine } from './machine.js';

const DATA = '/var/lib/tapedeck';
const ETC = '/etc/tapedeck';
/** A process of somebody else, and an address of its memory that can be read. */
export type Other = { pid: number; address: string };

const data = (...names: string[]) => names.map((name) => join(DATA, name));

/** Where the machine's network ends, and who answers there: the office, and the world. */
export type Hosts = { office: [string, number]; world: [string, number] };

/** Puts files where Asterisk has some of its own, so that there is something to read. */
export function makeAsterisk(machine: Machine): void {
  for (const dir of ['/etc/asterisk', '/var/lib/asterisk', '/var/spool/asterisk/voicemail']) {
    mkdirSync(machine.path(dir), { recursive: true });
    writeFileSync(machine.path(`${dir}/of-asterisk`), 'a secret of the PBX', { mode: 0o644 });
  }
}

/** Not bin/node itself: while it runs, nobody can write it, so that a refusal would prove nothing. */
const CODE = [
  '/usr/lib/tapedeck/package.json',
  '/usr/bin/tapedeck',
  '/usr/lib/tapedeck/dist/daemon/main.js',
  '/etc/passwd',
];
/** Where every user may make files, besides the folders that PrivateTmp= gives. */
const OPEN = ['/dev/shm', '/dev/mqueue', '/run/lock'];
const UNITS = [
  ...['tapedeck.service', 'tapedeck-web.service', 'tapedeck-encoder.service'],
  ...['tapedeck-web-restart.service', 'tapedeck-web-restart.path'],
].map((name) => `/usr/lib/systemd/system/${name}`);
/** The folder in which the recorder asks for a restart of the dashboard. */
const REQUESTS = '/run/tapedeck-requests';

/**
 * What a unit may not reach, and the few things that it may: `allowed` are names of tries. `sealed` is a recording, `others` are the
 * processes that the units have.
 */
export function placesOf(hosts: Hosts, sealed: string, others: { recorder: Other; dashboard: Other }) {
  const common = { hosts: [hosts.office, hosts.world], unit: 'tapedeck-encoder.service' };
  const asterisk = ['/etc/asterisk/of-asterisk', '/var/spool/asterisk/voicemail/of-asterisk'];
  const keys = data('keys/keys.db', 'signing/key');
  const secrets = [`${ETC}/master.key`, `${ETC}/ari-password`, `${ETC}/ami-secret`];
  const credentials = '/run/credentials/tapedeck.service/ari-password';
  const dashboard = {
    ...common,
    read: [...secrets, credentials, ...keys, ...asterisk, lockFile(DATA)],
    list: [
      ...data('keys', 'owner', 'recorder', 'work'),
      '/var/spool/asterisk/recording',
      '/run/tapedeck',
      REQUESTS,
    ],
    write: [...CODE, ...UNITS, `${ETC}/tapedeck.toml`, ...data('catalogue/catalogue.db'), sealed],
    make: [
      ...data('', 'catalogue', 'recordings', 'signing', 'control', 'web', 'tls'),
      ETC,
      '/usr/lib/tapedeck/bin',
      '/run',
      REQUESTS,
      ...OPEN,
    ],
    sockets: [...data('owner/sock'), '/run/tapedeck-encoder/sock', '/run/systemd/private'],
    ...others.recorder,
    own: '/tmp',
    // Its own, and empty: it may write it, and not past the limit of its unit.
    grow: data('tls/acme.crt'),
    fill: ['/tmp', '/var/tmp'],
  };
  const encoder = {
    ...common,
    read: [
      ...dashboard.read,
      `${ETC}/tapedeck.toml`,
      ...data('catalogue/catalogue.db', 'web/web.db'),
      sealed,
    ],
    list: [...dashboard.list, ...data('', 'recordings', 'tls'), '/var/log', '/tmp'],
    write: dashboard.write,
    make: [...dashboard.make, ...data('web'), '/tmp', '/var/tmp'],
    sockets: [...dashboard.sockets, ...data('control/sock'), '/run/dbus/system_bus_socket'],
    ...others.recorder,
    own: '/run',
  };
  const recorder = {
    ...common,
    read: [...asterisk, ...data('web/web.db', 'tls/ca.key'), `${ETC}/ari-password`],
    list: [...data('web'), '/var/lib/asterisk'],
    write: [...CODE, ...UNITS, `${ETC}/tapedeck.toml`, `${ETC}/master.key`],
    make: [...data('web', 'tls'), ETC, '/opt', '/run', '/var/log', ...OPEN],
    sockets: ['/run/systemd/private'],
    ...others.dashboard,
    own: join(DATA, 'recorder'),
  };
  const [office] = hosts.office;
  return {
    'tapedeck-web.service': {
      places: dashboard,
      allowed: [`connect to ${office}`, `send to ${office}`, 'listen on a port'],
    },
    'tapedeck-encoder.service': { places: encoder, allowed: [] as string[] },
    'tapedeck.service': { places: recorder, allowed: [] as string[] },
  };
}
