import { type Static, Type } from 'typebox';
import { Policy } from '../../daemon/domain/policy/policy.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of what a policy does to existing recordings. */
const Count = (description: string) => Type.Integer({ description });

export const PreviewBody = Type.Object({ policy: Policy });

export const PreviewView = Type.Object({
  as_of: Time,
  digest: Type.String({
    description: 'Sent back with `as_of` when existing recordings are kept for less time.',
  }),
  recordings: Count('Existing recordings that were looked at.'),
  longer: Count('Kept for more time than now.'),
  shorter: Count('Kept for less time than now.'),
  due: Count('Of those, due at the next retention run.'),
  by_minimum: Count('Kept longer than their rule says, because of a minimum.'),
  conflicts: Count('Kept forever, because a minimum and a maximum cannot both be met.'),
  unknown: Count('Keep the date that they have: what a rule asks for was not stored with them.'),
  unknown_by: Type.Array(Type.Object({ condition: Type.String(), recordings: Type.Integer() })),
  rows: Type.Array(
    Type.Object({
      rule: Nullable(Type.String({ description: 'Null: no rule matches.' })),
      keep_days: Nullable(Type.Integer()),
      recordings: Type.Integer(),
      longer: Type.Integer(),
      shorter: Type.Integer(),
      due: Type.Integer(),
      was_forever: Count('Of those kept for less time: kept forever now.'),
      by_minimum: Type.Integer(),
      by_maximum: Type.Integer(),
      conflicts: Type.Integer(),
      calls: Type.Array(Type.String(), {
        description: 'Ids of some calls that change and that you may see, five at most.',
      }),
    }),
    { description: 'By the retention rule that decides.' },
  ),
  names: Type.Object({
    days: Nullable(
      Type.Integer({ description: 'Days without audio after which names and numbers go; null: they stay.' }),
    ),
    due: Count('Calls whose names and numbers the next run removes; 50,000 at most.'),
    shorter: Type.Boolean({ description: 'Whether they stay for less time than now.' }),
  }),
  needs_approval: Type.Boolean({
    description:
      'Whether a second person has to approve that recordings, or names and numbers, are kept for less time.',
  }),
});
export type PreviewView = Static<typeof PreviewView>;

const Shown = Type.Object({
  as_of: Time,
  digest: Type.String({ pattern: '^[0-9a-f]{64}$', default: '0'.repeat(64) }),
});

export const AskPolicyBody = Type.Object({
  policy: Policy,
  based_on: Type.Integer({ description: 'The version that was edited; 409 when it is not the newest.' }),
  preview: Type.Optional(Shown),
  confirm_no_emergency_numbers: Type.Optional(Type.Boolean()),
  reason: Type.String({ minLength: 1, maxLength: 300 }),
});
export const AskedPolicyView = Type.Object({ id: Type.String({ description: 'Of the approval.' }) });

export const ApplyShape = {
  apply_to: Type.Optional(
    Type.Enum(['new', 'all'], {
      description:
        'Whether existing recordings get their dates by this version too. Left out: `new`, only recordings made from now on.',
    }),
  ),
  preview: Type.Optional(
    Type.Object(
      { as_of: Time, digest: Type.String({ pattern: '^[0-9a-f]{64}$', default: '0'.repeat(64) }) },
      {
        description:
          'Of the preview that was shown. Needed where existing recordings are kept for less time; else 409 `preview_changed`.',
      },
    ),
  ),
};
