import { Type } from 'typebox';
import { fail } from '../../domain/error.js';
import { defaultPolicy, Policy } from '../../domain/policy/policy.js';
import type { StoredPolicy } from '../policy.js';
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
  const one = db.prepare('SELECT * FROM policies WHERE version = ?');
  const version = () => (last.get() as number | null) ?? 0;

  /** What was read last, by its text: a call asks for the rules of its version whenever something happens in it. */
  let kept: { text: string; read: StoredPolicy } | null = null;

  /** Version 0 is the one that Tapedeck comes with. It also stands in for one that cannot be read. */
  function read(row: unknown, version: number): StoredPolicy {
    const text = JSON.stringify(row) ?? '';
    if (kept?.text === text) return kept.read;
    let fault: string | null = null;
    const found =
      row === undefined
        ? null
        : createReader((bad) => {
            fault = bad.fault;
          }).orNull(stored, row);
    if (found) kept = { text, read: found };
    return found ?? { version, changedAt: null, changedBy: '', policy: defaultPolicy, fault };
  }

  return {
    policy: (): StoredPolicy => read(newest.get(), version()),
    of: (given: number): StoredPolicy =>
      read(given === 0 ? undefined : (one.get(given) ?? newest.get()), given),
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
