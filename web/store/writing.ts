import { diskError } from '../../daemon/domain/error.js';
import type { Db } from './file.js';

/** Does a work in one transaction. Throws `disk_full` and its like. */
export const writing =
  (db: Db) =>
  <T>(work: () => T): T => {
    try {
      return db.transaction(work).immediate();
    } catch (e) {
      throw diskError(e);
    }
  };

/** The same, and it is on the disk when this returns; else the newest writes may be lost with the machine's power. */
export function writingDurably(db: Db) {
  const write = writing(db);
  return <T>(work: () => T): T => {
    db.pragma('synchronous = FULL');
    try {
      return write(work);
    } finally {
      db.pragma('synchronous = NORMAL');
    }
  };
}
