import { fail } from '../../daemon/domain/error.js';

/** Errors of listen(2) that end when another program lets the port go, or the machine gets the address. */
const MAY_PASS = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/** Throws `port_denied` or `port_unavailable` for an error of listening, and any other error as it is. */
export function throwPortError(e: unknown): never {
  const { code, address, port } = e as { code?: string; address?: string; port?: number };
  const detail = `${address}, port ${port}: ${code}.`;
  if (code === 'EACCES' || code === 'EPERM') throw fail('port_denied', detail, e);
  if (MAY_PASS.has(code ?? '')) throw fail('port_unavailable', detail, e);
  throw e;
}
