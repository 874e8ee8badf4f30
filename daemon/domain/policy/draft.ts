import { type Static, Type } from 'typebox';
import { Policy } from './policy.js';

/**
 * What the preview said that somebody saw before existing recordings get new dates: `shorter` of them are kept for less time, and
 * `due` of those are due then.
 */
export const Apply = Type.Object(
  {
    as_of: Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 }),
    digest: Type.String({ pattern: '^[0-9a-f]{64}$', default: '0'.repeat(64) }),
    shorter: Type.Integer({ minimum: 0 }),
    due: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type Apply = Static<typeof Apply>;

/** A policy that is to be saved once a second person has approved it. */
export const PolicyDraft = Type.Object({
  policy: Policy,
  based_on: Type.Integer(),
  /** This may take away the last emergency number. */
  no_emergency_numbers: Type.Boolean(),
  apply: Type.Union([Apply, Type.Null()]),
});
export type PolicyDraft = Static<typeof PolicyDraft>;
