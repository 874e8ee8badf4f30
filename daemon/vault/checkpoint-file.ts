import { open, readFile } from 'node:fs/promises';
import { diskError } from '../domain/error.js';
import { asMounted } from '../ops/files/read-only.js';
import { writeDurably } from './durable.js';

/** What is in a file of checkpoints; empty where there is none. */
export async function readCheckpoints(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw diskError(asMounted(e));
  }
}

/** Adds a note to the end of a file, durable when this resolves. What a power cut left of an earlier one ends there. */
export async function appendCheckpoint(file: string, note: string): Promise<void> {
  try {
    const handle = await open(file, 'a', 0o640);
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.from(`${size > 0 ? '\n' : ''}${note}`);
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten !== bytes.length)
        throw Object.assign(new Error('It was not written whole.'), { code: 'ENOSPC' });
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (e) {
    throw diskError(asMounted(e));
  }
}

/** Puts a note in the place of the one before, durable when this resolves. */
export async function writeHead(file: string, note: string): Promise<void> {
  await writeDurably(file, Buffer.from(note));
}
