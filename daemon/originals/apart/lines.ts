import { once } from 'node:events';
import type { Socket } from 'node:net';

/**
 * How a process that opens originals is asked for them: orders and answers are lines of JSON, and the answer to `read` is followed by as
 * many bytes as it says.
 */
export type OriginalsOrder =
  /** Every audio file after this path: `Listed` lines, then `{ end: true }`. */
  | { list: string }
  /** Opens a file. Its answer is `Facts`, or `{ failed }`; `ReadOrder` and `{ facts: true }` may follow. */
  | { open: string }
  /** Ends the process once nobody is connected. */
  | { end: true };
export type ReadOrder = { at: number; bytes: number } | { facts: true };

export type Listed = { path: string; kind: 'file' | 'link' | 'other' } | { denied: string; code: string };
/** `failed` is the code of a system call. */
export type Failed = { failed: string };

/** A path of 4,096 bytes, each written as six characters, and what is around it. */
const MOST_LINE_BYTES = 32 << 10;
/** Of an answer to `read`. */
export const MOST_READ_BYTES = 256 << 10;

const broken = (message: string) => Object.assign(new Error(message), { code: 'EPIPE' });

/** Reads lines and bytes from a socket, as they are asked for. Throws where it ends before. */
export function createLineReader(socket: Socket) {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer | null> {
    const { done, value } = await chunks.next();
    return done ? null : value;
  }

  return {
    /** The next line; null at the end. */
    async line(): Promise<unknown> {
      for (;;) {
        const end = held.indexOf(10);
        if (end >= 0) {
          const text = held.toString('utf8', 0, end);
          held = held.subarray(end + 1);
          return JSON.parse(text);
        }
        if (held.length > MOST_LINE_BYTES) throw broken('a line is too long');
        const chunk = await more();
        if (chunk === null) return null;
        held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      }
    },
    async bytes(length: number): Promise<Buffer> {
      const parts = [held];
      let had = held.length;
      while (had < length) {
        const chunk = await more();
        if (chunk === null) throw broken('the connection ended early');
        parts.push(chunk);
        had += chunk.length;
      }
      const all = Buffer.concat(parts);
      held = all.subarray(length);
      return all.subarray(0, length);
    },
  };
}

/** Sends a line, and bytes after it. Resolves once there is room for more. */
export async function send(socket: Socket, line: object, bytes?: Buffer): Promise<void> {
  let room = socket.write(`${JSON.stringify(line)}\n`);
  if (bytes && bytes.length > 0) room = socket.write(bytes);
  if (room || socket.destroyed) return;
  const over = new AbortController();
  const closed = once(socket, 'close', { signal: over.signal }).catch(() => {});
  await Promise.race([once(socket, 'drain', { signal: over.signal }), closed]).catch(() => {});
  over.abort();
}
