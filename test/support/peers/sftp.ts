import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { SftpPlace } from '../../../daemon/vault/backup/sftp-session.js';
import { ended, onFreePort, startListening } from './free-port.js';
import { spoilFile } from './s3.js';

const NOBODY = 65534;
const root = process.getuid?.() === 0;

/** Makes a key pair and returns its public half. */
export function keyPair(file: string, type = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

/**
 * OpenSSH's server on loopback with its own configuration, host key and folder, as an ordinary user: as root it would need folders of
 * the system. `more` are lines of its configuration.
 */
export async function startSshd(t: Test, more: string[] = []) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-sshd-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  const hostKey = keyPair(at('host'));
  writeFileSync(at('authorized'), `${keyPair(at('client'))}\n`);
  copyFileSync(at('client'), at('key'));
  chmodSync(at('key'), 0o600);
  mkdirSync(at('backups'));
  const confAt = (port: number) =>
    [
      ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host')}`, 'PidFile none'],
      ...[
        `AuthorizedKeysFile ${at('authorized')}`,
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
      ],
      ...[
        'KbdInteractiveAuthentication no',
        'Subsystem sftp internal-sftp',
        'PerSourcePenalties no',
        ...more,
      ],
      '',
    ].join('\n');
  if (root) for (const name of ['.', 'host', 'authorized', 'backups']) chownSync(at(name), NOBODY, NOBODY);
  const who = root ? { uid: NOBODY, gid: NOBODY } : {};
  const start = async (port: number) => {
    writeFileSync(at('conf'), confAt(port), { mode: 0o644 });
    const argv = ['/usr/sbin/sshd', '-D', '-e', '-f', at('conf')];
    const server = await startListening(argv, /Server listening on/, who);
    t.teardown(() => ended(server));
    return { server, port };
  };
  const { port, ...first } = await onFreePort(start);
  let { server } = first;
  const place: SftpPlace = {
    ...{ host: '127.0.0.1', port, user: root ? 'nobody' : userInfo().username, path: at('backups') },
    ...{ key_file: at('key'), host_key: hostKey },
  };
  return {
    ...{ place, port, dir, fileOf: (name: string) => join(at('backups'), name) },
    spoil: (name: string) => spoilFile(join(at('backups'), name)),
    stop: () => ended(server),
    async restart() {
      await ended(server);
      ({ server } = await start(port));
    },
  };
}

/** A line to a port that is cut each time that so many bytes have gone over it, either way, for so many times. */
export async function cutLine(t: Test, port: number, { after, times }: { after: number; times: number }) {
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let passed = 0;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        passed += bytes.length;
        if (passed > after && cuts < times) {
          cuts += 1;
          // Half of it arrives.
          to.write(bytes.subarray(0, bytes.length >> 1), () => {
            near.resetAndDestroy();
            far.resetAndDestroy();
          });
        } else if (!to.destroyed && !to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const one of sockets) one.destroy();
  });
  return { port: (server.address() as { port: number }).port, cuts: () => cuts };
}
