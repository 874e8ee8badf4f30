/** Where the dashboard's certificate comes from; `off`: it speaks plain HTTP. */
export type TlsMode = 'off' | 'own' | 'files' | 'acme';

type Web = { address: string; tls: 'auto' | TlsMode };

/** What [web] tls means: "auto" is plain HTTP for this machine alone, and the box's own authority for everybody else. */
export function tlsMode({ address, tls }: Web): TlsMode {
  if (tls !== 'auto') return tls;
  return isLoopback(address) ? 'off' : 'own';
}

/** Whether an address to listen on is reached from this machine only. */
export const isLoopback = (address: string): boolean =>
  /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/i.test(address);
