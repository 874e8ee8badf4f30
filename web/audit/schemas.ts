import { type Static, Type } from 'typebox';
import { actorKinds, auditActions, auditGroups, auditOutcomes } from '../../daemon/domain/assurance/audit.js';
import { days, Nullable, PartyView, Time } from '../server/schemas.js';

/** The shapes of the audit log's part of the API. */
const groups = Object.keys(auditGroups) as (keyof typeof auditGroups)[];

export const HeardBody = Type.Object({
  heard: Type.Array(Type.Array(Type.Number({ minimum: 0, maximum: 1e9 }), { minItems: 2, maxItems: 2 }), {
    maxItems: 200,
    description: 'Stretches of the recording as [from, until], in ms.',
  }),
});
export const HeardView = Type.Object({
  counted_ms: Type.Integer({ description: 'How much of it can be, by what was sent.' }),
});

const filter = {
  person: Type.Optional(
    Type.String({ maxLength: 80, description: 'The id of a person, or the name of a user of the machine.' }),
  ),
  call: Type.Optional(Type.String({ maxLength: 100, description: 'The id of a call.' })),
  action: Type.Optional(
    Type.Enum([...groups, ...auditActions], { description: 'One action, or a group of them.' }),
  ),
  outcome: Type.Optional(Type.Enum([...auditOutcomes])),
  ...days,
};
export const AuditTableQuery = Type.Object(filter);
export const AuditQuery = Type.Object({
  ...filter,
  before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only entries older than this one.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});
export type AuditQuery = Static<typeof AuditQuery>;

export const AuditEntryView = Type.Object({
  seq: Type.Integer(),
  at: Time,
  actor: Type.Enum([...actorKinds]),
  actor_id: Type.String(),
  actor_name: Type.String(),
  address: Type.String(),
  action: Type.Enum([...auditActions]),
  object: Type.String(),
  object_id: Type.String(),
  reason: Type.String(),
  outcome: Type.Enum([...auditOutcomes]),
  words: Nullable(Type.String({ description: 'What was looked for, as long as it is kept.' })),
  detail: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Type.String())]),
  ),
  hash: Type.String({ description: 'What the chain comes to with this entry.' }),
  call: Nullable(
    Type.Object(
      { them: PartyView, us: PartyView, started_at: Time },
      { description: 'The call that it is about, as it is known now; it does not stand in the entry.' },
    ),
  ),
});
export const AuditPage = Type.Object({
  entries: Type.Array(AuditEntryView),
  next: Nullable(Type.Integer({ description: 'Give it as `before` for older ones.' })),
});

export const AuditStateView = Type.Object({
  entries: Type.Integer(),
  head: Type.String({ description: 'What the chain comes to.' }),
  checkpoint: Nullable(
    Type.Object({ size: Type.Integer(), at: Time }, { description: 'The last that was signed.' }),
  ),
  refused: Nullable(
    Type.String({ description: 'Why nothing is signed any more: what is wrong with the log.' }),
  ),
  key_id: Nullable(Type.String()),
  targets: Nullable(
    Type.Array(
      Type.Object({
        name: Type.String(),
        target: Type.String(),
        waiting: Type.Integer(),
        last_sent_at: Nullable(Time),
        failing_since: Nullable(Time),
        problem: Type.String(),
      }),
      { description: 'Where checkpoints go; null when the recorder does not answer.' },
    ),
  ),
  people: Type.Array(Type.Object({ key: Type.String(), name: Type.String(), console: Type.Boolean() })),
});
