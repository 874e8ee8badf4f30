import type { FactorState } from '../domain/people/factor.js';
import type { Role } from '../domain/people/person.js';
import type { FailedFactors } from './people.js';

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

/** By what somebody has just shown who they are; each of these can be used only once. */
export type Used = { totpStep: number } | { recoveryCode: string } | { passkey: string; counter: number };

/** Who has shown who they are, and the wrong second factors before that. */
export type Proven = { epoch: number; gains: number; failed: FailedFactors | null };

/** Second factors, who must have one, and people who come from a directory or a provider. */
export interface Factors {
  state(userId: string): Promise<FactorState>;

  totp(userId: string): Promise<Totp | null>;
  /** What is kept of everybody's app. */
  totps(): Promise<{ userId: string; sealed: Uint8Array }[]>;
  /** Nothing happens when it is not as it was before. */
  resealTotp(userId: string, before: Uint8Array, after: Uint8Array): Promise<void>;
  /**
   * Takes the place of one that was there. `codes`: hashes of recovery codes, which are kept if there are none yet; returns
   * whether they were.
   */
  saveTotp(userId: string, totp: Totp, codes?: readonly string[]): Promise<{ codesKept: boolean }>;

  passkeys(userId: string): Promise<Passkey[]>;
  passkey(id: string): Promise<Passkey | null>;
  /** As `saveTotp`. Null when there is one with this id already, whoever has it. */
  addPasskey(passkey: Passkey, codes?: readonly string[]): Promise<{ codesKept: boolean } | null>;

  /** Removes one factor. False, and nothing is removed, when it is the last and a role requires one. */
  remove(userId: string, which: 'totp' | { passkey: string }): Promise<boolean>;
  /** Removes all factors, recovery codes and tokens and ends every session: the way back in for who has lost them. */
  reset(userId: string): Promise<void>;
  /** The same, but of the factors only these. Passkeys by their ids. */
  takeBack(userId: string, which: { totp: boolean; passkeys: readonly string[] }): Promise<void>;

  /** Takes the place of all that were there. */
  saveRecoveryCodes(userId: string, hashes: readonly string[]): Promise<void>;

  failed(userId: string): Promise<FailedFactors>;
  /**
   * Counts a try as a wrong one before it is looked at, so that many at once do not pass together; or gives when the next may
   * be. Counted by the browser (`device`) for one in which they have signed in before; all others (null) are counted together.
   * Which browsers are known is the dashboard's word: no more than twenty of a person have counts of their own, and beyond
   * fifteen wrong ones in all of these together each try waits for the others too. `waitAfter` is of domain/factor.
   */
  takeTry(
    userId: string,
    device: string | null,
    at: number,
    waitAfter: (failed: number) => number,
  ): Promise<{ until: number | null }>;
  /**
   * Somebody has shown who they are. Uses up by what (`used`; null: no second factor), and then gives how many wrong second
   * factors were before it, in whatever browsers, and forgets them. `begins`: they sign in with it. Null, and nothing
   * happens, when it was used before, when they are not there, disabled, or shut out since they were at `epoch`.
   */
  proofGiven(
    userId: string,
    given: { at: number; epoch: number; begins: boolean; used: Used | null },
  ): Promise<Proven | null>;

  /** Whose members must have a second factor. */
  roles(): Promise<Role[]>;
  setRoles(roles: Role[]): Promise<void>;
}
