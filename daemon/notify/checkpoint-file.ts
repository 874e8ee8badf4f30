import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../domain/error.js';
import type { Channel } from './channel.js';

/**
 * Appends checkpoints to a file, on a mount of another machine. Its directory has to be there: where the mount is not, a
 * file on this machine would look like one that has left it.
 */
export function createCheckpointFile(path: string, name: string): Channel {
  return {
    name,
    target: path,
    async send(notice) {
      try {
        const folder = await stat(dirname(path));
        if (!folder.isDirectory()) throw new Error(`${dirname(path)} is no directory.`);
        const handle = await open(path, 'a', 0o640);
        try {
          await handle.appendFile(`${notice.checkpoint}\n`);
          await handle.sync();
        } finally {
          await handle.close();
        }
        return path;
      } catch (e) {
        throw fail('alert_undelivered', (e as Error).message, e);
      }
    },
  };
}
