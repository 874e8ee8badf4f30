import type { Db } from '../db.js';

/** How often something was written that a page may show. Whoever reads the count need not look at anything else to know. */
export function createChanges(db: Db) {
  const bump = db.prepare('UPDATE changes SET count = count + 1');
  const count = db.prepare('SELECT count FROM changes').pluck();
  const rows = db.prepare('SELECT total_changes()').pluck();

  return {
    bump: (): void => void bump.run(),
    /** 0 where the row is missing, which Tapedeck never removes. */
    count: (): number => (count.get() as number | undefined) ?? 0,
    /** Rows that this connection has written so far. */
    rows: () => rows.get() as number,
  };
}
