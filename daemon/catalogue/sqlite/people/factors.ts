import type { FactorState } from '../../../domain/people/factor.js';
import type { Role } from '../../../domain/people/person.js';
import type { Passkey, Totp, Used } from '../../factors.js';
import type { FailedFactors } from '../../people.js';
import type { Db } from '../db.js';

type TotpRow = { sealed: Buffer; added_at: number; last_step: number };
type PasskeyRow = {
  id: string;
  user_id: string;
  name: string;
  public_key: Buffer;
  counter: number;
  transports: string;
  host: string;
  added_at: number;
  used_at: number | null;
};
type TriesRow = { failed: number; last_at: number | null };
type KnownRow = TriesRow & { browsers: number };
type StateRow = { totp: number; passkeys: number; recovery_codes: number; required: number };

/** So many browsers of a person have a count of their own, and so many wrong codes are free in all of them together. */
const MOST_BROWSERS = 20;
const FREE_TOGETHER = 10;

/** Of a row of `users`: what of `FactorState` a session asks about each time. */
export const STATE = `
  EXISTS (SELECT 1 FROM totp WHERE totp.user_id = users.id) AS totp,
  (SELECT count(*) FROM passkeys WHERE passkeys.user_id = users.id) AS passkeys,
  EXISTS (SELECT 1 FROM json_each(users.roles) AS their JOIN factor_roles ON factor_roles.role = their.value) AS required`;

const toPasskey = (row: PasskeyRow): Passkey => ({
  ...{ id: row.id, userId: row.user_id, name: row.name, publicKey: row.public_key, counter: row.counter },
  ...{ transports: JSON.parse(row.transports), host: row.host, addedAt: row.added_at, usedAt: row.used_at },
});

