import type { Owes, Proof } from '../domain/people/factor.js';
import type { Person, TokenRight } from '../domain/people/person.js';

/** Somebody to be added. An empty password hash: they cannot sign in with a password until they have chosen one. */
export type NewUser = Person & { passwordHash: string; createdAt: number };

export type User = NewUser & {
  /** Who knows the password, and who they are there: `local` is this catalogue. */
  source: 'local' | 'ldap' | 'oidc';
  subject: string;
  /** Goes up with every change. */
  version: number;
  disabledAt: number | null;
  signedInAt: number | null;
  passwordAt: number | null;
  /** Until when their link works; null when they have none. */
  invitedUntil: number | null;
};

export type PersonChange = Partial<Pick<Person, 'name' | 'roles' | 'scope' | 'extensions' | 'grants'>> & {
  disabled?: boolean;
};

/** A link by which somebody chooses their password. A new one takes the place of the one before. */
export type Invitation = { userId: string; codeHash: string; madeAt: number; expiresAt: number };

export type Session = {
  tokenHash: string;
  /** Names it; says nothing of its token. */
  id: string;
  /** As they are now, not as they were when it began. */
  person: Person;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  /** From where it was begun, and with what program. */
  address: string;
  agent: string;
  /** Its owner can do more than when its token was made: it has to have a new one. */
  renew: boolean;
  proofs: Proof[];
  /** When the last of them was given. */
  provedAt: number;
  /** By their factors and roles as they are now. */
  owes: Owes;
  /** Wrong second factors before it, by whomever. */
  failed: FailedFactors;
};
export type NewSession = Omit<Session, 'person' | 'renew' | 'owes'> & {
  userId: string;
  /** What their password was compared with: it must not have been changed since. */
  passwordHash?: string | undefined;
  /** The token's hash of the session that goes on as this one: it must still be good, and ends. */
  after?: string | undefined;
};

/** Wrong second factors since the last right one. */
export type FailedFactors = { count: number; lastAt: number | null };

/** What a new password has ended. */
export type Ended = { sessions: number; tokens: string[] };

/** A session that is over, and whose it was. */
export type EndedSession = { person: Pick<Person, 'id' | 'name'>; createdAt: number };

export type Token = {
  id: string;
  userId: string;
  name: string;
  rights: TokenRight[];
  createdAt: number;
  expiresAt: number;
  usedAt: number | null;
  usedFrom: string;
};

/** What there is to choose a scope from, the most frequent first. */
export type Seen = { extensions: { number: string; name: string }[]; queues: string[]; dids: string[] };

/** Who may sign in, how, and who is signed in. */
export interface People {
  /** Throws `user_exists`. */
  addUser(user: NewUser, invitation?: Invitation): Promise<void>;
  userByName(name: string): Promise<User | null>;
  user(id: string): Promise<User | null>;
  users(): Promise<User[]>;
  /** Makes the first user if there is none and the code fits, in one transaction: two racers, one winner. */
  claimSetup(codeHash: string, user: NewUser): Promise<boolean>;
  saveSetupCode(codeHash: string, at: number): Promise<void>;

  /**
   * Holds at once for their sessions and tokens; disabling ends the sessions. Throws `person_unknown`, `user_exists`,
   * `last_admin`, and `person_conflict` when `basedOn` is given and not their newest version.
   */
  changeUser(id: string, change: PersonChange, at: number, basedOn?: number): Promise<User>;
  /** With their sessions and tokens. Throws as `changeUser` does. */
  removeUser(id: string, basedOn?: number): Promise<void>;
  /**
   * Ends all their sessions but `keep` (its id), all their API tokens, and their link. Returns how many sessions ended, and
   * the names of the tokens.
   */
  setPassword(id: string, passwordHash: string, at: number, keep?: string): Promise<Ended>;

  invite(invitation: Invitation): Promise<void>;
  /** Whose link this is; null for one that is not there, too old, or of somebody who is disabled. */
  invited(codeHash: string, at: number): Promise<User | null>;
  /** Uses the link up and sets the password, as `setPassword` does. Null when there is no such link (any more). */
  acceptInvitation(codeHash: string, passwordHash: string, at: number): Promise<Ended | null>;

  /** False where its conditions do not hold any more, and for somebody who was disabled or removed. */
  addSession(session: NewSession): Promise<boolean>;
  session(tokenHash: string): Promise<Session | null>;
  /** Kept to the minute, so that not every request is a write. */
  touchSession(tokenHash: string, seenAt: number): Promise<void>;
  /**
   * Gives a session a new token. The old one works on until `oldUntil`, for what was on its way. False when somebody else
   * has just done so.
   */
  renewSession(tokenHash: string, newHash: string, oldUntil: number): Promise<boolean>;
  /** False where there was none, and for the old token of one that goes on. */
  removeSession(tokenHash: string): Promise<boolean>;
  /** Those that ended. */
  removeExpiredSessions(now: number): Promise<EndedSession[]>;
  /** The one used last first. */
  sessionsOf(userId: string): Promise<Session[]>;
  /** Ends the session with this id, or all but `keep` (its id); tokens stay. Gives how many ended. */
  endSessions(userId: string, which: { id: string } | { keep: string | null }): Promise<number>;
  /** Ends all their sessions and tokens. Gives how many sessions ended. */
  shutOut(userId: string): Promise<number>;

  /** Whether somebody has signed in in this browser. */
  knowsDevice(userId: string, deviceHash: string): Promise<boolean>;
  /** The newest twenty of each person are kept. */
  rememberDevice(userId: string, deviceHash: string, at: number): Promise<void>;

  addToken(token: Omit<Token, 'usedAt' | 'usedFrom'>, tokenHash: string): Promise<void>;
  tokensOf(userId: string): Promise<Token[]>;
  /** With its owner as they are now; null when they are disabled. Whether it has expired is for the asker to look at. */
  token(tokenHash: string): Promise<{ token: Token; person: Person } | null>;
  tokenUsed(id: string, at: number, from: string): Promise<void>;
  /** False when this person has no such token. */
  removeToken(userId: string, id: string): Promise<boolean>;

  /** Extensions, queues and DIDs of the newest calls. */
  seen(): Promise<Seen>;
}
