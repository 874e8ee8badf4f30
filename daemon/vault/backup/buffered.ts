import type { StoredFile } from '../store/store.js';

/**
 * A file on another machine, read in blocks: a block is fetched again by itself when the connection breaks, and the one after it is
 * fetched while the first is used. `fetch` returns exactly what it was asked for, or rejects.
 */
export function bufferedFile({
  size,
  block,
  fetch,
  close,
}: {
  size: number;
  /** Bytes. */
  block: number;
  fetch(at: number, bytes: number): Promise<Buffer>;
  close(): Promise<void>;
}): StoredFile {
  const blocks = new Map<number, Promise<Buffer>>();
  const load = (n: number): Promise<Buffer> => {
    const going = blocks.get(n) ?? fetch(n * block, Math.min(block, size - n * block));
    blocks.set(n, going);
    going.catch(() => blocks.delete(n));
    return going;
  };
  async function blockOf(n: number): Promise<Buffer> {
    for (const other of blocks.keys()) if (other !== n && other !== n + 1) blocks.delete(other);
    const wanted = load(n);
    if ((n + 1) * block < size) void load(n + 1);
    return wanted;
  }
  return {
    size,
    async read(at, bytes) {
      const end = Math.min(size, at + bytes);
      const pieces: Buffer[] = [];
      for (let from = at; from < end; ) {
        const n = Math.floor(from / block);
        const piece = (await blockOf(n)).subarray(from - n * block, end - n * block);
        pieces.push(piece);
        from += piece.length;
      }
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    },
    async close() {
      await Promise.allSettled(blocks.values());
      await close();
    },
  };
}