export function createFactors(db: Db) {
  const state = db.prepare(`
    SELECT ${STATE}, (SELECT count(*) FROM recovery_codes WHERE user_id = users.id) AS recovery_codes
    FROM users WHERE id = ?`);
  const totp = db.prepare('SELECT * FROM totp WHERE user_id = ?');
  const totps = db.prepare('SELECT user_id AS userId, sealed FROM totp');
  const reseal = db.prepare('UPDATE totp SET sealed = $after WHERE user_id = $userId AND sealed = $before');
  const saveTotp = db.prepare('INSERT OR REPLACE INTO totp VALUES ($userId, $sealed, $addedAt, $lastStep)');
  const useStep = db.prepare(
    'UPDATE totp SET last_step = $step WHERE user_id = $userId AND last_step < $step',
  );
  const passkeys = db.prepare('SELECT * FROM passkeys WHERE user_id = ? ORDER BY added_at, id');
  const passkey = db.prepare('SELECT * FROM passkeys WHERE id = ?');
  const addPasskey = db.prepare(`
    INSERT INTO passkeys (id, user_id, name, public_key, counter, transports, host, added_at, used_at)
    VALUES ($id, $userId, $name, $publicKey, $counter, $transports, $host, $addedAt, $usedAt)
    ON CONFLICT DO NOTHING`);
  // Authenticators without a counter say 0 each time (WebAuthn level 2, 6.1.1).
  const used = db.prepare(`
    UPDATE passkeys SET counter = $counter, used_at = $at
    WHERE user_id = $userId AND id = $id AND (counter < $counter OR (counter = 0 AND $counter = 0))`);
  const removePasskey = db.prepare('DELETE FROM passkeys WHERE user_id = ? AND id = ?');
  const addCode = db.prepare('INSERT INTO recovery_codes VALUES (?, ?)');
  const useCode = db.prepare('DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?');
  const tries = db.prepare('SELECT failed, last_at FROM factor_tries WHERE user_id = ? AND device_hash = ?');
  const allTries = db.prepare(
    'SELECT coalesce(sum(failed), 0) AS failed, max(last_at) AS last_at FROM factor_tries WHERE user_id = ?',
  );
  const knownTries = db.prepare(`
    SELECT coalesce(sum(failed), 0) AS failed, max(last_at) AS last_at, count(*) AS browsers
    FROM factor_tries WHERE user_id = ? AND device_hash <> ''`);
  const saveTries = db.prepare('INSERT OR REPLACE INTO factor_tries VALUES (?, ?, ?, ?)');
  const roles = db.prepare('SELECT role FROM factor_roles ORDER BY role').pluck();
  const noRoles = db.prepare('DELETE FROM factor_roles');
  const addRole = db.prepare('INSERT OR IGNORE INTO factor_roles VALUES (?)');
  const removeAll = (table: string) => db.prepare(`DELETE FROM ${table} WHERE user_id = ?`);
  const removeTotp = removeAll('totp');
  const removeCodes = removeAll('recovery_codes');
  const forgetTries = removeAll('factor_tries');
  const endSessions = db.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?');
  const takeBack = [removeCodes, forgetTries, endSessions, removeAll('tokens')];
  const reset = [...takeBack, removeTotp, removeAll('passkeys')];

  function stateOf(userId: string): FactorState {
    const row = state.get(userId) as StateRow | undefined;
    return {
      totp: row?.totp === 1,
      passkeys: row?.passkeys ?? 0,
      recoveryCodes: row?.recovery_codes ?? 0,
      required: row?.required === 1,
    };
  }
  function failed(userId: string): FailedFactors {
    const { failed: count, last_at: lastAt } = allTries.get(userId) as TriesRow;
    return { count, lastAt };
  }

  function saveRecoveryCodes(userId: string, hashes: readonly string[]): void {
    removeCodes.run(userId);
    for (const hash of hashes) addCode.run(userId, hash);
  }
  /** Keeps these codes if there are none yet, and says whether it did. */
  function keepFirst(userId: string, hashes: readonly string[]): boolean {
    if (hashes.length === 0 || stateOf(userId).recoveryCodes > 0) return false;
    saveRecoveryCodes(userId, hashes);
    return true;
  }

  return {
    state: stateOf,
    totp(userId: string): Totp | null {
      const row = totp.get(userId) as TotpRow | undefined;
      return row ? { sealed: row.sealed, addedAt: row.added_at, lastStep: row.last_step } : null;
    },
    totps: () => totps.all() as { userId: string; sealed: Buffer }[],
    reseal: (userId: string, before: Uint8Array, after: Uint8Array): void =>
      void reseal.run({ userId, before, after }),
    saveTotp(userId: string, t: Totp, codes: readonly string[] = []): { codesKept: boolean } {
      saveTotp.run({ userId, ...t });
      return { codesKept: keepFirst(userId, codes) };
    },

    passkeys: (userId: string): Passkey[] => (passkeys.all(userId) as PasskeyRow[]).map(toPasskey),
    passkey(id: string): Passkey | null {
      const row = passkey.get(id) as PasskeyRow | undefined;
      return row ? toPasskey(row) : null;
    },
    addPasskey(key: Passkey, codes: readonly string[] = []): { codesKept: boolean } | null {
      const added = addPasskey.run({ ...key, transports: JSON.stringify(key.transports) }).changes === 1;
      return added ? { codesKept: keepFirst(key.userId, codes) } : null;
    },

    remove(userId: string, which: 'totp' | { passkey: string }): boolean {
      const now = stateOf(userId);
      if (now.required && Number(now.totp) + now.passkeys < 2) return false;
      if (which === 'totp') removeTotp.run(userId);
      else removePasskey.run(userId, which.passkey);
      const left = stateOf(userId);
      if (!left.totp && left.passkeys === 0) removeCodes.run(userId);
      return true;
    },
    reset(userId: string): void {
      for (const each of reset) each.run(userId);
    },

    takeBack(userId: string, { totp, passkeys }: { totp: boolean; passkeys: readonly string[] }): void {
      for (const id of passkeys) removePasskey.run(userId, id);
      if (totp) removeTotp.run(userId);
      for (const each of takeBack) each.run(userId);
    },

    saveRecoveryCodes,
    /** Uses up by what somebody has shown who they are. False when that was done before. */
    use(userId: string, by: Used, at: number): boolean {
      if ('totpStep' in by) return useStep.run({ userId, step: by.totpStep }).changes === 1;
      if ('recoveryCode' in by) return useCode.run(userId, by.recoveryCode).changes === 1;
      return used.run({ userId, id: by.passkey, counter: by.counter, at }).changes === 1;
    },

    failed,
    takeTry(
      userId: string,
      device: string | null,
      at: number,
      waitAfter: (failed: number) => number,
    ): { until: number | null } {
      const of = (browser: string) => tries.get(userId, browser) as TriesRow | undefined;
      const known = knownTries.get(userId) as KnownRow;
      const own = device !== null && (of(device) !== undefined || known.browsers < MOST_BROWSERS);
      const browser = own ? device : '';
      const { failed: count = 0, last_at: lastAt = null } = of(browser) ?? {};
      const waits = [{ lastAt, ms: waitAfter(count) }];
      if (own) waits.push({ lastAt: known.last_at, ms: waitAfter(known.failed - FREE_TOGETHER) });
      // A clock that was set back does not make anybody wait for longer than the wait itself.
      const untils = waits.map(({ lastAt, ms }) => (lastAt === null || lastAt > at ? 0 : lastAt + ms));
      const until = Math.max(...untils);
      if (at < until) return { until };
      saveTries.run(userId, browser, count + 1, at);
      return { until: null };
    },
    given(userId: string, tried: boolean): FailedFactors {
      const { count, lastAt } = failed(userId);
      forgetTries.run(userId);
      const wrong = count - Number(tried);
      return { count: wrong, lastAt: wrong > 0 ? lastAt : null };
    },

    rolesWith: (): Role[] => roles.all() as Role[],
    setRolesWith(names: Role[]): void {
      noRoles.run();
      for (const name of names) addRole.run(name);
    },
  };
}
