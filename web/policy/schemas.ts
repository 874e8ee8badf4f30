import { Type } from 'typebox';
import { LATE_FACTS } from '../../daemon/domain/policy/facts.js';
import { Imagined } from '../../daemon/domain/policy/imagined.js';
import { Policy, RuleOutcome } from '../../daemon/domain/policy/policy.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { Nullable, Time } from '../server/schemas.js';
import { Language, NOT_ADVICE, TELLS_NOBODY, WouldTellProperties } from '../telling/schemas.js';
import { ApplyShape } from './preview-schemas.js';

/** The shapes of the rules. */
export const PolicyView = Type.Object({
  version: Type.Integer(),
  changed_at: Nullable(Time),
  changed_by: Type.String(),
  policy: Policy,
});

export const PolicyVersionsView = Type.Object({
  versions: Type.Array(PolicyView, { description: 'Newest first.' }),
});

export const PolicyBody = Type.Object({
  based_on: Type.Integer({
    description: 'The version that was edited; 409 when it is not the newest any more.',
  }),
  policy: Policy,
  ...ApplyShape,
  confirm_no_emergency_numbers: Type.Optional(
    Type.Boolean({
      description:
        'Must be true when this takes away the last emergency number; else 409 `emergency_unconfirmed`.',
    }),
  ),
});

export const PolicyTestBody = Type.Object({
  policy: Type.Optional(Policy),
  ...Imagined.properties,
  talked_s: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 864_000,
      description: 'How long it lasted from its answer, in seconds.',
    }),
  ),
  asked_for: Type.Optional(Type.Boolean({ description: 'Whether somebody asked for the recording.' })),
});

export const PolicyTestView = Type.Object({
  outcome: RuleOutcome,
  rule: Nullable(Type.String()),
  ...reasonShape,
  open: Type.Boolean({
    description:
      'Whether something may still become known by which the call would be recorded otherwise. `outcome` and `rule` are what holds if nothing does.',
  }),
  meanwhile: Type.Enum(['capture', 'wait'], {
    description:
      'What holds while it is open: captured, and destroyed if it may not be kept; or nothing is captured yet.',
  }),
  awaits: Type.Array(Type.Enum([...LATE_FACTS]), {
    description: 'What has to become known before it is decided. Empty unless it is open.',
  }),
  telling: Type.Union(
    [
      Type.Object({
        ...WouldTellProperties,
        lacks_purpose: Type.Boolean({
          description: 'The prompt in use does not say who records and what for, and has to.',
        }),
        language: Language,
        rule: Nullable(Type.String({ description: 'The recording rule that asked for the mode.' })),
      }),
      Type.Null(),
    ],
    { description: `How its people would be told. ${TELLS_NOBODY} ${NOT_ADVICE}` },
  ),
  keep_days: Nullable(Type.Integer()),
  keep_until: Nullable(Time),
  not_before: Nullable(Time),
  keep_rule: Nullable(Type.String()),
  keep_reason: reasonShape.reason,
  keep_why: reasonShape.why,
  at_end: Type.Union(
    [Type.Object({ keep: Type.Boolean(), rule: Nullable(Type.String()), ...reasonShape }), Type.Null()],
    {
      description:
        'Whether its audio is kept once it has ended; null where the length of the call was not given.',
    },
  ),
});
