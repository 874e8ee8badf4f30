import type { FactorState } from '../domain/people/factor.js';
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

/** Somebody who is there and not disabled, as they are now, and what there is to know about each session of theirs. */
export type Standing = {
  person: Person;
  state: Pick<FactorState, 'totp' | 'passkeys' | 'required'>;
  /** Goes up whenever all their sessions end. */
  epoch: number;
  /** Goes up whenever they can do more than before: their sessions need new cookies. */
  gains: number;
};

/** Somebody from outside as they are to be here. */
export type Outsider = Person & Pick<User, 'createdAt' | 'source' | 'subject'>;

/** Wrong second factors since the last right one. */
export type FailedFactors = { count: number; lastAt: number | null };

/** A new password ends all sessions, by `epoch`, and the API tokens with these names. */
export type Ended = { epoch: number; tokens: string[] };

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

/** Who may sign in, how, and who is signed in. */
export interface People {
  /** Throws `user_exists`. `by`: the id of the person who does it, here and below; left out, nobody who is a person here. */
  add(user: NewUser, invitation?: Invitation, by?: string | null): Promise<void>;
  byName(name: string): Promise<User | null>;
  get(id: string): Promise<User | null>;
  list(): Promise<User[]>;
  /** Null for somebody who is not there or disabled. Cheap: the dashboard asks with every request. */
  standing(id: string): Promise<Standing | null>;
  /** Makes the first user if there is none and the code fits, in one transaction: two racers, one winner. */
  claimSetup(codeHash: string, user: NewUser): Promise<boolean>;
  saveSetupCode(codeHash: string, at: number): Promise<void>;

  /**
   * Holds at once for their sessions and tokens; disabling ends the sessions. Throws `person_unknown`, `user_exists`,
   * `last_admin`, and `person_conflict` when `basedOn` is given and not their newest version.
   */
  change(id: string, change: PersonChange, at: number, basedOn?: number, by?: string | null): Promise<User>;
  /** With their sessions and tokens. Throws as `change` does. */
  remove(id: string, basedOn?: number): Promise<void>;
  /**
   * Ends all their sessions and API tokens, and their link. Throws `person_unknown`.
   */
  setPassword(id: string, passwordHash: string, at: number): Promise<Ended>;

  invite(invitation: Invitation, by?: string | null): Promise<void>;
  /** Whose link this is; null for one that is not there, too old, or of somebody who is disabled. */
  invited(codeHash: string, at: number): Promise<User | null>;
  /** Uses the link up and sets the password, as `setPassword` does. Null when there is no such link (any more). */
  acceptInvitation(codeHash: string, passwordHash: string, at: number): Promise<Ended | null>;

  /** Ends all their sessions and tokens. */
  shutOut(userId: string): Promise<void>;

  /**
   * Writes somebody who comes from a directory or a provider as they are there now, and gives them as they are here. Null when the
   * name belongs to somebody else here.
   */
  saveOutsider(user: Outsider): Promise<User | null>;
  /** Everybody from this source who has a role here. */
  outsiders(source: 'ldap'): Promise<User[]>;
  /** They are not there any more: takes their roles and tokens and ends their sessions. */
  outsiderGone(userId: string): Promise<void>;
}

/** API tokens. A secret is known by its hash. */
export interface Tokens {
  add(token: Omit<Token, 'usedAt' | 'usedFrom'>, tokenHash: string): Promise<void>;
  of(userId: string): Promise<Token[]>;
  /** With its owner as they are now; null when they are disabled. Whether it has expired is for the asker to look at. */
  byHash(tokenHash: string): Promise<{ token: Token; person: Person } | null>;
  /** Kept to the minute, so that not every use is a write. */
  used(id: string, at: number, from: string): Promise<void>;
  /** False when this person has no such token. */
  remove(userId: string, id: string): Promise<boolean>;
}
