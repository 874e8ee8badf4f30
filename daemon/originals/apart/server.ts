import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { isSoundName } from '../../domain/importing/sound-file.js';
import { openFolder, openParent, openRoot } from '../beneath.js';
import { listBelow } from '../list.js';
import { createFileSource, type FileSource } from '../open.js';
import { createLineReader, type Listed, MOST_READ_BYTES, type OriginalsOrder, send } from './lines.js';

const LONGEST_IDLE_MS = 7 * 86_400_000;

/**
 * Opens the originals of one folder for whoever may connect, to read. Links are never followed below it, and files that are no audio by
 * their name are not opened. `over` resolves once it was asked to end and nobody is connected, or nobody has been for a week.
 */
export async function createOriginalsServer(dir: string) {
  const root = await openRoot(dir).catch((e: NodeJS.ErrnoException) => e.code ?? 'EIO');
  const sockets = new Set<Socket>();
  let ending = false;
  let finish = () => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let idle = setTimeout(finish, LONGEST_IDLE_MS);

  function opened(): FileHandle {
    if (typeof root === 'string') throw Object.assign(new Error(dir), { code: root });
    return root;
  }

  async function list(socket: Socket, after: string): Promise<void> {
    const denied: Listed[] = [];
    const tell = async () => {
      for (const one of denied.splice(0)) await send(socket, one);
    };
    const below = listBelow(await openFolder(opened(), '.'), after, (path, code) => {
      denied.push({ denied: path, code });
    });
    for await (const { path, kind } of below) {
      await tell();
      await send(socket, { path, kind } satisfies Listed);
      if (socket.destroyed) return;
    }
    await tell();
    await send(socket, { end: true });
  }

  async function give(socket: Socket, path: string, next: () => Promise<unknown>): Promise<void> {
    const source = await openBelow(opened(), path);
    try {
      await send(socket, await source.facts());
      for (;;) {
        const asked = (await next()) as { at?: unknown; bytes?: unknown } | null;
        if (asked === null) return;
        if ('facts' in asked) {
          await send(socket, await source.facts());
          continue;
        }
        const [at, bytes] = [Number(asked.at), Number(asked.bytes)];
        if (!Number.isSafeInteger(at) || at < 0 || !(bytes > 0 && bytes <= MOST_READ_BYTES))
          throw Object.assign(new Error('no such piece'), { code: 'EINVAL' });
        const piece = await source.read(at, bytes);
        await send(socket, { bytes: piece.length }, piece);
      }
    } finally {
      await source.close();
    }
  }

  async function serve(socket: Socket): Promise<void> {
    const { line } = createLineReader(socket);
    const order = (await line()) as OriginalsOrder | null;
    if (order === null) return;
    if ('end' in order) ending = true;
    else if ('list' in order) await list(socket, String(order.list));
    else await give(socket, String(order.open), line);
  }

  const server = createServer((socket) => {
    clearTimeout(idle);
    sockets.add(socket);
    socket.on('error', () => {}); // 'close' comes next
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      if (ending) finish();
      else idle = setTimeout(finish, LONGEST_IDLE_MS);
    });
    serve(socket)
      .catch((e: NodeJS.ErrnoException) => send(socket, { failed: e.code ?? 'EIO' }))
      .finally(() => socket.end());
  });

  return {
    over,
    async listen(path: string): Promise<void> {
      server.listen(path);
      await once(server, 'listening');
    },
    async stop(): Promise<void> {
      clearTimeout(idle);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      if (typeof root !== 'string') await root.close();
    },
  };
}

async function openBelow(root: FileHandle, path: string): Promise<FileSource> {
  if (!isSoundName(path.split('/').at(-1)!)) throw Object.assign(new Error('no audio'), { code: 'EACCES' });
  try {
    const { folder, name } = await openParent(root, path);
    try {
      return await createFileSource(folder, name);
    } finally {
      await folder.close();
    }
  } catch (e) {
    // A folder that was swapped for a link.
    if ((e as NodeJS.ErrnoException).code === 'ENOTDIR') throw Object.assign(e as Error, { code: 'ELOOP' });
    throw e;
  }
}
