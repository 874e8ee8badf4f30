import type { FactorState } from '../domain/people/factor.js';
import type { Person, Role } from '../domain/people/person.js';
import type { FailedFactors, User } from './people.js';

export type Passkey = {
  /** The id of the credential, base64url. */
  id: string;
  userId: string;
  name: string;
  publicKey: Uint8Array;
  counter: number;
  transports: string[];
  /** The host name for which it was made, and at which alone it works. */
  host: string;
  addedAt: number;
  usedAt: number | null;
};

export type Totp = { sealed: Uint8Array; addedAt: number; lastStep: number };

/** Somebody from outside as they are to be here. */
export type Outsider = Person & Pick<User, 'createdAt' | 'source' | 'subject'>;

/** Second factors, who must have one, and people who come from a directory or a provider. */
export interface Factors {
  factorState(userId: string): Promise<FactorState>;

  totp(userId: string): Promise<Totp | null>;
  /** What is kept of everybody's app. */
  totps(): Promise<{ userId: string; sealed: Uint8Array }[]>;
  /** Nothing happens when it is not as it was before. */
  resealTotp(userId: string, before: Uint8Array, after: Uint8Array): Promise<void>;
  /** Takes the place of one that was there. */
  saveTotp(userId: string, totp: Totp): Promise<void>;
  /** False when this step, or a later one, was used before: of two who use a code at once, one may. */
  useTotpStep(userId: string, step: number): Promise<boolean>;

  passkeys(userId: string): Promise<Passkey[]>;
  passkey(id: string): Promise<Passkey | null>;
  /** False when there is one with this id already, whoever has it. */
  addPasskey(passkey: Passkey): Promise<boolean>;
  passkeyUsed(id: string, counter: number, at: number): Promise<void>;

  /** Removes one factor. False, and nothing is removed, when it is the last and a role requires one. */
  removeFactor(userId: string, which: 'totp' | { passkey: string }): Promise<boolean>;
  /** Removes all factors, recovery codes and tokens and ends every session: the way back in for who has lost them. */
  resetFactors(userId: string): Promise<void>;

  /** Takes the place of all that were there. */
  saveRecoveryCodes(userId: string, hashes: string[]): Promise<void>;
  /** False when there is no such code, or not any more. */
  useRecoveryCode(userId: string, hash: string): Promise<boolean>;

  failedFactors(userId: string): Promise<FailedFactors>;
  /**
   * Counts a try as a wrong one before it is looked at, so that many at once do not pass together; or gives when the next may
   * be. Counted by the browser (`device`) for one in which they have signed in before; all others (null) are counted together.
   * `waitAfter` is of domain/factor.
   */
  takeFactorTry(
    userId: string,
    device: string | null,
    at: number,
    waitAfter: (failed: number) => number,
  ): Promise<{ until: number | null }>;
  /**
   * A right one came: gives how many wrong ones were before it, in whatever browsers, and forgets them. `tried`: it was
   * counted itself.
   */
  factorGiven(userId: string, tried: boolean): Promise<FailedFactors>;

  /** Whose members must have a second factor. */
  rolesWithFactor(): Promise<Role[]>;
  setRolesWithFactor(roles: Role[]): Promise<void>;

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
