import { closeSync, constants, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { startThread } from '../../../ops/process/thread.js';
import type { Db } from '../db.js';

/** PASSIVE waits for nobody; RESTART has the log begin anew; TRUNCATE empties its file too. */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';

const PROGRAM = new URL('./checkpoint-program.mjs', import.meta.url);

export type Wal = ReturnType<typeof createWal>;

/**
 * The write-ahead log of a database that this process writes: makes what was committed durable, and moves it to the file. The
 * disk is waited for in other threads. `begin` is for tests.
 */
export function createWal(db: Db, begin = startThread) {
  db.pragma('synchronous = NORMAL');
  db.pragma('wal_autocheckpoint = 0');
  let file: number | null = null;
  /** Whether what the kernel could not write may be missing from the log. */
  let broken = false;

  return {
    /** Resolves when all that has been committed by now is durable. */
    async sync(): Promise<void> {
      try {
        file ??= openSync(`${db.name}-wal`, constants.O_RDONLY | constants.O_NOFOLLOW);
        if (!broken) return await promisify(fdatasync)(file);
      } catch {
        broken = true;
      }
      // After an error the kernel may have let go of what it could not write, and say nothing the next time: what is in memory
      // goes to the file itself.
      const [found] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      if (found!.busy !== 0)
        throw Object.assign(new Error('The log could be neither synced nor moved to the file.'), {
          code: 'EIO',
        });
      broken = false;
    },

    /** How many pages are in the log; 0 when that cannot be told now. Cheap. */
    pages(): number {
      try {
        return (db.pragma('wal_checkpoint(NOOP)') as { log: number }[])[0]!.log;
      } catch {
        return 0;
      }
    },

    /** Whether all of the log is in the file now. Nothing may be written meanwhile, but for PASSIVE. */
    checkpoint: (mode: CheckpointMode): Promise<boolean> =>
      new Promise((resolve, reject) => {
        let done = false;
        begin('dist/daemon/checkpoint.js', PROGRAM, { path: db.name, mode })
          .once('message', (all: boolean) => {
            done = all;
          })
          .once('error', reject)
          .once('exit', () => resolve(done));
      }),

    stop(): void {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
