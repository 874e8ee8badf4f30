import type { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { pino } from 'pino';
import type { Test } from 'tap';
import { tlsFiles } from '../../daemon/domain/paths.js';
import { createCertificates, type TlsSettings } from '../../daemon/tls/certificates.js';
import type { Card } from '../../daemon/tls/names.js';
import type { Pair } from '../../daemon/tls/pair.js';
import { writeInPlace } from '../../daemon/vault/durable.js';

export const CARDS: Card[] = [
  { address: '127.0.0.1', cidr: '127.0.0.1/8' },
  { address: '192.168.7.9', cidr: '192.168.7.9/24' },
  { address: 'fd00:12::9', cidr: 'fd00:12::9/64' },
];

export function settingsIn(dataDir: string, change: Partial<TlsSettings> = {}): TlsSettings {
  return {
    ...{ mode: 'own', dataDir, address: '0.0.0.0', hosts: ['tapedeck.office.lan'] },
    ...{ files: { certificate: '', key: '' }, acme: { directory: '', caFile: '', email: '', pbxPorts: [] } },
    ...change,
  };
}

/** A new directory. Asking for the test's directory a second time would empty it. */
export function newDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-tls-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Certificates in a directory of the test's own, with a clock to be turned, and what was served and said. */
export function open(t: Test, change: Partial<TlsSettings> = {}, dataDir = newDir(t), cards = CARDS) {
  const served: Pair[] = [];
  const lines: string[] = [];
  const clock = { ms: Date.now() };
  const certificates = createCertificates({
    settings: settingsIn(dataDir, change),
    write: writeInPlace,
    onChange: (pair) => void served.push(pair),
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    now: () => clock.ms,
    cards: () => cards,
  });
  t.teardown(() => certificates.stop());
  return { certificates, served, lines, clock, dataDir, files: tlsFiles(dataDir) };
}

export const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** A handshake: the certificate that was shown and the protocol, or the error. */
export function shake(
  port: number,
  options: ConnectionOptions,
): Promise<{ leaf: X509Certificate; protocol: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...options }, () => {
      const answer = { leaf: socket.getPeerX509Certificate()!, protocol: socket.getProtocol()! };
      socket.destroy();
      resolve(answer);
    });
    socket.once('error', reject);
  });
}
