import { cardsOf, namesOf, plain } from '../../daemon/tls/names.js';

/**
 * The names under which browsers may open the dashboard. Any other name in the Host header means that somebody's DNS
 * points at us, which is how a page from outside would read it (DNS rebinding).
 */
export function createHosts({
  address,
  hosts,
  own = () => cardsOf().map((card) => card.address),
}: {
  address: string;
  hosts: readonly string[];
  own?: () => string[];
}) {
  const { dns, ips } = namesOf({ address, hosts }, []);
  const fixed = new Set([...dns, ...ips]);

  return {
    /** Whether a Host header (with or without a port) is a name of ours. */
    allows(header: string | undefined): boolean {
      const host = hostOf(header);
      return host !== null && (fixed.has(host) || own().map(plain).includes(host));
    },
  };
}

/** Whether an Origin header names the same host and port as the Host header. */
export function sameOrigin(origin: string, host: string | undefined): boolean {
  try {
    const from = new URL(origin);
    if (!/^https?:$/.test(from.protocol) || host === undefined) return false;
    return from.host === new URL(`${from.protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function hostOf(header: string | undefined): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return found ? plain(found[1] ?? found[2]!) : null;
}
