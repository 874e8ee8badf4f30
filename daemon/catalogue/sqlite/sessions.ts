import type { Session } from '../catalogue.js';
import type { Db } from './db.js';

type Row = {
  token_hash: string;
  user_id: string;
  name: string;
  created_at: number;
  seen_at: number;
  expires_at: number;
};

/** A session's last sight is kept to this many ms: else every request would be a write, and wake all who watch for one. */
const SEEN_STEP_MS = 60_000;

export function createSessions(db: Db) {
  const add = db.prepare(
    'INSERT INTO sessions VALUES ($tokenHash, $userId, $createdAt, $seenAt, $expiresAt)',
  );
  const one = db.prepare(`
    SELECT sessions.*, users.name FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_hash = ?`);
  const touch = db.prepare(
    'UPDATE sessions SET seen_at = $at WHERE token_hash = $hash AND seen_at <= $at - $step',
  );
  const remove = db.prepare('DELETE FROM sessions WHERE token_hash = ?');
  const removeExpired = db.prepare('DELETE FROM sessions WHERE expires_at <= ?');

  return {
    add(session: Omit<Session, 'userName'>): void {
      add.run(session);
    },
    session(tokenHash: string): Session | null {
      const row = one.get(tokenHash) as Row | undefined;
      if (!row) return null;
      return {
        tokenHash: row.token_hash,
        userId: row.user_id,
        userName: row.name,
        createdAt: row.created_at,
        seenAt: row.seen_at,
        expiresAt: row.expires_at,
      };
    },
    touch(tokenHash: string, seenAt: number): void {
      touch.run({ hash: tokenHash, at: seenAt, step: SEEN_STEP_MS });
    },
    remove(tokenHash: string): void {
      remove.run(tokenHash);
    },
    removeExpired(now: number): void {
      removeExpired.run(now);
    },
  };
}
