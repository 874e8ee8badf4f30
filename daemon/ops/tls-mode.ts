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

/** Where the dashboard writes down what it serves, for the recorder, for `tapedeck tls` and for `tapedeck doctor`. */
export const tlsFiles = (dataDir: string) => ({
  dir: `${dataDir}/tls`,
  authority: `${dataDir}/tls/ca.crt`,
  authorityKey: `${dataDir}/tls/ca.key`,
  own: `${dataDir}/tls/own.crt`,
  ownKey: `${dataDir}/tls/own.key`,
  acme: `${dataDir}/tls/acme.crt`,
  acmeKey: `${dataDir}/tls/acme.key`,
  acmeAccount: `${dataDir}/tls/acme-account.json`,
  served: `${dataDir}/tls/served.crt`,
});
