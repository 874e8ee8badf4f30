import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/**
 * A thread that moves the log of a database to its file, over a connection of its own, and says whether all of it is there; see
 * wal.ts. In JavaScript, because tests start hundreds of it, and what runs TypeScript there would have to start in each.
 */
const { path, mode } = workerData;
const db = new Database(path, { fileMustExist: true, timeout: 0 });
try {
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('synchronous = NORMAL');
  const [{ busy }] = db.pragma(`wal_checkpoint(${mode})`);
  // The first to write to a log that begins anew syncs its header. It shall not be who follows calls.
  if (mode === 'RESTART' && busy === 0)
    db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`);
  parentPort.postMessage(busy === 0);
} finally {
  db.close();
}
