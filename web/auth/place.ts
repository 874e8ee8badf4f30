import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where the browser is: what passkeys are bound to. */
export type Place = { host: string; origin: string };

/**
 * The place of a page from which a request came. The guard has compared Origin with Host, and Host with the names that are
 * ours. Null where there are no passkeys: at an address that is no name, and without TLS but on this machine.
 */
export function placeOf({ headers }: Pick<FastifyRequest, 'headers'>): Place | null {
  const { origin } = headers;
  if (origin === undefined || !URL.canParse(origin)) return null;
  const { hostname, protocol } = new URL(origin);
  const safe = protocol === 'https:' || hostname === 'localhost';
  if (!safe || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return null;
  return { host: hostname, origin };
}
