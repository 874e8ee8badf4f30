import { createHash } from 'node:crypto';
import type { Client, SFTPWrapper } from 'ssh2';
import { fail, TapedeckError } from '../../domain/error.js';

/** A folder of an SFTP server, as [backup] sftp has it. */
export type SftpPlace = {
  host: string;
  port: number;
  user: string;
  path: string;
  key_file: string;
  host_key: string;
};
/** The name of the systemd credential that has the private key. */
export const SFTP_CREDENTIAL = 'backup-ssh-key';

const CONNECT_MS = 20_000;
/** A server that does not answer to so many of these is counted as gone. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, 7). */
export const STATUS = { NO_SUCH_FILE: 2, PERMISSION_DENIED: 3, FAILURE: 4, UNSUPPORTED: 8 } as const;
export const statusOf = (e: unknown): number | null => {
  const { code } = e as { code?: unknown };
  return typeof code === 'number' ? code : null;
};

type Done<T> = (error?: Error | null, value?: T) => void;
export type Session = {
  /** Calls a verb of the protocol. Rejects with what the server says, whose `statusOf` is a number, or with `backup_unreachable`. */
  call<T = void>(work: (sftp: SFTPWrapper, done: Done<T>) => void): Promise<T>;
  close(): void;
};

const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** Throws `backup_unreachable`, `backup_denied`, `backup_host_key`. `privateKey` is in the format of OpenSSH or PEM. The package is loaded when it is first used. */
export async function openSession(place: SftpPlace, privateKey: string, name: string): Promise<Session> {
  const { host, port, user } = place;
  const [type, text] = place.host_key.split(' ') as [string, string];
  const pinned = Buffer.from(text, 'base64');
  const { default: ssh2 } = await import('ssh2');
  const client: Client = new ssh2.Client();
  let offered: Buffer | null = null;

  const told = (e: Error & { level?: string }): TapedeckError => {
    const code = (() => {
      if ((offered && !offered.equals(pinned)) || /no matching host key/.test(e.message))
        return 'backup_host_key';
      return e.level === 'client-authentication' ? 'backup_denied' : 'backup_unreachable';
    })();
    const said =
      code === 'backup_host_key'
        ? `${offered ? `It has ${fingerprint(offered)}` : `It has none of type ${type}`}; host_key is ${fingerprint(pinned)}.`
        : `${e.message.slice(0, 300)}.`;
    return fail(code, `${name}: ${said}`, e);
  };

  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', (e) => reject(told(e)));
    client.once('close', () => reject(fail('backup_unreachable', `${name} closed the connection.`)));
    try {
      client.connect({
        ...{ host, port, username: user, privateKey, readyTimeout: CONNECT_MS, ...KEEPALIVE },
        algorithms: {
          serverHostKey: (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]) as never,
        },
        hostVerifier: (key: Buffer) => {
          offered = key;
          return key.equals(pinned);
        },
      });
    } catch (e) {
      reject(
        fail(
          'backup_denied',
          `key_file holds no private key without a passphrase: ${(e as Error).message}`,
          e,
        ),
      );
    }
  }).catch((e) => {
    client.on('error', () => {}); // it may have more to say while it closes
    client.destroy();
    throw e;
  });

  let lost: TapedeckError | null = null;
  const losing = new Set<(e: TapedeckError) => void>();
  const lose = (why: string): void => {
    lost ??= fail('backup_unreachable', `${name}: ${why}`);
    for (const tell of losing) tell(lost);
  };
  client.on('error', (e) => lose(`${e.message}.`));
  client.on('close', () => lose('The connection was lost.'));

  function promised<T>(begin: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (lost) return reject(lost);
      const failed = (e: unknown) => {
        losing.delete(failed);
        reject(e);
      };
      losing.add(failed);
      const done: Done<T> = (e, value) => {
        if (e)
          return failed(statusOf(e) === null ? fail('backup_unreachable', `${name}: ${e.message}.`, e) : e);
        losing.delete(failed);
        resolve(value as T);
      };
      try {
        begin(done);
      } catch (e) {
        failed(e);
      }
    });
  }

  try {
    const sftp = await promised<SFTPWrapper>((done) => client.sftp(done));
    return { call: (work) => promised((done) => work(sftp, done)), close: () => client.destroy() };
  } catch (e) {
    client.destroy();
    if (e instanceof TapedeckError) throw e;
    throw fail('backup_denied', `${name}: SFTP is not allowed there. ${(e as Error).message}`, e);
  }
}
