import { owes } from '../../../domain/people/factor.js';
import type { EndedSession, NewSession, Session } from '../../people.js';
import type { Db } from '../db.js';
import { STATE } from './factors.js';
import { type OwnedRow, ownerOf, PERSON } from './users.js';

type Row = OwnedRow & {
  token_hash: string;
  id: string;
  created_at: number;
  seen_at: number;
  expires_at: number;
  address: string;
  agent: string;
  renew: number;
  proofs: string;
  proved_at: number;
  failed_before: number;
  failed_at: number | null;
  totp: number;
  passkeys: number;
  required: number;
};

/** A session's last sight is kept to this many ms: else every request would be a write, and wake all who watch for one. */
const SEEN_STEP_MS = 60_000;

const toSession = (row: Row): Session => ({
  proofs: JSON.parse(row.proofs),
  provedAt: row.proved_at,
  owes: owes(JSON.parse(row.proofs), {
    totp: row.totp === 1,
    passkeys: row.passkeys,
    required: row.required === 1,
  }),
  failed: { count: row.failed_before, lastAt: row.failed_at },
  tokenHash: row.token_hash,
  id: row.id,
  person: ownerOf(row),
  createdAt: row.created_at,
  seenAt: row.seen_at,
  expiresAt: row.expires_at,
  address: row.address,
  agent: row.agent,
  renew: row.renew === 1,
});

export function createSessions(db: Db) {
  const add = db.prepare(`
    INSERT INTO sessions (
      token_hash, id, user_id, created_at, seen_at, expires_at, address, agent,
      proofs, proved_at, failed_before, failed_at
    )
    SELECT
      $tokenHash, $id, $userId, $createdAt, $seenAt, $expiresAt, $address, $agent,
      $proofs, $provedAt, $failedBefore, $failedAt
    FROM users WHERE users.id = $userId AND disabled_at IS NULL
      AND password_hash = coalesce($passwordHash, password_hash)
      AND ($after IS NULL OR EXISTS (
        SELECT 1 FROM sessions WHERE token_hash = $after AND user_id = $userId AND expires_at > $seenAt))`);
  const signedIn = db.prepare('UPDATE users SET signed_in_at = $createdAt WHERE id = $userId');
  const select = `
    SELECT sessions.*, ${PERSON}, ${STATE} FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE users.disabled_at IS NULL`;
  const one = db.prepare(`${select} AND token_hash = ?`);
  const list = db.prepare(`${select} AND user_id = ? AND renew < 2 ORDER BY seen_at DESC, sessions.id`);
  const touch = db.prepare(
    'UPDATE sessions SET seen_at = $at WHERE token_hash = $hash AND seen_at <= $at - $step',
  );
  const remove = db.prepare('DELETE FROM sessions WHERE token_hash = ? RETURNING renew').pluck();
  const removeExpired = db.prepare(`
    DELETE FROM sessions WHERE expires_at <= ? RETURNING user_id AS id, created_at AS createdAt, renew,
      (SELECT users.name FROM users WHERE users.id = user_id) AS name`);
  const endAfter = db.prepare(
    'DELETE FROM sessions WHERE (user_id, id) = (SELECT user_id, id FROM sessions WHERE token_hash = $after) AND token_hash <> $tokenHash',
  );
  const endOne = db.prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?');
  const endOthers = db.prepare('DELETE FROM sessions WHERE user_id = ? AND NOT (id IS ? AND renew < 2)');
  const open = db.prepare('SELECT count(*) FROM sessions WHERE user_id = ? AND renew < 2').pluck();
  const renewAll = db.prepare('UPDATE sessions SET renew = 1 WHERE user_id = ? AND renew = 0');
  const move = db.prepare(
    'UPDATE sessions SET token_hash = $to, renew = 0 WHERE token_hash = $from AND renew < 2',
  );
  // All that is known of a session goes with both of its tokens.
  const columns = (db.pragma('table_info(sessions)') as { name: string }[]).map(({ name }) => name);
  const changed: Record<string, string> = {
    token_hash: '$from',
    expires_at: 'min(expires_at, $until)',
    renew: '2',
  };
  const leaveOld = db.prepare(`
    INSERT INTO sessions (${columns.join(', ')})
    SELECT ${columns.map((column) => changed[column] ?? column).join(', ')} FROM sessions WHERE token_hash = $to`);

  return {
    add({ failed, proofs, passwordHash, after, ...session }: NewSession): boolean {
      const { count: failedBefore, lastAt: failedAt } = failed;
      const only = { passwordHash: passwordHash ?? null, after: after ?? null };
      const row = { ...session, ...only, proofs: JSON.stringify(proofs), failedBefore, failedAt };
      if (add.run(row).changes === 0) return false;
      const { userId, createdAt } = session;
      if (after !== undefined) endAfter.run({ after, tokenHash: session.tokenHash });
      signedIn.run({ userId, createdAt });
      return true;
    },
    session(tokenHash: string): Session | null {
      const row = one.get(tokenHash) as Row | undefined;
      return row ? toSession(row) : null;
    },
    touch(tokenHash: string, seenAt: number): void {
      touch.run({ hash: tokenHash, at: seenAt, step: SEEN_STEP_MS });
    },
    remove: (tokenHash: string): boolean => ((remove.get(tokenHash) as number | undefined) ?? 2) < 2,
    removeExpired(now: number): EndedSession[] {
      const gone = removeExpired.all(now) as { id: string; name: string; createdAt: number; renew: number }[];
      // The old token of a session that goes on is not a session of its own.
      return gone
        .filter(({ renew }) => renew < 2)
        .map(({ id, name, createdAt }) => ({ person: { id, name }, createdAt }));
    },

    of: (userId: string): Session[] => (list.all(userId) as Row[]).map(toSession),
    end(userId: string, which: { id: string } | { keep: string | null }): number {
      const before = open.get(userId) as number;
      if ('id' in which) endOne.run(userId, which.id);
      else endOthers.run(userId, which.keep);
      return before - (open.get(userId) as number);
    },
    renewAll(userId: string): void {
      renewAll.run(userId);
    },
    renew(tokenHash: string, newHash: string, oldUntil: number): boolean {
      if (move.run({ from: tokenHash, to: newHash }).changes === 0) return false;
      leaveOld.run({ from: tokenHash, to: newHash, until: oldUntil });
      return true;
    },
  };
}
