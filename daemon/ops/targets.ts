import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Config } from './config-schema.js';

/** Addresses that no server of an office has: this network's own services (metadata of a cloud among them), everybody, nobody. */
const NOBODY = new BlockList();
NOBODY.addSubnet('169.254.0.0', 16);
NOBODY.addSubnet('0.0.0.0', 8);
NOBODY.addSubnet('224.0.0.0', 3);
NOBODY.addSubnet('fe80::', 10, 'ipv6');
NOBODY.addSubnet('ff00::', 8, 'ipv6');
NOBODY.addAddress('::', 'ipv6');

const HERE = new BlockList();
HERE.addSubnet('127.0.0.0', 8);
HERE.addAddress('::1', 'ipv6');

/** Whether an address is one that nothing of ours ever connects to. IPv4 written as IPv6 counts as what it is. */
export const isNobodys = (address: string): boolean => isIn(NOBODY, address);
const isIn = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Ports on which a PBX takes orders. */
export const pbxPorts = ({ pbxes }: Pick<Config, 'pbxes'>): number[] =>
  pbxes.flatMap((pbx) => [portOf(new URL(pbx.ari_url)), pbx.ami_port]);

/** The port that an http:// or https:// address leads to. */
export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));

/**
 * Looks a name up for a connection, and refuses by `refuse` (which throws) what it leads to before anything is sent there:
 * a name that leads elsewhere the second time is refused then.
 */
export function guardedLookup(refuse: (address: string) => void): LookupFunction {
  return (name, options, done) =>
    lookup(name, { ...options, all: true }, (e, found) => {
      if (e) return done(e, []);
      try {
        for (const { address } of found) refuse(address);
      } catch (refused) {
        return done(refused as Error, []);
      }
      if (options.all) return done(null, found);
      done(null, found[0]!.address, found[0]!.family);
    });
}

/**
 * Options for a connection to this host, by which it leads nowhere that `refuse` refuses by throwing. Throws at once for an
 * address, which is not looked up.
 */
export function guarded(host: string, refuse: (address: string) => void): { lookup: LookupFunction } {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address)) refuse(address);
  return { lookup: guardedLookup(refuse) };
}

/**
 * The same for addresses that a server names in its answers: to that server itself (`own`, as the admin has written it) and
 * to others, but to nothing else on this machine, and to no port on which the PBX takes orders.
 */
export const guardedBy =
  (own: URL, pbxPorts: readonly number[]) =>
  (url: URL): { lookup: LookupFunction } =>
    guarded(url.hostname, (address) => {
      const other = url.origin !== own.origin;
      if (isNobodys(address) || (other && (isIn(HERE, address) || pbxPorts.includes(portOf(url)))))
        throw new Error(`${url.origin} leads to ${address}, where nothing of ${own.host} may be.`);
    });
