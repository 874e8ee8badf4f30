import type { Log } from '../../daemon/ops/log.js';
import { createDeviceStore } from './devices.js';
import { openFile } from './file.js';
import { createSessionStore } from './sessions.js';
import { createTelling } from './telling.js';
import { createTryStore } from './tries.js';

export type Store = ReturnType<typeof openStore>;

/**
 * Opens the dashboard's own database: who is signed in, in which browsers people have signed in, wrong passwords, and what is
 * still to be told to the recorder. One process has it open. Throws `disk_full` and its like.
 */
export function openStore({ path, log }: { path: string; log: Pick<Log, 'error'> }) {
  const db = openFile(path, { log });
  return {
    sessions: createSessionStore(db),
    devices: createDeviceStore(db),
    tries: createTryStore(db),
    telling: createTelling(db),
    close(): void {
      // SQLite removes the log, or tries to: where no file may be made none may be removed either, and it keeps what was searched for.
      try {
        db.pragma('wal_checkpoint(TRUNCATE)');
      } catch {
        // A disk that fails: all of it is in the log still, and the next start reads it.
      }
      db.close();
    },
  };
}
