import { fail } from '../../../domain/error.js';
import { skeleton } from '../../../domain/people/name.js';
import { knownGrants, nameKey, type Person } from '../../../domain/people/person.js';
import { gains } from '../../../domain/people/rights.js';
import type { Ended, Invitation, NewUser, Outsider, PersonChange, Standing, User } from '../../people.js';
import type { Db } from '../db.js';
import { STATE } from './factors.js';

/** The columns of a person, as they are in a row of `users`. */
export type PersonRow = {
  id: string;
  name: string;
  roles: string;
  scope: string;
  extensions: string;
  grants: string;
};
type Row = PersonRow & {
  password_hash: string;
  created_at: number;
  version: number;
  disabled_at: number | null;
  signed_in_at: number | null;
  password_at: number | null;
  invited_until: number | null;
  source: User['source'];
  subject: string;
};

const COLUMNS = ['id', 'name', 'roles', 'scope', 'extensions', 'grants'];
/** The same in a row of something that belongs to somebody and has an id of its own. */
export const PERSON = COLUMNS.map((column) => `users.${column} AS person_${column}`).join(', ');
export type OwnedRow = { [Column in keyof PersonRow as `person_${Column}`]: PersonRow[Column] };

export const ownerOf = (row: OwnedRow): Person =>
  toPerson({
    id: row.person_id,
    name: row.person_name,
    roles: row.person_roles,
    scope: row.person_scope,
    extensions: row.person_extensions,
    grants: row.person_grants,
  });

const toPerson = (row: PersonRow): Person => ({
  id: row.id,
  name: row.name,
  roles: JSON.parse(row.roles),
  scope: JSON.parse(row.scope),
  extensions: JSON.parse(row.extensions),
  grants: knownGrants(JSON.parse(row.grants)),
});

const toUser = (row: Row): User => ({
  ...toPerson(row),
  passwordHash: row.password_hash,
  createdAt: row.created_at,
  version: row.version,
  disabledAt: row.disabled_at,
  signedInAt: row.signed_in_at,
  passwordAt: row.password_at,
  invitedUntil: row.invited_until,
  source: row.source,
  subject: row.subject,
});

const textsOf = (person: Person) => ({
  ...{ id: person.id, name: person.name, key: nameKey(person.name) },
  ...{ roles: JSON.stringify(person.roles), scope: JSON.stringify(person.scope) },
  ...{ extensions: JSON.stringify(person.extensions), grants: JSON.stringify(person.grants) },
});

const SELECT = `
  SELECT users.*, invitations.expires_at AS invited_until
  FROM users LEFT JOIN invitations ON invitations.user_id = users.id`;

type StandingRow = PersonRow &
  Pick<Standing, 'epoch' | 'gains'> & { totp: number; passkeys: number; required: number };

