import Database from 'better-sqlite3';

/**
 * Moves the log of a database to its file, over a connection of its own, as `mode` says; returns whether all of it is there now. See
 * wal.ts.
 */
export function moveLog({ path, mode }) {
  const db = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    db.pragma('wal_autocheckpoint = 0');
    db.pragma('synchronous = NORMAL');
    const [{ busy }] = db.pragma(`wal_checkpoint(${mode})`);
    // The first to write to a log that begins anew syncs its header. It shall not be who follows calls.
    if (mode === 'RESTART' && busy === 0)
      db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`);
    return busy === 0;
  } finally {
    db.close();
  }
}
