import { dirname } from 'node:path/posix';
import type { FileEntryWithStats, Stats } from 'ssh2';
import { fail, TapedeckError } from '../../domain/error.js';
import { readSecret } from '../../ops/secrets/secret.js';
import { bufferedFile } from './buffered.js';
import { checkName, DELAYS_MS, persistently, watched } from './remote.js';
import {
  openSession,
  type Session,
  SFTP_CREDENTIAL,
  type SftpPlace,
  STATUS,
  statusOf,
} from './sftp-session.js';
import type { BackupTarget, Listed } from './target.js';

/** Bytes: of a request, which every server takes, and of what is under way at once. */
const REQUEST = 32 * 1024;
const BLOCK = 1024 * 1024;
/** Less room than this is none. */
const FULL_BYTES = 4 * 1024 * 1024;
const MODE = 0o600;
/** No object lies deeper. */
const DEPTH = 4;

/**
 * Backups in a folder of an SFTP server. An object gets its name once all of it was written, synced where the server can, and its
 * length compared. When the connection breaks, writing continues where it was.
 */
export function createSftpTarget(place: SftpPlace, delaysMs: readonly number[] = DELAYS_MS): BackupTarget {
  const privateKey = readSecret(place.key_file, SFTP_CREDENTIAL); // before root's rights are given up
  const root = place.path.replace(/(?!^)\/+$/, '');
  const name = `sftp://${place.user}@${place.host}:${place.port}${root.startsWith('/') ? '' : '/'}${root}`;
  let opening: Promise<Session> | null = null;
  const made = new Set<string>();

  /** Does something in a session, in a new one when the connection breaks. */
  function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return persistently(async () => {
      opening ??= openSession(place, privateKey, name);
      const mine = opening;
      try {
        return await work(await mine);
      } catch (e) {
        if (e instanceof TapedeckError && opening === mine) {
          opening = null;
          void mine.then(({ close }) => close()).catch(() => {});
        }
        throw e;
      }
    }, delaysMs);
  }

  const pathOf = (object: string): string => {
    checkName(object);
    return `${root}/${object}`;
  };

  /** What a server says, as ours. */
  async function told(e: unknown, what: string): Promise<unknown> {
    const status = statusOf(e);
    if (e instanceof TapedeckError || status === null) return e;
    if (status === STATUS.PERMISSION_DENIED)
      return fail('backup_denied', `${name}: ${what}: permission denied.`, e);
    if (status === STATUS.FAILURE) {
      // The protocol has no code for a full disk.
      const room = await inSession((s) =>
        s.call<{ f_bavail: number; f_frsize: number }>((sftp, done) => sftp.ext_openssh_statvfs(root, done)),
      ).catch(() => null);
      if (room && Number(room.f_bavail) * Number(room.f_frsize) < FULL_BYTES)
        return fail('backup_full', `${name}: ${what}.`, e);
    }
    return fail('backup_target', `${name}: ${what}: ${(e as Error).message}.`, e);
  }
  const saying = (what: string) => async (e: unknown) => {
    throw await told(e, what);
  };
  const absent = (e: unknown): null => {
    if (statusOf(e) === STATUS.NO_SUCH_FILE) return null;
    throw e;
  };

  const statOf = (path: string): Promise<Stats | null> =>
    inSession((s) => s.call<Stats>((sftp, done) => sftp.lstat(path, done))).catch(absent);

  async function makeFolders(folder: string): Promise<void> {
    if (made.has(folder) || folder.length <= root.length) return;
    await makeFolders(dirname(folder));
    await inSession((s) => s.call((sftp, done) => sftp.mkdir(folder, { mode: 0o700 }, done))).catch(
      async (e) => {
        if (!(await statOf(folder))?.isDirectory()) throw e;
      },
    );
    made.add(folder);
  }

  /** Writes a file, and continues in a new session if need be. Returns its bytes. */
  async function write(path: string, source: AsyncIterable<Buffer>): Promise<number> {
    let open: { session: Session; handle: Buffer } | null = null;
    let at = 0;
    const opened = async (session: Session): Promise<Buffer> => {
      if (open?.session === session) return open.handle;
      const handle = await session.call<Buffer>((sftp, done) =>
        sftp.open(path, at === 0 ? 'w' : 'r+', { mode: MODE }, done),
      );
      const { size } = await session.call<Stats>((sftp, done) => sftp.fstat(handle, done));
      if (size < at) throw fail('backup_target', `${name} has lost what it had taken; begin anew.`);
      open = { session, handle };
      return handle;
    };
    for await (const block of inBlocks(source)) {
      const from = at;
      await inSession(async (session) => {
        const handle = await opened(session);
        await Promise.all(
          requests(block.length).map(({ offset, bytes }) =>
            session.call((sftp, done) => sftp.write(handle, block, offset, bytes, from + offset, done)),
          ),
        );
      });
      at += block.length;
    }
    await inSession(async (session) => {
      const handle = await opened(session);
      await session
        .call((sftp, done) => sftp.ext_openssh_fsync(handle, done as (e?: Error) => void))
        .catch((e) => {
          if (!isUnsupported(e)) throw e;
        });
      const { size } = await session.call<Stats>((sftp, done) => sftp.fstat(handle, done));
      if (size !== at) throw fail('backup_target', `${name} has ${size} of ${at} bytes.`);
      await session.call((sftp, done) => sftp.close(handle, done));
    });
    return at;
  }

  /** In place of what has the name. A server without the extension of OpenSSH has neither for a moment. */
  async function rename(from: string, to: string, bytes: number): Promise<void> {
    await inSession(async (session) => {
      try {
        await session
          .call((sftp, done) => sftp.ext_openssh_rename(from, to, done))
          .catch(async (e) => {
            if (!isUnsupported(e)) throw e;
            await session.call((sftp, done) => sftp.unlink(to, done)).catch(absent);
            await session.call((sftp, done) => sftp.rename(from, to, done));
          });
      } catch (e) {
        // The answer to an earlier try was lost with its connection.
        const renamed = statusOf(e) === STATUS.NO_SUCH_FILE && (await statOf(to))?.size === bytes;
        if (!renamed) throw e;
      }
    });
  }

  async function* within(folder: string, depth: number): AsyncGenerator<Listed> {
    const entries = await inSession((s) =>
      s.call<FileEntryWithStats[]>((sftp, done) => sftp.readdir(`${root}/${folder}`, done)),
    )
      .catch(absent)
      .catch(saying(folder));
    for (const { filename, attrs } of entries ?? []) {
      if (filename === '.' || filename === '..' || filename.includes('/')) continue;
      const one = `${folder}/${filename}`;
      if (attrs.isDirectory()) {
        if (depth < DEPTH) yield* within(one, depth + 1);
      } else yield { name: one, bytes: attrs.isFile() ? attrs.size : null };
    }
  }

  return {
    name,

    async ready() {
      const found = await inSession((s) => s.call<Stats>((sftp, done) => sftp.stat(root, done)))
        .catch(absent)
        .catch(saying(root));
      if (!found?.isDirectory()) throw fail('backup_target', `${name} is not a folder.`);
    },

    async put(object, source) {
      const path = pathOf(object);
      const part = `${path}.part`;
      const read = watched(source);
      try {
        await makeFolders(dirname(path));
        const bytes = await write(part, read.read());
        await rename(part, path, bytes);
        return bytes;
      } catch (e) {
        made.clear();
        if (!(e instanceof TapedeckError && e.code === 'backup_unreachable'))
          await inSession((s) => s.call((sftp, done) => sftp.unlink(part, done))).catch(() => {});
        throw await read.errorOr(() => told(e, object));
      }
    },

    async open(object) {
      const path = pathOf(object);
      const found = await statOf(path).catch(saying(object));
      if (!found) throw fail('backup_damaged', `${object} is missing.`);
      if (!found.isFile()) throw fail('backup_damaged', `${object} is no plain file.`);
      let open: { session: Session; handle: Buffer } | null = null;
      const fetch = (at: number, bytes: number): Promise<Buffer> =>
        inSession(async (session) => {
          if (open?.session !== session)
            open = {
              session,
              handle: await session.call<Buffer>((sftp, done) => sftp.open(path, 'r', done)),
            };
          const { handle } = open;
          const buffer = Buffer.allocUnsafe(bytes);
          const got = await Promise.all(
            requests(bytes).map(({ offset, bytes: wanted }) =>
              session.call<number>((sftp, done) =>
                sftp.read(handle, buffer, offset, wanted, at + offset, done),
              ),
            ),
          );
          if (got.reduce((sum, n) => sum + n, 0) !== bytes)
            throw fail('backup_damaged', `${object} was cut.`);
          return buffer;
        }).catch(saying(object));
      return bufferedFile({
        ...{ size: found.size, block: BLOCK, fetch },
        async close() {
          const last = open;
          await last?.session.call((sftp, done) => sftp.close(last.handle, done)).catch(() => {});
        },
      });
    },

    async size(object) {
      const found = await statOf(pathOf(object)).catch(saying(object));
      return found?.isFile() ? found.size : null;
    },

    list(folder) {
      checkName(folder);
      return within(folder, 1);
    },

    async remove(object) {
      const path = pathOf(object);
      await inSession((s) => s.call((sftp, done) => sftp.unlink(path, done)))
        .catch(absent)
        .catch(async (e) => {
          if (statusOf(e) === STATUS.PERMISSION_DENIED)
            throw fail('backup_locked', `${name}/${object}: permission denied.`, e);
          throw await told(e, object);
        });
      const folder = dirname(path);
      if (folder === root) return;
      made.delete(folder);
      await inSession((s) => s.call((sftp, done) => sftp.rmdir(folder, done))).catch(() => {}); // others are still in it
    },

    async close() {
      const last = opening;
      opening = null;
      await last?.then(({ close }) => close()).catch(() => {});
    },
  };
}

const isUnsupported = (e: unknown): boolean =>
  statusOf(e) === STATUS.UNSUPPORTED ||
  (e instanceof Error && /does not support this extended request/.test(e.message));

/** The requests of which a block consists. */
function requests(bytes: number): { offset: number; bytes: number }[] {
  const count = Math.ceil(bytes / REQUEST);
  return Array.from({ length: count }, (_, n) => ({
    offset: n * REQUEST,
    bytes: Math.min(REQUEST, bytes - n * REQUEST),
  }));
}

async function* inBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + BLOCK - bytes);
      held.push(part);
      bytes += part.length;
      from += part.length;
      if (bytes < BLOCK) continue;
      yield Buffer.concat(held);
      held = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}
