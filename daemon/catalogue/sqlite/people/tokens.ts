import type { Person } from '../../../domain/people/person.js';
import type { Token } from '../../people.js';
import type { Db } from '../db.js';
import { type OwnedRow, ownerOf, PERSON } from './users.js';

type Row = {
  id: string;
  user_id: string;
  name: string;
  rights: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  used_from: string;
};

/** When a token was used last is kept to this many ms: else every request by one would be a write. */
const USED_STEP_MS = 60_000;

const toToken = (row: Row): Token => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  rights: JSON.parse(row.rights),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  usedAt: row.used_at,
  usedFrom: row.used_from,
});

export function createTokens(db: Db) {
  const add = db.prepare(`
    INSERT INTO tokens (id, user_id, name, token_hash, rights, created_at, expires_at)
    VALUES ($id, $userId, $name, $tokenHash, $rights, $createdAt, $expiresAt)`);
  const list = db.prepare('SELECT * FROM tokens WHERE user_id = ? ORDER BY created_at DESC, id DESC');
  const one = db.prepare(`
    SELECT tokens.*, ${PERSON} FROM tokens JOIN users ON users.id = tokens.user_id
    WHERE token_hash = ? AND users.disabled_at IS NULL`);
  const used = db.prepare(`
    UPDATE tokens SET used_at = $at, used_from = $from
    WHERE id = $id AND (used_at IS NULL OR used_at <= $at - $step OR used_at > $at)`);
  const remove = db.prepare('DELETE FROM tokens WHERE user_id = ? AND id = ?');
  const removeAll = db.prepare('DELETE FROM tokens WHERE user_id = ? RETURNING name').pluck();

  return {
    add(token: Omit<Token, 'usedAt' | 'usedFrom'>, tokenHash: string): void {
      add.run({ ...token, rights: JSON.stringify(token.rights), tokenHash });
    },
    of: (userId: string): Token[] => (list.all(userId) as Row[]).map(toToken),
    token(tokenHash: string): { token: Token; person: Person } | null {
      const row = one.get(tokenHash) as (Row & OwnedRow) | undefined;
      return row ? { token: toToken(row), person: ownerOf(row) } : null;
    },
    used(id: string, at: number, from: string): void {
      used.run({ id, at, from, step: USED_STEP_MS });
    },
    remove: (userId: string, id: string): boolean => remove.run(userId, id).changes > 0,
    /** Returns their names. */
    removeAll: (userId: string): string[] => removeAll.all(userId) as string[],
  };
}
