import { getServers } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Config } from '../../../ops/config-schema.js';
import { needsOf, type Outside, type Reached } from '../plan/plan-outside.js';

/** Returns an address of a name server without the port that some have: `192.0.2.53:5353`, `[2001:db8::53]:5353`. */
const bare = (server: string): string =>
  isIP(server) > 0 ? server : server.replace(/:\d+$/, '').replace(/[[\]]/g, '');

/**
 * Looks up what a section of the configuration names. A name has the name servers of this machine among its addresses, because the
 * recorder looks it up again; one that nobody knows has only those.
 */
export async function reachedBy(config: Pick<Config, Outside>, section: Outside): Promise<Reached> {
  const addresses = new Map<string, readonly string[]>();
  for (const host of needsOf(config, section).hosts) {
    if (isIP(host) > 0) {
      addresses.set(host, [host]);
      continue;
    }
    const found = await lookup(host, { all: true }).catch(() => []);
    addresses.set(host, [...found.map(({ address }) => address), ...getServers().map(bare)]);
  }
  return { addresses, hasFile: existsSync };
}
