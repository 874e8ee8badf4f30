import { fail } from '../../domain/error.js';
import type { User } from '../catalogue.js';
import type { Db } from './db.js';

type Row = { id: string; name: string; password_hash: string; created_at: number };

const toUser = (row: Row): User => ({
  id: row.id,
  name: row.name,
  passwordHash: row.password_hash,
  createdAt: row.created_at,
});
const keyOf = (name: string) => name.normalize('NFKC').toLowerCase();

export function createUsers(db: Db) {
  const add = db.prepare(
    'INSERT INTO users VALUES ($id, $name, $key, $passwordHash, $createdAt) ON CONFLICT (name_key) DO NOTHING',
  );
  const byName = db.prepare('SELECT * FROM users WHERE name_key = ?');
  const all = db.prepare('SELECT * FROM users ORDER BY name_key');
  const count = db.prepare('SELECT count(*) FROM users').pluck();
  const saveCode = db.prepare('INSERT OR REPLACE INTO setup VALUES (1, ?, ?)');
  const useCode = db.prepare('DELETE FROM setup WHERE code_hash = ?');

  const addUser = (user: User): void => {
    if (add.run({ ...user, key: keyOf(user.name) }).changes === 0) throw fail('user_exists', user.name);
  };

  return {
    add: addUser,
    byName(name: string): User | null {
      const row = byName.get(keyOf(name)) as Row | undefined;
      return row ? toUser(row) : null;
    },
    all: (): User[] => (all.all() as Row[]).map(toUser),
    claimSetup(codeHash: string, user: User): boolean {
      if (count.get() !== 0 || useCode.run(codeHash).changes === 0) return false;
      addUser(user);
      return true;
    },
    /** There is one code at a time; the newest is the one that works. */
    saveSetupCode(codeHash: string, at: number): void {
      saveCode.run(codeHash, at);
    },
  };
}
