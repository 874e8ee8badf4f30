import type { Db } from '../db.js';

const MOST = 20;

export function createDevices(db: Db) {
  const one = db.prepare('SELECT 1 FROM devices WHERE user_id = ? AND device_hash = ?').pluck();
  const save = db.prepare('INSERT OR REPLACE INTO devices VALUES (?, ?, ?)');
  const forget = db.prepare(`
    DELETE FROM devices WHERE user_id = $user AND device_hash NOT IN
      (SELECT device_hash FROM devices WHERE user_id = $user ORDER BY seen_at DESC LIMIT $most)`);
  return {
    knows: (userId: string, deviceHash: string): boolean => one.get(userId, deviceHash) !== undefined,
    remember(userId: string, deviceHash: string, at: number): void {
      save.run(userId, deviceHash, at);
      forget.run({ user: userId, most: MOST });
    },
  };
}
