import { type Static, type TSchema, Type } from 'typebox';
import { Policy } from '../daemon/domain/policy.js';

/** The shapes of the API. Types, validation and the OpenAPI document all come from here. Times are ISO 8601 in UTC. */
const Time = Type.String({ format: 'date-time' });
const Nullable = <T extends TSchema>(t: T) => Type.Union([t, Type.Null()]);

export const PartyView = Type.Object({
  number: Type.String(),
  name: Type.String(),
  ours: Type.Boolean({ description: 'An extension of this PBX.' }),
});

export const CoverageView = Type.Object({
  status: Type.Enum(['pending', 'recorded', 'partial', 'excluded', 'declined', 'not_recorded', 'none']),
  reason: Type.String(),
  rule: Nullable(Type.String()),
});

export const RecordingView = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('sealed'), Type.Literal('erasing'), Type.Literal('erased')]),
  duration_ms: Type.Integer(),
  bytes: Type.Integer({ description: 'Size of the Ogg Opus file.' }),
  keep_until: Nullable(Time),
  keep_rule: Nullable(Type.String()),
  keep_reason: Type.String(),
  sealed_at: Time,
  erased_at: Nullable(Time),
  erase_reason: Nullable(Type.String()),
  sha256: Type.String({ description: 'Of the Ogg Opus file.' }),
  sealed_sha256: Type.String({ description: 'Of the sealed file on disk.' }),
});

export const CallSummary = Type.Object({
  id: Type.String(),
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]),
  started_at: Time,
  answered_at: Nullable(Time),
  ended_at: Nullable(Time),
  talk_ms: Nullable(Type.Integer({ description: 'From answer to hang-up.' })),
  state: Type.Union([Type.Literal('ringing'), Type.Literal('live'), Type.Literal('ended')]),
  outcome: Nullable(Type.Enum(['answered', 'no_answer', 'busy', 'cancelled', 'failed'])),
  them: PartyView,
  us: PartyView,
  dialled: Type.String(),
  did: Type.String(),
  queue: Type.String(),
  coverage: CoverageView,
  recording: Nullable(RecordingView),
});
export type CallSummary = Static<typeof CallSummary>;

export const CallDetail = Type.Intersect([
  CallSummary,
  Type.Object({
    legs: Type.Array(
      Type.Object({
        party: PartyView,
        joined_ms: Type.Integer({
          description: 'On the timeline: milliseconds since the answer; negative before it.',
        }),
        left_ms: Nullable(Type.Integer()),
      }),
    ),
    marks: Type.Array(
      Type.Object({
        at_ms: Type.Integer(),
        until_ms: Nullable(Type.Integer()),
        kind: Type.String(),
        text: Type.String(),
      }),
    ),
  }),
]);
export type CallDetail = Static<typeof CallDetail>;

export const CallQuery = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 100, description: 'Part of a number or a name.' })),
  from: Type.Optional(Type.String({ format: 'date', description: 'First day, in the zone of the site.' })),
  to: Type.Optional(Type.String({ format: 'date', description: 'Last day, in the zone of the site.' })),
  direction: Type.Optional(Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')])),
  coverage: Type.Optional(Type.String({ maxLength: 20 })),
  before: Type.Optional(
    Type.String({ maxLength: 26, description: 'Cursor: calls older than the call with this id.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});

export const CallPage = Type.Object({
  calls: Type.Array(CallSummary),
  next: Nullable(Type.String({ description: 'Pass as `before` for the next page.' })),
});

export const PeaksView = Type.Object({
  per_second: Type.Number(),
  duration_ms: Type.Integer(),
  left: Type.Array(Type.Integer({ minimum: 0, maximum: 255 })),
  right: Type.Array(Type.Integer({ minimum: 0, maximum: 255 })),
});

export const SessionView = Type.Object({
  user: Nullable(Type.Object({ name: Type.String() })),
  setup_needed: Type.Boolean({
    description: 'Nobody can sign in yet: the console shows a one-time set-up code.',
  }),
  site: Type.Object({ name: Type.String(), time_zone: Type.String() }),
  version: Type.String(),
});

export const SetupBody = Type.Object({
  code: Type.String({ maxLength: 40 }),
  name: Type.String({ minLength: 1, maxLength: 60 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
});
export const SignInBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 60 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
});

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
});
export const PolicyTestBody = Type.Object({
  policy: Type.Optional(Policy),
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]),
  extension: Type.Optional(Type.String({ maxLength: 80 })),
  queue: Type.Optional(Type.String({ maxLength: 80 })),
  did: Type.Optional(Type.String({ maxLength: 80 })),
  number: Type.Optional(Type.String({ maxLength: 80 })),
});
export const PolicyTestView = Type.Object({
  record: Type.Boolean(),
  rule: Nullable(Type.String()),
  reason: Type.String(),
  keep_days: Nullable(Type.Integer()),
  keep_rule: Nullable(Type.String()),
  keep_reason: Type.String(),
});

export const RetentionItem = Type.Object({
  call_id: Type.String(),
  recording_id: Type.String(),
  started_at: Time,
  direction: Type.String(),
  them: PartyView,
  us: PartyView,
  keep_until: Nullable(Time),
  rule: Nullable(Type.String()),
  reason: Type.String(),
  erased_at: Nullable(Time),
  erase_reason: Nullable(Type.String()),
});
export const RetentionView = Type.Object({
  now: Time,
  schedule: Type.String({ description: 'cron expression of the nightly run' }),
  kept: Type.Integer(),
  for_ever: Type.Integer(),
  due: Type.Array(RetentionItem, { description: 'Would be erased by a run now; the first 500 of them.' }),
  due_total: Type.Integer({ description: 'How many would be erased by a run now.' }),
  next: Type.Array(RetentionItem, { description: 'What goes next, soonest first.' }),
  gone: Type.Array(RetentionItem, { description: 'Tombstones, newest first.' }),
  breaker: Type.Object({
    tripped: Type.Boolean(),
    share: Type.Number({ description: '0..1 of all kept recordings' }),
    limit: Type.Number(),
    reason: Type.String({ description: 'Why a run asks first; empty when it does not.' }),
    confirm: Type.String({ description: 'Send this back to run all the same.' }),
  }),
});
export const RetentionRunBody = Type.Object({ confirm: Type.Optional(Type.String({ maxLength: 40 })) });
export const RetentionRunView = Type.Object({
  erased: Type.Integer(),
  failed: Type.Integer(),
  left: Type.Integer(),
});

/** What the daemon says of itself over its control socket. */
export const DaemonStatus = Type.Object({
  pbx: Type.Object({
    ari: Type.Boolean(),
    ami: Type.Boolean(),
    version: Type.String(),
    problem: Nullable(Type.Object({ message: Type.String(), hint: Type.String() })),
  }),
  calls_now: Type.Integer(),
  recording_now: Type.Integer(),
  preserving: Type.Integer(),
});
export const StatusView = Type.Object({
  daemon: Type.Union([Type.Literal('up'), Type.Literal('down')]),
  ...DaemonStatus.properties,
});

export const HealthView = Type.Object({ status: Type.Literal('ok') });

export const ErrorView = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.String(),
    detail: Type.String(),
    request_id: Type.String(),
  }),
});
