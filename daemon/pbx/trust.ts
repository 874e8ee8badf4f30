import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher } from 'undici';
import { fail, type TapedeckError } from '../domain/error.js';

/**
 * How a PBX proves who it is, over TLS. Its certificate is always verified, by name and by time, against the authorities that Node.js
 * knows, or against one that the configuration names and no other. Nothing is sent before that.
 */
export type Trust = { ca: string | undefined; fetch: typeof fetch; dispatcher: Dispatcher };

/** Reads the authority; an empty name is none. Throws `config_invalid`. */
export function readTrust(caFile: string, key: 'ari_ca_file' | 'ami_ca_file'): Trust {
  if (caFile === '') return { ca: undefined, fetch, dispatcher: new Agent() };
  let ca: string;
  try {
    ca = readFileSync(caFile, 'utf8');
  } catch (e) {
    throw fail('config_invalid', `"${key}": ${(e as Error).message}.`, e);
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw fail('config_invalid', `"${key}": ${caFile} has no certificate in PEM form.`);
  const dispatcher = new Agent({ connect: { ca } });
  return { ca, dispatcher, fetch: (url, init) => fetch(url, { ...init, dispatcher } as RequestInit) };
}

/** What OpenSSL and Node.js say of a certificate that they do not accept. */
const FAULTS: [code: RegExp, what: string][] = [
  [/^CERT_HAS_EXPIRED$/, 'it has expired'],
  [/^CERT_NOT_YET_VALID$/, 'it is not valid yet, or the clock of this machine is behind'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'it is for another name'],
  [
    /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED|INVALID_CA/,
    'it is of an authority that is not trusted here',
  ],
  [/^(CERT_|ERR_TLS_CERT|CRL_|INVALID_PURPOSE)/, 'it is not accepted'],
  [/^ERR_SSL_|^EPROTO$/, 'no TLS connection could be agreed on'],
];

/** Returns why a connection failed: `pbx_untrusted` where it is the certificate, else `pbx_unreachable`. */
export function connectionFault(where: string, error: unknown): TapedeckError {
  const cause =
    (error as { cause?: Error & { code?: string } }).cause ?? (error as Error & { code?: string });
  const what = FAULTS.find(([code]) => code.test(cause.code ?? ''))?.[1];
  if (!what) return fail('pbx_unreachable', `${where}: ${cause.message}`, error);
  return fail('pbx_untrusted', `${where}: ${what} (${cause.code}).`, error);
}
