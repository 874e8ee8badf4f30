import type { Proof } from '../../daemon/domain/people/factor.js';
import type { Db } from './file.js';
import { writing } from './writing.js';

/** A session as the dashboard keeps it: who its person is now is in the catalogue. Times are ms since 1970. */
export type KeptSession = {
  /** Names it; says nothing of its token. */
  id: string;
  tokenHash: string;
  userId: string;
  /** Those of its person when it began: whoever ends all their sessions raises the one, whoever gives them a right the other. */
  epoch: number;
  gains: number;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  /** From where it was begun, and with what program. */
  address: string;
  agent: string;
  proofs: Proof[];
  /** When the last of them was given. */
  provedAt: number;
  /** Wrong second factors before it, by whomever. */
  failed: { count: number; lastAt: number | null };
};

/** A session that is over, and whose it was. */
export type EndedSession = Pick<KeptSession, 'userId' | 'createdAt'>;

type Row = Omit<KeptSession, 'proofs' | 'failed'> & {
  proofs: string;
  failedBefore: number;
  failedAt: number | null;
};

/** A session's last use is kept to this many ms, so that not every request is a write. */
const SEEN_STEP_MS = 60_000;

const toSession = ({ proofs, failedBefore, failedAt, ...rest }: Row): KeptSession => ({
  ...rest,
  proofs: JSON.parse(proofs),
  failed: { count: failedBefore, lastAt: failedAt },
});
const toRow = ({ proofs, failed, ...rest }: KeptSession): Row => ({
  ...rest,
  proofs: JSON.stringify(proofs),
  failedBefore: failed.count,
  failedAt: failed.lastAt,
});

const SELECT = `
  SELECT id, hash AS tokenHash, user_id AS userId, epoch, gains, created_at AS createdAt, seen_at AS seenAt,
    expires_at AS expiresAt, address, agent, proofs, proved_at AS provedAt, failed_before AS failedBefore, failed_at AS failedAt
  FROM sessions JOIN tokens ON session_id = id`;

export function createSessionStore(db: Db) {
  const byToken = db.prepare(`${SELECT} WHERE hash = ? AND (good_until IS NULL OR good_until > ?)`);
  const byId = db.prepare(`${SELECT} WHERE id = ? AND good_until IS NULL`);
  const list = db.prepare(`${SELECT} WHERE user_id = ? AND good_until IS NULL ORDER BY seen_at DESC, id`);
  const save = db.prepare(`
    INSERT OR REPLACE INTO sessions VALUES (
      $id, $userId, $epoch, $gains, $createdAt, $seenAt, $expiresAt, $address, $agent,
      $proofs, $provedAt, $failedBefore, $failedAt)`);
  const addToken = db.prepare('INSERT INTO tokens VALUES (?, ?, NULL)');
  const dropTokens = db.prepare('DELETE FROM tokens WHERE session_id = ?');
  const dropOld = db.prepare('DELETE FROM tokens WHERE session_id = ? AND good_until <= ?');
  const outdate = db.prepare(
    'UPDATE tokens SET good_until = $until WHERE hash = $hash AND good_until IS NULL RETURNING session_id',
  );
  const gain = db.prepare('UPDATE sessions SET gains = ? WHERE id = ?');
  const raise = db.prepare('UPDATE sessions SET epoch = ? WHERE id = ?');
  const touch = db.prepare('UPDATE sessions SET seen_at = $at WHERE id = $id AND seen_at <= $at - $step');
  const remove = db.prepare('DELETE FROM sessions WHERE id = ?');
  const endOne = db.prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?');
  const endOthers = db.prepare('DELETE FROM sessions WHERE user_id = ? AND id IS NOT ?');
  const removeExpired = db.prepare(
    'DELETE FROM sessions WHERE expires_at <= ? RETURNING user_id AS userId, created_at AS createdAt',
  );
  const write = writing(db);
  const session = (row: unknown): KeptSession | null => (row === undefined ? null : toSession(row as Row));

  return {
    /**
     * Begins a session. `from`: the token's hash of the one that goes on as this one, under its id and with a token of its own;
     * false when that has ended, or all sessions of the person were to end since it began.
     */
    add: (begun: KeptSession, from: string | null): boolean =>
      write(() => {
        if (from !== null) {
          const before = session(byToken.get(from, begun.seenAt));
          const same = before?.id === begun.id && before.userId === begun.userId;
          if (!same || before.epoch !== begun.epoch || before.expiresAt <= begun.seenAt) return false;
        }
        dropTokens.run(begun.id);
        const { tokenHash, ...row } = toRow(begun);
        save.run(row);
        addToken.run(tokenHash, begun.id);
        return true;
      }),
    byToken: (hash: string, at: number): KeptSession | null => session(byToken.get(hash, at)),
    byId: (id: string): KeptSession | null => session(byId.get(id)),
    /** The one used last first. */
    of: (userId: string): KeptSession[] => (list.all(userId) as Row[]).map(toSession),
    touch: (id: string, at: number): void => write(() => void touch.run({ id, at, step: SEEN_STEP_MS })),
    /**
     * Gives a session a new token. The old one works on until then, for what was on its way. False when somebody else has
     * just done so.
     */
    renew: (
      hash: string,
      newHash: string,
      { gains, at, until }: { gains: number; at: number; until: number },
    ) =>
      write(() => {
        const row = outdate.get({ hash, until }) as { session_id: string } | undefined;
        if (!row) return false;
        dropOld.run(row.session_id, at);
        addToken.run(newHash, row.session_id);
        gain.run(gains, row.session_id);
        return true;
      }),
    /** It goes on though all sessions of its person were ended. */
    raise: (id: string, epoch: number): void => write(() => void raise.run(epoch, id)),
    /** False where there was none. */
    remove: (id: string): boolean => write(() => remove.run(id).changes > 0),
    /** Ends the session with this id, or all but `keep` (its id). Gives how many ended. */
    end: (userId: string, which: { id: string } | { keep: string | null }): number =>
      write(() => ('id' in which ? endOne.run(userId, which.id) : endOthers.run(userId, which.keep)).changes),
    removeExpired: (at: number): EndedSession[] => write(() => removeExpired.all(at) as EndedSession[]),
  };
}
