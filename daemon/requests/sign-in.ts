import type { Catalogue } from '../catalogue/catalogue.js';
import type { SIGN_IN } from '../domain/operations/control/sign-in.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import type { Askers } from './askers.js';
import { createFactorRequests, type FactorSecrets, type TellDeps } from './factors.js';
import { createPasskeys } from './passkeys.js';
import type { PasswordCheck } from './password-check.js';
import type { Proofs } from './proofs.js';
import { createProve } from './prove.js';
import type { Refusals } from './refusals.js';

export type SignInDeps = {
  catalogue: Catalogue;
  askers: Askers;
  proofs: Proofs;
  passwordCheck: PasswordCheck;
  refusals: Refusals;
  /** Of vault/factor-secrets. */
  factorSecrets: FactorSecrets;
  siteName: string;
  alarms: TellDeps['alarms'];
  clock: () => number;
  mint: (at: number) => string;
};

/** How somebody shows who they are, and by what they can. */
export function createSignInRequests(deps: SignInDeps): Pick<ControlHandlers, keyof typeof SIGN_IN> {
  const passkeys = createPasskeys(deps);
  return {
    prove: createProve({ ...deps, passkeys }),
    ...createFactorRequests({ ...deps, passkeys }),
  };
}
