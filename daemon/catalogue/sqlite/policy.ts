import { fail } from '../../domain/error.js';
import { defaultPolicy, type Policy } from '../../domain/policy.js';
import type { StoredPolicy } from '../catalogue.js';
import type { Db } from './db.js';

type Row = { version: number; changed_at: number; changed_by: string; policy: string };

const toPolicy = (row: Row): StoredPolicy => ({
  version: row.version,
  changedAt: row.changed_at,
  changedBy: row.changed_by,
  policy: JSON.parse(row.policy),
});

export function createPolicy(db: Db) {
  const newest = db.prepare('SELECT * FROM policies ORDER BY version DESC LIMIT 1');
  const all = db.prepare('SELECT * FROM policies ORDER BY version DESC');
  const add = db.prepare('INSERT INTO policies VALUES (?, ?, ?, ?)');

  const policy = (): StoredPolicy => {
    const row = newest.get() as Row | undefined;
    return row ? toPolicy(row) : { version: 0, changedAt: null, changedBy: '', policy: defaultPolicy };
  };

  return {
    /** Version 0 is the one that Tapedeck comes with. */
    policy,
    versions: (): StoredPolicy[] => (all.all() as Row[]).map(toPolicy),
    save(given: Policy, by: string, at: number, basedOn: number): number {
      const { version } = policy();
      if (version !== basedOn)
        throw fail('policy_conflict', `It is at version ${version}; the change was made on ${basedOn}.`);
      add.run(version + 1, at, by, JSON.stringify(given));
      return version + 1;
    },
  };
}
