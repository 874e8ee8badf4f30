import { type Static, type TSchema, Type } from 'typebox';
import { boxRights, callRights, roles } from '../daemon/domain/person.js';
import { Policy } from '../daemon/domain/policy.js';
import { qualityFlags } from '../daemon/domain/quality.js';
import { BriefStatus, DaemonStatus } from '../daemon/domain/status.js';

/** The shapes of the API. Types, validation and the OpenAPI document all come from here. Times are ISO 8601 in UTC. */
export const Time = Type.String({ format: 'date-time' });
export const Nullable = <T extends TSchema>(t: T) => Type.Union([t, Type.Null()]);
const Direction = Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]);
const days = {
  from: Type.Optional(Type.String({ format: 'date', description: 'First day, in the zone of the site.' })),
  to: Type.Optional(Type.String({ format: 'date', description: 'Last day, in the zone of the site.' })),
};

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

const Side = Type.Union([Type.Literal('them'), Type.Literal('us'), Type.Literal('both')]);
const Flag = Type.Enum([...qualityFlags]);
const Share = Type.Number({ minimum: 0, maximum: 1 });

const SideQualityView = Type.Object({
  speech_db: Type.Number({ description: 'dBFS while something is said (ITU-T P.56); -120 when nothing is.' }),
  noise_db: Type.Number({ description: 'dBFS in the pauses; digital silence is -120.' }),
  peak_db: Type.Number(),
  silent_share: Share,
  zero_share: Share,
  clipped_share: Share,
  lost_share: Share,
});
export const QualityView = Type.Object({
  them: SideQualityView,
  us: SideQualityView,
  echo: Nullable(
    Type.Object({
      side: Type.Union([Type.Literal('them'), Type.Literal('us')], { description: 'In which it is heard.' }),
      db: Type.Number({ description: 'How far below its source.' }),
      delay_ms: Type.Integer(),
    }),
  ),
  flags: Type.Array(Type.Object({ side: Side, flag: Flag })),
});

export const GapView = Type.Object({
  at_ms: Type.Integer({ description: 'On the timeline: milliseconds since the answer.' }),
  until_ms: Type.Integer(),
  side: Side,
  reason: Type.String(),
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
  gaps: Type.Array(GapView, { description: 'What was not captured.' }),
  quality: Type.Union([QualityView, Type.Null()], { description: 'Told to who hears all of the call.' }),
});

export const CallSummary = Type.Object({
  id: Type.String(),
  direction: Direction,
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

export const SealView = Type.Object({
  signed_at: Nullable(Time),
  key_id: Nullable(Type.String()),
  made_later: Type.Boolean({ description: 'The manifest was made later than the recording.' }),
  checked_at: Nullable(Type.String({ format: 'date-time', description: 'When its file was last read.' })),
  fault: Nullable(Type.String({ description: 'What is wrong with it; null: it is as it was sealed.' })),
  fault_at: Nullable(Time),
});

export const ManifestView = Type.Object({
  recording_id: Type.String(),
  signed_at: Time,
  key_id: Type.String(),
  public_key: Nullable(Type.String({ description: 'PEM.' })),
  signature: Type.String(),
  sha256: Type.String({ description: 'Of the text.' }),
  text: Nullable(Type.String()),
  fault: Nullable(Type.String()),
});

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
        leg: Nullable(Type.Integer({ description: 'Whose it is: the place in `legs`.' })),
      }),
    ),
    consult_for: Nullable(
      Type.String({ description: 'The call that somebody had on hold to ask somebody else in this one.' }),
    ),
    consultations: Type.Array(CallSummary, {
      description: 'Calls in which somebody asked while this one was on hold; the first 50, oldest first.',
    }),
    seal: Nullable(SealView),
    you: Type.Object(
      {
        rights: Type.Array(Type.Enum([...callRights])),
        hears: Type.Enum(['all', 'some', 'none']),
        heard: Type.Array(Type.Object({ from_ms: Type.Integer(), until_ms: Type.Integer() }), {
          description: 'Where in the recording you may hear it; elsewhere it is silent for you.',
        }),
        reason: Type.Boolean({ description: 'You say why first: POST /calls/{id}/listen.' }),
      },
      { description: 'What you may do with this call.' },
    ),
  }),
]);
export type CallDetail = Static<typeof CallDetail>;

