import { Type } from 'typebox';
import { fail } from '../../domain/error.js';
import { defaultPolicy, Policy } from '../../domain/policy/policy.js';
import type { StoredPolicy } from '../catalogue.js';
import { createReader, noun, type Reader, Text, Time } from './checked.js';
import type { Db } from './db.js';

const stored = noun({
  table: 'policies',
  key: (row) => row.version,
  json: ['policy'],
  shape: Type.Object({ version: Type.Integer(), changed_at: Time, changed_by: Text, policy: Policy }),
  make: (row): StoredPolicy => ({
    version: row.version,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    policy: row.policy,
    fault: null,
  }),
});

export function createPolicy(db: Db, reader: Reader) {
  const newest = db.prepare('SELECT * FROM policies ORDER BY version DESC LIMIT 1');
  const all = db.prepare('SELECT * FROM policies ORDER BY version DESC');
  const add = db.prepare('INSERT INTO policies VALUES (?, ?, ?, ?)');
  const last = db.prepare('SELECT max(version) FROM policies').pluck();
  const version = () => (last.get() as number | null) ?? 0;

  return {
    /** Version 0 is the one that Tapedeck comes with. It also stands in for one that cannot be read. */
    policy(): StoredPolicy {
      const row = newest.get();
      let fault: string | null = null;
      const found =
        row === undefined
          ? null
          : createReader((bad) => {
              fault = bad.fault;
            }).orNull(stored, row);
      return found ?? { version: version(), changedAt: null, changedBy: '', policy: defaultPolicy, fault };
    },
    versions: (): StoredPolicy[] => reader.all(stored, all.all()),
    save(given: Policy, by: string, at: number, basedOn: number): number {
      const now = version();
      if (now !== basedOn)
        throw fail('policy_conflict', `It is at version ${now}; the change was made on ${basedOn}.`);
      add.run(now + 1, at, by, JSON.stringify(given));
      return now + 1;
    },
  };
}
