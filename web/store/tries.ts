import type { Limit } from '../../daemon/ops/buckets.js';
import type { Db } from './file.js';
import { writing } from './writing.js';

const HOUR_MS = 3_600_000;
const MOST = { tries: 50_000, known: 5_000 };

/** What tries are counted by, and how many there are. */
export type Limited = { key: string; limit: Limit };
type Row = { remaining: number; at: number };

/**
 * Wrong passwords, so that a restart gives nobody fresh tries. A row is there until all its tries have come back; where there
 * are too many rows, those go that are nearest to it. Times are ms since 1970.
 */
export function createTryStore(db: Db) {
  const one = db.prepare('SELECT remaining, at FROM tries WHERE key = ?');
  const save = db.prepare('INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?)');
  const drop = db.prepare('DELETE FROM tries WHERE full_at <= ?');
  const count = db.prepare('SELECT count(*) FROM tries').pluck();
  const shed = db.prepare('DELETE FROM tries WHERE key IN (SELECT key FROM tries ORDER BY full_at LIMIT ?)');
  const pair = db.prepare('SELECT 1 FROM known WHERE pair = ?').pluck();
  const know = db.prepare('INSERT OR REPLACE INTO known VALUES (?, ?)');
  const forget = db.prepare(
    'DELETE FROM known WHERE pair IN (SELECT pair FROM known ORDER BY at DESC LIMIT -1 OFFSET ?)',
  );
  const write = writing(db);

  /** The clock may be set back; that gives none and takes none: it counts on from there. */
  function left(limited: Limited, at: number): number {
    const { burst, hourly } = limited.limit;
    const row = one.get(limited.key) as Row | undefined;
    if (!row) return burst;
    if (row.at > at) put(limited, row.remaining, at);
    return Math.min(burst, row.remaining + (Math.max(0, at - row.at) * hourly) / HOUR_MS);
  }
  function put({ key, limit: { burst, hourly } }: Limited, remaining: number, at: number): void {
    save.run(key, remaining, at, at + Math.ceil(((burst - remaining) * HOUR_MS) / hourly));
  }

  return {
    /** Takes one try by each of these, or by none of them; gives the seconds to wait then, else 0. */
    take: (limits: readonly Limited[], at: number): number =>
      write(() => {
        for (const one of limits) {
          const missing = 1 - left(one, at);
          if (missing > 0) return Math.ceil((missing * HOUR_MS) / one.limit.hourly / 1000);
        }
        drop.run(at);
        for (const one of limits) put(one, left(one, at) - 1, at);
        const over = (count.get() as number) - MOST.tries;
        if (over > 0) shed.run(over);
        return 0;
      }),
    /** Gives them back. */
    giveBack: (limits: readonly Limited[], at: number): void =>
      write(() => {
        for (const one of limits) put(one, Math.min(one.limit.burst, left(one, at) + 1), at);
      }),

    /** Whether a name has signed in from an address; the newest 5,000 pairs of them are kept. */
    knows: (hash: string): boolean => pair.get(hash) !== undefined,
    know: (hash: string, at: number): void =>
      write(() => {
        know.run(hash, at);
        forget.run(MOST.known);
      }),
  };
}
