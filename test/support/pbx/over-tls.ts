import { execFile } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../peers/free-port.js';
import type { Pbx } from './pbx.js';

const run = promisify(execFile);

/** A certificate for a PBX, with its key, and the authority that signed it, as files. */
export type PbxCertificate = { ca: string; certificate: string; key: string };

/** Makes a certificate by openssl, as the documents tell an admin to. `name`: what it is for; `days`: how long it is valid, below 0 expired. */
export async function makeCertificate(
  dir: string,
  { name = 'IP:127.0.0.1', days = 30 }: { name?: string; days?: number } = {},
): Promise<PbxCertificate> {
  mkdirSync(dir, { recursive: true });
  const file = (what: string) => join(dir, what);
  const openssl = (...args: string[]) => run('openssl', args);
  const key = (to: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    to,
  ];
  await openssl(
    ...['req', '-x509', ...key(file('ca.key')), '-out', file('ca.crt'), '-days', '30'],
    ...['-subj', '/CN=PBX authority'],
  );
  await openssl('req', ...key(file('pbx.key')), '-out', file('pbx.csr'), '-subj', '/CN=pbx');
  const day = (n: number) =>
    `${new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}Z`;
  await run('sh', ['-c', 'printf "subjectAltName=%s\\n" "$1" > "$2"', 'sh', name, file('ext')]);
  await openssl(
    ...[
      'x509',
      '-req',
      '-in',
      file('pbx.csr'),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
    ],
    ...['-out', file('pbx.crt'), '-extfile', file('ext')],
    ...['-not_before', day(-60), '-not_after', day(days)],
  );
  chmodSync(file('pbx.key'), 0o600);
  return { ca: file('ca.crt'), certificate: file('pbx.crt'), key: file('pbx.key') };
}

/** Has a running PBX speak TLS as well, on ports of its own. */
export async function speakTls(pbx: Pbx, { certificate, key }: PbxCertificate) {
  const etc = join(dirname(pbx.logDir), 'etc');
  const [http, ami] = [await freePort(), await freePort()];
  const lines = (port: number) =>
    `\n[general](+)\ntlsenable = yes\ntlsbindaddr = 127.0.0.1:${port}\ntlscertfile = ${certificate}\ntlsprivatekey = ${key}\n`;
  appendFileSync(join(etc, 'http.conf'), lines(http));
  appendFileSync(join(etc, 'manager.conf'), lines(ami));
  await pbx.cli('module reload http');
  await pbx.cli('module reload manager');
  return { ariUrl: `https://127.0.0.1:${http}`, amiPort: ami };
}
