import { type Static, Type } from 'typebox';
import { When } from '../policy/conditions.js';
import { clockStarts } from './starts.js';

const Name = Type.String({ minLength: 1, maxLength: 80 });
const Text = Type.String({ maxLength: 300 });
const Days = Type.Integer({ minimum: 1, maximum: 36_500 });

/** How long recordings are kept. The first rule that matches decides. */
export const RetentionRule = Type.Object(
  {
    name: Name,
    reason: Text,
    when: When,
    keep_days: Type.Union([Days, Type.Null()], {
      description: "Days to keep, by the site's calendar; null keeps forever.",
    }),
    from: Type.Optional(
      Type.Enum([...clockStarts], {
        description: 'When the days begin to count. Left out: at the end of the call.',
      }),
    ),
    purpose: Type.Optional(Type.String({ maxLength: 300, description: 'What the recordings are kept for.' })),
    legal_basis: Type.Optional(
      Type.String({ maxLength: 300, description: 'What allows or requires keeping them.' }),
    ),
  },
  { additionalProperties: false },
);
export type RetentionRule = Static<typeof RetentionRule>;

/** A bound that no rule may leave. All limits that match a call apply to it. */
export const Limit = Type.Object(
  {
    name: Name,
    reason: Text,
    kind: Type.Enum(['min', 'max'], {
      description: 'min: never erased earlier. max: never kept longer. Both count from the end of the call.',
    }),
    days: Days,
    when: When,
    legal_basis: Type.Optional(Text),
    source: Type.Optional(
      Type.String({ maxLength: 300, description: 'Where the law or the contract says so.' }),
    ),
    as_of: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
        description: 'When somebody last checked the source: YYYY-MM-DD.',
      }),
    ),
    beats: Type.Optional(
      Type.Array(Name, {
        maxItems: 50,
        description: 'Names of limits that give way to this one where both cannot be met.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Limit = Static<typeof Limit>;
