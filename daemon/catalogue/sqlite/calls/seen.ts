import { type PbxId, qualified } from '../../../domain/pbx.js';
import type { Party } from '../../../domain/recording/recording.js';
import type { Seen } from '../../calls.js';
import type { Db } from '../db.js';

/** How many calls are looked at, and how many of each kind are given. */
const NEWEST = 5000;
const MOST = 200;

type Row = { pbx: PbxId; them: string; us: string; did: string; queue: string };

/** What the newest calls went over: extensions of ours, queues and DIDs. */
export function createSeen(db: Db) {
  const newest = db.prepare(
    'SELECT pbx, them, us, did, queue FROM calls WHERE test = 0 ORDER BY started_at DESC LIMIT ?',
  );
  return {
    seen(): Seen {
      const extensions = new Map<string, number>();
      const names = new Map<string, string>();
      const queues = new Map<string, number>();
      const dids = new Map<string, number>();
      const count = (of: Map<string, number>, key: string) => {
        if (key !== '') of.set(key, (of.get(key) ?? 0) + 1);
      };
      for (const row of newest.iterate(NEWEST) as IterableIterator<Row>) {
        for (const party of [JSON.parse(row.us), JSON.parse(row.them)] as Party[]) {
          if (!party.ours) continue;
          const number = qualified(row.pbx, party.number);
          count(extensions, number);
          if (party.name !== '' && !names.has(number)) names.set(number, party.name);
        }
        count(queues, qualified(row.pbx, row.queue));
        count(dids, qualified(row.pbx, row.did));
      }
      const most = (of: Map<string, number>) =>
        [...of]
          .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
          .slice(0, MOST)
          .map(([key]) => key);
      return {
        extensions: most(extensions).map((number) => ({ number, name: names.get(number) ?? '' })),
        queues: most(queues),
        dids: most(dids),
      };
    },
  };
}
