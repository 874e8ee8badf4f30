import { readdir, readFile, readlink } from 'node:fs/promises';
import { siteRegion } from '../../ops/config.js';
import type { Config, PbxConfig } from '../../ops/config-schema.js';
import { type Finding, ok, warn } from './finding.js';

/** "0A" in /proc/net/tcp: the socket listens. */
const LISTENS = '0A';

/** Returns the addresses on which this port is listened on, from the texts of /proc/net/tcp and tcp6. */
export function listeners(tables: string, port: number): string[] {
  return tables.split('\n').flatMap((line) => {
    const [, address, hex, state] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? [];
    return state === LISTENS && Number.parseInt(hex!, 16) === port ? [readable(address!)] : [];
  });
}

/** Who listens on this port, as "name (process 7)", as far as this user may see it: root sees all. Empty where nobody is seen. */
export async function listenersOf(tables: string, port: number): Promise<string[]> {
  const sockets = new Set(
    tables.split('\n').flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const listens = fields[3] === LISTENS && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port;
      return listens ? [`socket:[${fields[9]}]`] : [];
    }),
  );
  if (sockets.size === 0) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const links = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
      if (!links.some((link) => sockets.has(link))) return [];
      return [`${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()} (process ${pid})`];
    }),
  );
  return found.flat();
}

/** The tables of the sockets of this machine, as proc_net(5) has them. */
export const socketTables = async (): Promise<string> =>
  (
    await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  ).join('\n');

/** The kernel writes an address as 32-bit words, each in the machine's own (little-endian) order. */
function readable(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.reverse());
  const v4 = (part: string[]) => part.map((b) => Number.parseInt(b, 16)).join('.');
  if (bytes.length === 4) return v4(bytes);
  if (/^0{20}ffff/i.test(bytes.join(''))) return v4(bytes.slice(12));
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number.parseInt(`${bytes[i * 2]}${bytes[i * 2 + 1]}`, 16),
  );
  if (groups.every((g) => g === 0)) return '::';
  if (groups.slice(0, 7).every((g) => g === 0) && groups[7] === 1) return '::1';
  return groups.map((g) => g.toString(16)).join(':');
}

export const isLoopback = (host: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);

/** Whether the address of a PBX is one of this machine. It may still be the end of a tunnel. */
export const isHere = ({ ari_url }: Pick<PbxConfig, 'ari_url'>): boolean =>
  isLoopback(new URL(ari_url).hostname);

/** Whether others than this machine can reach ARI and AMI, with which any call can be listened to. */
export async function reach(pbx: Pick<PbxConfig, 'ari_url' | 'ami_host' | 'ami_port'>): Promise<Finding[]> {
  const url = new URL(pbx.ari_url);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const tables = await socketTables();
  const of = (name: string, host: string, at: number, file: string): Finding[] => {
    const check = `${name} reach`;
    if (!isLoopback(host)) {
      if (name === 'ARI' && url.protocol === 'https:') return [];
      return [
        warn(
          check,
          `${name} is spoken to at ${host} over the network, not encrypted: its password and all that it says can be overheard.`,
          'Keep it in a network of its own (a VPN or a VLAN), and let the firewall of the PBX admit this machine only.',
        ),
      ];
    }
    const open = listeners(tables, at).filter((address) => !isLoopback(address));
    if (open.length === 0) return [ok(check, `${name} can be reached from this machine only.`)];
    return [
      warn(
        check,
        `${name} listens on ${open.join(', ')}, port ${at}: anyone in the network who has or guesses its password can listen to any call.`,
        `Set bindaddr = 127.0.0.1 in ${file} (FreePBX: Advanced Settings), or have the firewall keep port ${at} from all others.`,
      ),
    ];
  };
  return [
    ...of('ARI', url.hostname, port, 'http.conf'),
    ...of('AMI', pbx.ami_host, pbx.ami_port, 'manager.conf'),
  ];
}

/** Minutes by which a zone is ahead of UTC at that time. */
function offset(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(
    at,
  );
  return parts.find((p) => p.type === 'timeZoneName')!.value;
}

/** Whether pages show the times of this machine. `machine` is its own zone. */
export function timeZone(
  { site }: Pick<Config, 'site'>,
  machine = Intl.DateTimeFormat().resolvedOptions().timeZone,
  now = Date.now(),
): Finding {
  const DAY = 86_400_000;
  const days = Array.from({ length: 24 }, (_, i) => now + i * 15 * DAY);
  if (days.every((at) => offset(site.time_zone, at) === offset(machine, at)))
    return ok('time zone', `Times are shown in ${site.time_zone}, as on this machine.`);
  return warn(
    'time zone',
    `Times are shown in ${site.time_zone}, and this machine is in ${machine}: days in reports and the nightly hours of retention are those of ${site.time_zone}.`,
    `Set time_zone = "${machine}" under [site] in tapedeck.toml, if that is where your people are.`,
  );
}

/** Whether it is known whose law and whose numbers those of the site are. */
export function country(config: Pick<Config, 'site'>): Finding {
  const region = siteRegion(config);
  if (region !== '') return ok('country', `The country of this site is ${region}.`);
  return warn(
    'country',
    'The country of this site is not set: its law does not count when it is decided how callers are told, and numbers without a country code are refused in lists, consents and objections.',
    'Set region = "GB" (your own country, as two letters) under [site] in tapedeck.toml, and restart Tapedeck.',
  );
}
