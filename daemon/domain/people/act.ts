import { type Static, Type } from 'typebox';
import { TapedeckError } from '../error.js';

/**
 * The kinds of acts that nobody does on the dashboard's word alone. A proof is given for one of them, and counts for no other.
 * Which request is of which kind is written beside it, in `operations/control/`.
 */
export const actKinds = [
  'rules',
  'erasing',
  'people',
  'factor_roles',
  'tokens',
  'own_factors',
  'mailing',
  'approving',
] as const;
export type ActKind = (typeof actKinds)[number];

/** A proof of one of these counts once, and for nothing but the object that it names; a password is none. */
export const exactKinds: readonly ActKind[] = ['approving'];

/**
 * How the one thing that a proof of `own_factors` is given for is written, so that a code for one of these serves for no other. What
 * removes a passkey names its id, which has no space.
 */
export const OWN_FACTORS = {
  addPasskey: 'add passkey',
  addApp: 'add app',
  removeApp: 'remove app',
  makeCodes: 'make recovery codes',
} as const;
export type OwnFactorAct = (typeof OWN_FACTORS)[keyof typeof OWN_FACTORS];

/** What a proof is given for: a kind of act, and the one thing that is acted on first; '' where there is none. */
export const Act = Type.Object(
  { kind: Type.Enum([...actKinds]), object: Type.String({ maxLength: 1024 }) },
  { additionalProperties: false },
);
export type Act = Static<typeof Act>;

/** `proof_needed` with the act that needs it, so that a page can say what is to be confirmed. */
export class ProofNeeded extends TapedeckError {
  readonly act: Act;

  constructor(act: Act) {
    super('proof_needed');
    this.act = act;
  }
}

/** What an answer says of an error besides what all errors have. */
export const actOf = (error: unknown): { act?: Act } =>
  error instanceof ProofNeeded ? { act: error.act } : {};
