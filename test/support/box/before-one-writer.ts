import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import {
  catalogueFile,
  catalogueFolder,
  keysFile,
  keysFolder,
  signingKeyFile,
  tlsFolder,
} from '../../../daemon/domain/paths.js';
import { DASHBOARD, give, RECORDER } from './box.js';

const FIXTURE = join(import.meta.dirname, '../../fixtures/before-one-writer');

/** The evidence pack that the version before made. */
export const packBefore = (): Buffer => readFileSync(join(FIXTURE, 'pack.zip'));
/** The secret of Anna's authenticator app. */
export const TOTP_SECRET = Buffer.from('12345678901234567890');
export const PASSWORD = 'four unrelated quiet words';
export const callOf = (n: number): string => `01KC0000000000000000000FX${n}`;

/**
 * Puts what the version before left into a data directory: with the owners and modes of its units where we are root, with its
 * sockets, and as a kill left it.
 */
export function unpackBefore(dataDir: string): void {
  const files = unzipSync(readFileSync(join(FIXTURE, 'data.zip')));
  mkdirSync(dataDir, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    if (!name.startsWith('data/') || name.endsWith('/')) continue;
    const path = join(dataDir, name.slice('data/'.length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  for (const name of ['control.sock', 'signing/sock'])
    execFileSync('python3', [
      ...['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'],
      join(dataDir, name),
    ]);
  mkdirSync(tlsFolder(dataDir), { recursive: true });
  const root = process.getuid?.() === 0;
  const set = (path: string, mode: number, uid = RECORDER) =>
    root ? give(path, uid, mode) : chmodSync(path, mode);
  set(dataDir, 0o2750);
  for (const name of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dataDir, name);
    set(path, statSync(path).isDirectory() ? 0o2750 : 0o640);
  }
  set(catalogueFolder(dataDir), 0o3770);
  set(keysFolder(dataDir), 0o2750);
  set(signingKeyFile(dataDir), 0o600);
  set(tlsFolder(dataDir), 0o2750, DASHBOARD);
  // Whoever opened the catalogue first made the files beside it.
  for (const ending of ['', '-wal', '-shm'])
    set(`${catalogueFile(dataDir)}${ending}`, 0o660, ending === '' ? RECORDER : DASHBOARD);
  set(`${catalogueFile(dataDir)}-journal`, 0o600);
  set(keysFile(dataDir), 0o640);
}
