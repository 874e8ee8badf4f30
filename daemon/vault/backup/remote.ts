import { setTimeout as wait } from 'node:timers/promises';
import { diskError, fail, TapedeckError } from '../../domain/error.js';

/** Waits between attempts to reach a server that has stopped answering, ms: half a minute in all. */
export const DELAYS_MS: readonly number[] = [1_000, 3_000, 8_000, 20_000];

/** Parts of a name begin with a letter or a figure: no name leads elsewhere. */
export const NAME = /^[0-9A-Za-z][0-9A-Za-z._-]*(?:\/[0-9A-Za-z][0-9A-Za-z._-]*)*$/;

/** Throws `internal` for what is no name of an object. */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw fail('internal', `"${name}" is no name of an object.`);
}

/** Tries again while the server cannot be reached. `work` throws errors as ours. */
export async function persistently<T>(work: () => Promise<T>, delaysMs: readonly number[]): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (e) {
      const again = e instanceof TapedeckError && e.code === 'backup_unreachable';
      const delay = delaysMs[attempt];
      if (!again || delay === undefined) throw e;
      await wait(delay);
    }
  }
}

/** A source whose own failure can be told from one of the place that it is stored at. */
export function watched(source: Uint8Array | AsyncIterable<Uint8Array>) {
  let failed: { error: unknown } | null = null;
  let bytes = 0;
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of source instanceof Uint8Array ? [source] : source) {
        bytes += piece.length;
        yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      }
    } catch (error) {
      failed = { error };
      throw error;
    }
  }
  return {
    read,
    bytes: () => bytes,
    /** The error that is to be thrown: the source's own, or else that of the place. */
    errorOr: (other: () => unknown): unknown => (failed ? diskError(failed.error) : other()),
  };
}