export function createUsers(db: Db, tokens: { removeAll(userId: string): string[] }) {
  const add = db.prepare(`
    INSERT INTO users (
      id, name, name_key, password_hash, created_at, password_at, roles, scope, extensions, grants, source, subject
    ) VALUES (
      $id, $name, $key, $passwordHash, $createdAt, $passwordAt, $roles, $scope, $extensions, $grants, $source, $subject
    )
    ON CONFLICT (name_key) DO NOTHING`);
  const change = db.prepare(`
    UPDATE users SET name = $name, name_key = $key, roles = $roles, scope = $scope, extensions = $extensions,
      grants = $grants, disabled_at = $disabledAt, version = version + 1
    WHERE id = $id`);
  const bySubject = db.prepare(`${SELECT} WHERE source = ? AND subject = ?`);
  const outsiders = db.prepare(`${SELECT} WHERE source = ? AND roles <> '[]' ORDER BY name_key`);
  const names = db.prepare('SELECT name FROM users WHERE id <> ?').pluck();
  const remove = db.prepare('DELETE FROM users WHERE id = ?');
  const password = db.prepare('UPDATE users SET password_hash = ?, password_at = ? WHERE id = ?');
  const byName = db.prepare(`${SELECT} WHERE name_key = ?`);
  const byId = db.prepare(`${SELECT} WHERE users.id = ?`);
  const standing = db.prepare(`
    SELECT id, name, roles, scope, extensions, grants, epoch, gains, ${STATE}
    FROM users WHERE id = ? AND disabled_at IS NULL`);
  const endSessions = db.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ? RETURNING epoch').pluck();
  const renewSessions = db.prepare('UPDATE users SET gains = gains + 1 WHERE id = ?');
  const signedIn = db.prepare('UPDATE users SET signed_in_at = ? WHERE id = ?');
  const byCode = db.prepare(`
    ${SELECT} WHERE invitations.code_hash = ? AND invitations.expires_at > ? AND users.disabled_at IS NULL`);
  const all = db.prepare(`${SELECT} ORDER BY name_key`);
  const count = db.prepare('SELECT count(*) FROM users').pluck();
  // Who can let others in: somebody who has only a link may never use it.
  const admins = db
    .prepare(`
      SELECT count(*) FROM users, json_each(users.roles)
      WHERE json_each.value = 'admin' AND disabled_at IS NULL AND password_hash <> ''`)
    .pluck();
  const saveCode = db.prepare('INSERT OR REPLACE INTO setup VALUES (1, ?, ?)');
  const useCode = db.prepare('DELETE FROM setup WHERE code_hash = ?');
  const invite = db.prepare(
    'INSERT OR REPLACE INTO invitations VALUES ($userId, $codeHash, $madeAt, $expiresAt)',
  );
  const uninvite = db.prepare('DELETE FROM invitations WHERE user_id = ?');

  /** The name of somebody else who has this name, or one that looks the same. */
  const takenBy = (name: string, id: string): string | undefined => {
    const looks = skeleton(name);
    return (names.all(id) as string[]).find((n) => nameKey(n) === nameKey(name) || skeleton(n) === looks);
  };
  const refuseTaken = (name: string, id: string): void => {
    const other = takenBy(name, id);
    if (other === undefined) return;
    const same = nameKey(other) === nameKey(name);
    throw fail('user_exists', same ? name : `"${name}" looks like "${other}".`);
  };
  const addUser = (
    user: NewUser,
    invitation?: Invitation,
    { source, subject }: Pick<User, 'source' | 'subject'> = { source: 'local', subject: '' },
  ): void => {
    const { passwordHash, createdAt } = user;
    const passwordAt = passwordHash === '' ? null : createdAt;
    const row = { ...textsOf(user), passwordHash, createdAt, passwordAt, source, subject };
    refuseTaken(user.name, user.id);
    if (add.run(row).changes === 0) throw fail('user_exists', user.name);
    if (invitation) invite.run(invitation);
  };
  const found = (id: string): User | null => {
    const row = byId.get(id) as Row | undefined;
    return row ? toUser(row) : null;
  };
  const expected = (id: string, basedOn: number | undefined): User => {
    const user = found(id);
    if (!user) throw fail('person_unknown');
    if (basedOn !== undefined && basedOn !== user.version)
      throw fail('person_conflict', `It is at version ${user.version}; the change was made on ${basedOn}.`);
    return user;
  };
  /** Does it, and takes it back (by throwing) when nobody is left who could let people in. */
  const keepingAnAdmin = (work: () => void): void => {
    const before = admins.get() as number;
    work();
    if (before > 0 && admins.get() === 0) throw fail('last_admin');
  };
  /** Ends all that lets them in until they sign in anew. */
  const shutOut = (id: string): void => {
    tokens.removeAll(id);
    endSessions.get(id);
  };
  const setPassword = (id: string, hash: string, at: number): Ended => {
    if (password.run(hash, at, id).changes === 0) throw fail('person_unknown');
    uninvite.run(id);
    // Whoever knew the old password may have made themselves a token.
    return { epoch: endSessions.get(id) as number, tokens: tokens.removeAll(id) };
  };

  /** Somebody from outside is what they are there; that they are the last admin keeps nobody from taking that away there. */
  const remade = (before: User, after: Person): void => {
    const same = JSON.stringify(textsOf({ ...before, ...after })) === JSON.stringify(textsOf(before));
    if (same) return;
    change.run({ ...textsOf(after), disabledAt: before.disabledAt });
    if (gains(before, after)) renewSessions.run(before.id);
  };

  return {
    /** A name that somebody else has here stays theirs: then the known one keeps the name that they had, and a new one stays out. */
    saveOutsider(outsider: Outsider): User | null {
      const known = bySubject.get(outsider.source, outsider.subject) as Row | undefined;
      if (known) {
        const before = toUser(known);
        const name = takenBy(outsider.name, before.id) !== undefined ? before.name : outsider.name;
        remade(before, { ...outsider, id: before.id, name });
      } else {
        if (takenBy(outsider.name, '') !== undefined) return null;
        addUser({ ...outsider, passwordHash: '' }, undefined, outsider);
      }
      return toUser(bySubject.get(outsider.source, outsider.subject) as Row);
    },
    outsiders: (source: string): User[] => (outsiders.all(source) as Row[]).map(toUser),
    outsiderGone(id: string): void {
      const before = found(id);
      if (!before) return;
      remade(before, { ...before, roles: [] });
      shutOut(id);
    },
    standing(id: string): Standing | null {
      const row = standing.get(id) as StandingRow | undefined;
      if (!row) return null;
      const state = { totp: row.totp === 1, passkeys: row.passkeys, required: row.required === 1 };
      return { person: toPerson(row), state, epoch: row.epoch, gains: row.gains };
    },
    signedIn: (id: string, at: number): void => void signedIn.run(at, id),
    add: (user: NewUser, invitation?: Invitation): void => addUser(user, invitation),
    user: found,
    byName(name: string): User | null {
      const row = byName.get(nameKey(name)) as Row | undefined;
      return row ? toUser(row) : null;
    },
    all: (): User[] => (all.all() as Row[]).map(toUser),
    claimSetup(codeHash: string, user: NewUser): boolean {
      if (count.get() !== 0 || useCode.run(codeHash).changes === 0) return false;
      addUser(user);
      return true;
    },
    /** There is one code at a time; the newest is the one that works. */
    saveSetupCode(codeHash: string, at: number): void {
      saveCode.run(codeHash, at);
    },

    change(id: string, { disabled, ...rest }: PersonChange, at: number, basedOn?: number): User {
      const before = expected(id, basedOn);
      const after: Person = { ...before, ...rest };
      const disabledAt =
        disabled === undefined ? before.disabledAt : disabled ? (before.disabledAt ?? at) : null;
      if (after.name !== before.name) refuseTaken(after.name, id);
      keepingAnAdmin(() => change.run({ ...textsOf(after), disabledAt }));
      if (disabledAt !== null) endSessions.get(id);
      else if (gains(before, after)) renewSessions.run(id);
      return found(id)!;
    },
    remove(id: string, basedOn?: number): void {
      expected(id, basedOn);
      keepingAnAdmin(() => remove.run(id));
    },
    setPassword,
    shutOut,

    invite(invitation: Invitation): void {
      expected(invitation.userId, undefined);
      invite.run(invitation);
    },
    invited(codeHash: string, at: number): User | null {
      const row = byCode.get(codeHash, at) as Row | undefined;
      return row ? toUser(row) : null;
    },
    accept(codeHash: string, hash: string, at: number): Ended | null {
      const row = byCode.get(codeHash, at) as Row | undefined;
      return row ? setPassword(row.id, hash, at) : null;
    },
  };
}
