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
export function openStore({
  path,
  log,
  now = Date.now,
}: {
  path: string;
  log: Pick<Log, 'error'>;
  now?: () => number;
}) {
  const db = openFile(path, { log, now });
  return {
    sessions: createSessionStore(db),
    devices: createDeviceStore(db),
    tries: createTryStore(db),
    telling: createTelling(db),
    close: (): void => void db.close(),
  };
}
