import type { Db } from './file.js';
import { writing } from './writing.js';

const MOST = 20;
/** For as long a browser keeps its cookie. */
const DAYS_180_MS = 180 * 86_400_000;

/** In which browsers people have signed in. */
export function createDeviceStore(db: Db) {
  const one = db.prepare('SELECT 1 FROM devices WHERE user_id = ? AND device_hash = ?').pluck();
  const save = db.prepare('INSERT OR REPLACE INTO devices VALUES (?, ?, ?)');
  const forget = db.prepare(`
    DELETE FROM devices WHERE seen_at < $before OR user_id = $user AND device_hash NOT IN
      (SELECT device_hash FROM devices WHERE user_id = $user ORDER BY seen_at DESC LIMIT $most)`);
  const write = writing(db);
  return {
    knows: (userId: string, deviceHash: string): boolean => one.get(userId, deviceHash) !== undefined,
    /** The newest twenty of each person are kept. */
    remember: (userId: string, deviceHash: string, at: number): void =>
      write(() => {
        save.run(userId, deviceHash, at);
        forget.run({ user: userId, most: MOST, before: at - DAYS_180_MS });
      }),
  };
}
