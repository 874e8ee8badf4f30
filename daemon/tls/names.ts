import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Networks that are nobody's in particular: an office's own. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('127.0.0.0', 8);

/** Stands for every address; browsers reach local servers by it, so it is never a name of ours. */
const EVERY = new Set(['0.0.0.0', '::']);
const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** What a certificate is good for. */
export type Names = { dns: string[]; ips: string[] };

/** An address of this machine, and its network as "192.168.1.9/24". */
export type Card = { address: string; cidr: string | null };

export const cardsOf = (): Card[] =>
  Object.values(networkInterfaces()).flatMap((cards) =>
    (cards ?? []).map(({ address, cidr }) => ({ address, cidr })),
  );

/**
 * The names and addresses under which browsers open a dashboard: what [web] says, this machine's own addresses, and
 * itself. Those of a single link are left out, because no browser opens one.
 */
export function namesOf(web: { address: string; hosts: readonly string[] }, cards: Card[]): Names {
  const all = [
    ...web.hosts,
    web.address,
    ...cards.map(({ address }) => address),
    'localhost',
    '127.0.0.1',
    '::1',
  ]
    .map(plain)
    .filter((name) => !EVERY.has(name) && !/^fe80:/.test(name));
  const known = [...new Set(all)];
  return {
    dns: known.filter((name) => isIP(name) === 0 && NAME.test(name)),
    ips: known.filter((name) => isIP(name) !== 0),
  };
}

/**
 * What an authority may vouch for: the private networks of these cards, within which an address may change, and the rest
 * address by address.
 */
export function networksOf({ ips }: Names, cards: Card[]): string[] {
  const wide = cards.flatMap(({ address, cidr }) =>
    cidr && ips.includes(address) && (isIP(address) === 6 || PRIVATE.check(address)) ? [cidr] : [],
  );
  const single = ips
    .filter((ip) => !wide.some((cidr) => cidr.startsWith(`${ip}/`)))
    .map((ip) => `${ip}/${isIP(ip) === 6 ? 128 : 32}`);
  return [...new Set([...wide, ...single])];
}

export const plain = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
