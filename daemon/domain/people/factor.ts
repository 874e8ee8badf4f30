/**
 * By what somebody has shown who they are. `provider` is a second factor that the OpenID provider asked for and whose word the
 * admin has said is good.
 */
export type Proof = 'password' | 'directory' | 'provider_sign_in' | SecondProof;
export type SecondProof = 'totp' | 'recovery_code' | 'passkey' | 'provider';

/** What a session still owes before it may do anything: nothing, a second factor, or the making of one. */
export type Owes = 'nothing' | 'factor' | 'enrolment';

/** The second factors of somebody, and whether one of their roles requires one. */
export type FactorState = { totp: boolean; passkeys: number; recoveryCodes: number; required: boolean };

/** The app or the passkey that somebody has given: when it was added, and the host for which a passkey was made (null: an app). */
export type GivenFactor = { since: number; host: string | null };

/** What can be done to somebody's second factors. */
export const factorChanges = [
  'app_added',
  'app_replaced',
  'app_removed',
  'passkey_added',
  'passkey_removed',
  'codes_made',
  'some_removed',
  'all_removed',
] as const;
export type FactorChange = (typeof factorChanges)[number];

const SECOND: readonly Proof[] = ['totp', 'recovery_code', 'passkey', 'provider'] satisfies SecondProof[];

/** Whether there is a second factor among these proofs. */
export const hasSecond = (given: readonly Proof[]): boolean => given.some((proof) => SECOND.includes(proof));

/** Whoever has a second factor gives it each time, also where their roles do not require one. */
export function owes(
  given: readonly Proof[],
  state: Pick<FactorState, 'totp' | 'passkeys' | 'required'>,
): Owes {
  if (given.includes('provider')) return 'nothing';
  const enrolled = state.totp || state.passkeys > 0;
  if (enrolled) return hasSecond(given) ? 'nothing' : 'factor';
  return state.required ? 'enrolment' : 'nothing';
}

/** Whether nothing is left of what a role requires: no session and no token of theirs is good for anything then. */
export const lacksFactor = (state: FactorState): boolean =>
  state.required && !state.totp && state.passkeys === 0;

const FREE_TRIES = 5;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * How long after the last wrong code the next is looked at, in ms: five are free, then a minute, doubled each time up to an
 * hour. At three codes in a million that are good at a time, a year of guessing finds one with a chance of 3 in 100.
 */
export function waitAfter(failed: number): number {
  if (failed < FREE_TRIES) return 0;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(10, failed - FREE_TRIES));
}
