import { Type } from 'typebox';
import { Policy, RuleOutcome } from '../../daemon/domain/policy/policy.js';
import { replayKinds } from '../../daemon/domain/policy/replay.js';
import { ruleFaultCodes } from '../../daemon/domain/policy/rule-faults.js';
import { Direction, Nullable, PartyView, Time } from '../server/schemas.js';

/** The shapes of what is said of a policy: what differs between two, what is wrong with its rules, what it would have done. */
const Version = Type.Integer({ minimum: 0, description: '0 is the policy that Tapedeck comes with.' });

export const DiffQuery = Type.Object({ from: Version, to: Version });
export const DiffView = Type.Object({
  changes: Type.Array(Type.String(), {
    description: 'One line each. Numbers of outside parties are counted, not written.',
  }),
});

export const VersionParams = Type.Object({ version: Version });
export const RestoreBody = Type.Object({
  based_on: Type.Integer({ description: 'The newest version; 409 when it is not that any more.' }),
  confirm_no_emergency_numbers: Type.Optional(
    Type.Boolean({
      description:
        'Must be true when this takes away the last emergency number; else 409 `emergency_unconfirmed`.',
    }),
  ),
});

export const CheckBody = Type.Object({ policy: Policy });
export const CheckView = Type.Object({
  faults: Type.Array(
    Type.Object({
      list: Type.Enum(['record', 'retention', 'limits', 'keep', 'telling']),
      index: Type.Integer({ description: 'Of the rule in its list, from 0.' }),
      code: Type.Enum([...ruleFaultCodes]),
      other: Type.String({
        description:
          'The name of the rule above it that is the reason; in `telling`, of the list of numbers.',
      }),
      condition: Type.String(),
      texts: Type.Array(Type.String(), { description: 'What both rules name.' }),
      message: Type.String({ description: 'What it is, and what to do.' }),
    }),
  ),
});

const Decided = Type.Object({
  outcome: RuleOutcome,
  rule: Nullable(Type.String()),
  keep_days: Nullable(Type.Integer()),
  keep_rule: Nullable(Type.String()),
});
const Kind = Type.Object({
  calls: Type.Integer(),
  examples: Type.Array(
    Type.Object({
      call_id: Type.String(),
      started_at: Time,
      direction: Direction,
      them: PartyView,
      us: PartyView,
      before: Decided,
      after: Decided,
    }),
    { description: 'The newest of them that you may see, ten at most.' },
  ),
});
export const ReplayView = Type.Object({
  from: Type.String({ format: 'date-time', description: 'When the first of the calls can have begun.' }),
  calls: Type.Integer({ description: 'Answered calls that were decided by both policies.' }),
  complete: Type.Boolean({ description: 'False where there were more calls than are looked at.' }),
  found: Type.Object(
    Object.fromEntries(replayKinds.map((kind) => [kind, Kind])) as Record<
      (typeof replayKinds)[number],
      typeof Kind
    >,
    {
      description:
        '`no_longer`: recorded by the policy in force and not by this one. `less`: recorded by this one only if somebody asks for it or says yes. `newly`: recorded by this one only. `more`: by this one only, if somebody asks for it or says yes. `shorter`, `longer`: kept for another time.',
    },
  ),
  unknown: Type.Array(
    Type.Object({
      condition: Type.String(),
      calls: Type.Integer({ description: 'Calls with which what this condition needs was not stored.' }),
    }),
  ),
});
