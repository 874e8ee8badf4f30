import { randomBytes } from 'node:crypto';
import type { Told } from '../../daemon/domain/operations/control/recordings.js';
import type { Db } from './file.js';
import { writingDurably } from './writing.js';

/** What is to be told to the recorder, before it has a number. */
export type Untold = Omit<Told, 'seq'>;

const MOST = 100_000;

export type Telling = ReturnType<typeof createTelling>;

/** What the dashboard still has to tell the recorder, in order, over restarts. */
export function createTelling(db: Db, most = MOST) {
  const add = db.prepare('INSERT INTO telling (entry) VALUES (?)');
  const next = db.prepare('SELECT seq, entry FROM telling ORDER BY seq LIMIT ?');
  const remove = db.prepare('DELETE FROM telling WHERE seq <= ?');
  const own = db.prepare('SELECT id, lost FROM source');
  const lose = db.prepare('UPDATE source SET lost = ?');
  const newest = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'telling'").pluck();
  const rename = db.prepare('UPDATE source SET id = ?');
  const write = writingDurably(db);

  let { id, lost } = own.get() as { id: string; lost: number };
  let waiting = db.prepare('SELECT count(*) FROM telling').pluck().get() as number;

  return {
    /** The id of this database. */
    source: (): string => id,
    /** The number of the newest entry that there ever was; 0 before the first. */
    newest: (): number => (newest.get() as number | undefined) ?? 0,
    /** Takes another id: to the recorder all that waits is new then. */
    newSource(): void {
      const fresh = randomBytes(16).toString('hex');
      write(() => rename.run(fresh));
      id = fresh;
    },
    waiting: (): number => waiting,
    /**
     * Adds entries, durable when this returns. What finds no room is counted, and the next entry that does says how many there
     * were; `dropped`: so many were lost before these.
     */
    add(entries: readonly Untold[], dropped = 0): void {
      const fit = entries.slice(0, Math.max(0, most - waiting));
      const before = lost + dropped;
      const after = (fit.length > 0 ? 0 : before) + entries.length - fit.length;
      write(() => {
        for (const [at, entry] of fit.entries()) {
          const detail =
            at === 0 && before > 0 ? { ...entry.detail, entries_lost_before: before } : entry.detail;
          add.run(JSON.stringify({ ...entry, detail }));
        }
        if (after !== lost) lose.run(after);
      });
      waiting += fit.length;
      lost = after;
    },
    /** The oldest ones, at most so many and of so many characters together, but for one. */
    next({ most, chars }: { most: number; chars: number }): Told[] {
      const found: Told[] = [];
      let sum = 0;
      for (const { seq, entry } of next.all(most) as { seq: number; entry: string }[]) {
        sum += entry.length;
        if (found.length > 0 && sum > chars) break;
        found.push({ ...parsed(entry), seq });
      }
      return found;
    },
    /** Those up to this one were told. */
    remove(seq: number): void {
      waiting -= write(() => remove.run(seq).changes);
    },
  };
}

/** What cannot be read has no form, and so the recorder refuses it alone. */
function parsed(text: string): Untold {
  try {
    return JSON.parse(text) as Untold;
  } catch {
    return {} as Untold;
  }
}
