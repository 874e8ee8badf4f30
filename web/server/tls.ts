import { constants } from 'node:crypto';
import type { ServerOptions } from 'node:https';

/** TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only (BSI TR-02102-2, Mozilla "intermediate"). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Not among Node's constants: the other side may not begin a second handshake, which costs us more than it (OpenSSL). */
const NO_RENEGOTIATION = 0x40000000;

/** How the dashboard speaks TLS with this certificate and key (PEM). */
export function tlsOptions({ certificate, key }: { certificate: string; key: string }): ServerOptions {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ecdhCurve: 'X25519:prime256v1:secp384r1',
    secureOptions: NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: 10_000,
  };
}
