import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { shownName } from '../../domain/importing/bytes.js';
import type { Original } from '../list.js';
import { type Facts, type FileSource, originalFrom } from '../open.js';
import {
  createLineReader,
  type Failed,
  type Listed,
  type OriginalsOrder,
  type ReadOrder,
  send,
} from './lines.js';

/** The originals of a folder that a process of their own opens (server.ts), whose socket is at this path. */

async function ask(path: string, order: OriginalsOrder) {
  const socket = connect(path);
  socket.on('error', () => {}); // reading tells
  await once(socket, 'connect');
  await send(socket, order);
  const { line, bytes } = createLineReader(socket);
  return {
    socket,
    bytes,
    /** Throws with the code of the system call that failed there. */
    async answer<T extends object>(): Promise<T> {
      const said = (await line()) as T | Failed | null;
      if (said === null)
        throw Object.assign(new Error('the process that opens originals has ended'), { code: 'EPIPE' });
      if ('failed' in said) throw Object.assign(new Error(said.failed), { code: said.failed });
      return said;
    },
  };
}

/** The same as `listOriginals`. */
export async function* listRemote(
  path: string,
  after: string,
  denied: (path: string, code: string) => void = () => {},
): AsyncGenerator<Original> {
  const { socket, answer } = await ask(path, { list: after });
  try {
    for (;;) {
      const said = await answer<Listed | { end: true }>();
      if ('end' in said) return;
      if ('denied' in said) {
        denied(said.denied, said.code);
        continue;
      }
      yield {
        ...{ path: said.path, shown: shownName(said.path), kind: said.kind },
        open: async () => originalFrom(await openRemote(path, said.path)),
      };
    }
  } finally {
    socket.destroy();
  }
}

async function openRemote(path: string, file: string): Promise<FileSource> {
  const { socket, answer, bytes } = await ask(path, { open: file });
  const close = async () => void socket.destroy();
  let first: Facts | null;
  try {
    first = await answer<Facts>();
  } catch (e) {
    socket.destroy();
    throw e;
  }
  let turn: Promise<unknown> = Promise.resolve();
  /** One order after the other: a reader that was given up may still wait for its answer. */
  function inTurn<T>(order: ReadOrder, take: () => Promise<T>): Promise<T> {
    const mine = turn.then(async () => {
      await send(socket, order);
      return take();
    });
    turn = mine.catch(() => {});
    return mine;
  }
  return {
    async facts() {
      const known = first;
      first = null;
      return known ?? inTurn({ facts: true }, () => answer<Facts>());
    },
    read: (at, length) =>
      inTurn({ at, bytes: length }, async () => {
        const { bytes: given } = await answer<{ bytes: number }>();
        if (!(given >= 0 && given <= length))
          throw Object.assign(new Error('more than was asked for'), { code: 'EPIPE' });
        return bytes(given);
      }),
    // Nobody removes an original by way of that process.
    named: async () => false,
    close,
  };
}

/** Tells that process that it is needed no more. Does nothing where there is none. */
export async function endRemote(path: string): Promise<void> {
  const socket: Socket = connect(path);
  const closed = once(socket, 'close').catch(() => {});
  socket.on('error', () => {});
  socket.on('connect', () => void send(socket, { end: true } satisfies OriginalsOrder));
  socket.resume();
  await closed;
}