export const CallQuery = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 100, description: 'Part of a number or a name.' })),
  ...days,
  direction: Type.Optional(Direction),
  coverage: Type.Optional(Type.String({ maxLength: 20 })),
  quality: Type.Optional(
    Type.Enum(['any', ...qualityFlags], { description: 'With this fault, or with any.' }),
  ),
  of: Type.Optional(
    Type.String({
      pattern: '^(extension|line):.{1,128}$',
      description: 'In which this phone or line is heard; with `quality`: whose fault it is.',
    }),
  ),
  before: Type.Optional(
    Type.String({ maxLength: 26, description: 'Cursor: calls older than the call with this id.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});

export const CallPage = Type.Object({
  calls: Type.Array(CallSummary),
  next: Nullable(Type.String({ description: 'Pass as `before` for the next page.' })),
});

const EarTrendView = Type.Object({
  name: Type.String(),
  of: Type.String({ description: 'Pass as `of` to list its calls.' }),
  calls: Type.Integer({ description: 'Recordings in which it is heard.' }),
  flagged: Type.Integer({ description: 'Of these: with any fault on its side.' }),
  flags: Type.Object(Object.fromEntries(qualityFlags.map((flag) => [flag, Type.Integer()]))),
});
export const QualityQuery = Type.Object(days);
export const QualityTrendsView = Type.Object({
  worst: Type.Union([EarTrendView, Type.Null()], {
    description: 'The worst of all; null when nothing is wrong with any.',
  }),
  extensions: Type.Array(EarTrendView, { description: 'Worst first.' }),
  lines: Type.Array(EarTrendView, {
    description: 'Lines to the outside by their names in the PBX; worst first.',
  }),
});

export const PeaksView = Type.Object({
  per_second: Type.Number(),
  duration_ms: Type.Integer(),
  left: Type.Array(Type.Integer({ minimum: 0, maximum: 255 })),
  right: Type.Array(Type.Integer({ minimum: 0, maximum: 255 })),
});

export const ListenBody = Type.Object({
  reason: Type.String({ maxLength: 200 }),
  right: Type.Optional(Type.Enum(['play', 'download', 'export'], { description: '`play` when left out.' })),
});
export const ListenView = Type.Object({
  until: Type.String({ format: 'date-time', description: 'Unless it is used before.' }),
});

/** Of whoever is signed in, or about to be. */
export const SecondFactorView = Type.Object({
  owes: Type.Enum(['nothing', 'factor', 'enrolment'], {
    description:
      'What this session has to give before it may do anything else: a factor, or the making of a first one.',
  }),
  required: Type.Boolean({ description: 'One of the roles requires a second factor.' }),
  totp: Type.Boolean(),
  passkeys: Type.Integer(),
  passkeys_here: Type.Integer({ description: 'Those that work under the name in the address.' }),
  recovery_codes: Type.Integer({ description: 'How many are left.' }),
  password: Type.Boolean({ description: 'There is a password by which it can be shown again who this is.' }),
  failed: Nullable(
    Type.Object(
      { count: Type.Integer(), last_at: Nullable(Time) },
      { description: 'Wrong second factors between the session before and this one.' },
    ),
  ),
});

export const SignInWays = Type.Object({
  provider: Nullable(Type.String({ description: 'Name of the OpenID provider.' })),
});

export const EvidenceBody = Type.Object({
  reason: Type.Optional(
    Type.String({ maxLength: 200, description: 'Why it is given out; stands on the cover sheet.' }),
  ),
});

export const SessionView = Type.Object({
  user: Nullable(
    Type.Object({
      name: Type.String(),
      roles: Type.Array(Type.Enum([...roles])),
      may: Type.Array(Type.Enum([...boxRights]), { description: 'What you may do with the box.' }),
      calls: Type.Array(Type.Enum([...callRights]), {
        description: 'What you may do with calls that you reach.',
      }),
      reach: Type.Enum(['all', 'some', 'none'], { description: 'Which calls you see.' }),
    }),
  ),
  second_factor: Nullable(SecondFactorView),
  sign_in: SignInWays,
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
  hears: Type.Optional(
    Type.Boolean({
      description: 'Whether the first user also hears calls; else he runs the box and hears none.',
      default: true,
    }),
  ),
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
  direction: Direction,
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
export const RetentionRunBody = Type.Object({
  // It stands in the audit log: what else somebody types there by mistake does not.
  confirm: Type.Optional(Type.String({ pattern: '^erase-[0-9a-f-]{1,40}$' })),
});
export const RetentionRunView = Type.Object({
  erased: Type.Integer(),
  failed: Type.Integer(),
  left: Type.Integer(),
});

const Daemon = Type.Union([Type.Literal('up'), Type.Literal('down')]);
export const StatusView = Type.Object({ daemon: Daemon, ...DaemonStatus.properties });
/** What every page gets in the stream of events. */
export const BriefStatusView = Type.Object({ daemon: Daemon, ...BriefStatus.properties });

export const HealthView = Type.Object({
  status: Type.Enum(['ok', 'warn', 'fail']),
  problems: Type.Array(
    Type.Object({
      code: Type.String(),
      message: Type.String({
        description: 'A fixed sentence for each code: no names, numbers or addresses.',
      }),
    }),
  ),
});

export const ErrorView = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.String(),
    detail: Type.String(),
    request_id: Type.String(),
  }),
});
