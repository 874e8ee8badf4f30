import { type Static, Type } from 'typebox';
import { approvalStates } from '../../daemon/domain/approval/approval.js';
import { directiveWays, storedKinds } from '../../daemon/domain/call/directive.js';
import { recorders } from '../../daemon/domain/importing/imported.js';
import { CONTROL } from '../../daemon/domain/operations/control.js';
import { PbxId } from '../../daemon/domain/pbx.js';
import { callRights } from '../../daemon/domain/people/person.js';
import { RuleOutcome } from '../../daemon/domain/policy/policy.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { maskKinds } from '../../daemon/domain/recording/mask.js';
import { qualityFlags } from '../../daemon/domain/recording/quality.js';
import { coverageStatuses } from '../../daemon/domain/recording/recording.js';
import { QualityView, Side } from '../quality/schemas.js';
import { Direction, days, Nullable, PartyView, PbxParam, Time } from '../server/schemas.js';
import { ToldView } from './told-schemas.js';

/** The shapes of calls, their recordings, and what is done with them. */
const CallCoverage = Type.Object({
  status: Type.Enum([...coverageStatuses]),
  ...reasonShape,
  rule: Nullable(Type.String()),
});

const GapView = Type.Object({
  at_ms: Type.Integer({ description: 'On the timeline: milliseconds since the answer.' }),
  until_ms: Type.Integer(),
  side: Side,
  ...reasonShape,
});

const MaskView = Type.Object({
  at_ms: Type.Integer({ description: 'On the timeline: milliseconds since the answer.' }),
  until_ms: Type.Integer(),
  side: Side,
  kind: Type.Enum([...maskKinds], {
    description:
      '`mask`: the recording was masked; `unagreed`: nobody watched, and somebody may have joined who had to agree first; `hold`: this side waited on hold, which its rule has masked; `redacted`: it was redacted.',
  }),
  written_ms: Type.Integer({
    description:
      'Of `mask` and `unagreed`: how much of it the PBX had written all the same. It was silenced before sealing.',
  }),
});

export const RecordingView = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('sealed'), Type.Literal('erasing'), Type.Literal('erased')]),
  duration_ms: Type.Integer(),
  bytes: Type.Integer({ description: 'Size of the Ogg Opus file.' }),
  keep_until: Nullable(Time),
  keep_rule: Nullable(Type.String()),
  keep_reason: reasonShape.reason,
  keep_why: reasonShape.why,
  keep_version: Nullable(
    Type.Integer({
      description: 'Version of the policy that decided; null: recorded before versions were kept.',
    }),
  ),
  keep_from: Nullable(Time),
  not_before: Nullable(
    Type.String({ format: 'date-time', description: 'Never erased before, because of a minimum.' }),
  ),
  sealed_at: Time,
  erased_at: Nullable(Time),
  erase_reason: Nullable(Type.String()),
  erase_why: reasonShape.why,
  sha256: Type.String({ description: 'Of the Ogg Opus file.' }),
  sealed_sha256: Type.String({ description: 'Of the sealed file on disk.' }),
  gaps: Type.Array(GapView, { description: 'What was not captured.' }),
  masks: Type.Array(MaskView, { description: 'Where it is silent on purpose.' }),
  version: Type.Integer({ description: 'Counts redactions: 1 is what was sealed after the call.' }),
  redaction: Nullable(
    Type.Object(
      {
        at: Time,
        by: Type.String(),
        reason: Type.String(),
        older: Type.String({ description: 'The version in whose place it stands.' }),
        older_kept: Type.Boolean({
          description: 'That version was kept, and listening to it needs two people; else destroyed.',
        }),
      },
      { description: 'Of a version that was redacted.' },
    ),
  ),
  quality: Type.Union([QualityView, Type.Null()], { description: 'Told to who hears all of the call.' }),
});

const { redact_recording: redact, redacted_versions: redacted } = CONTROL;
export const RedactBody = Type.Pick(redact.body, ['stretches', 'reason', 'older'], {
  additionalProperties: false,
});
export const RedactedView = redact.answer;
export const VersionsLeftView = redacted.answer;

export const EarlierVersionsView = Type.Object({
  rule: Nullable(
    Type.Enum(['destroy', 'two_people'], {
      description: 'What the policy says becomes of earlier versions; null where each redaction says.',
    }),
  ),
  versions: Type.Array(
    Type.Object({
      recording: Type.String({ description: 'The id of this version.' }),
      version: Type.Integer(),
      duration_ms: Type.Number(),
      kept: Type.Boolean({ description: 'Else it was destroyed.' }),
      redacted_by: Type.String(),
      redacted_at: Time,
      reason: Type.String(),
      stretches: redact.body.properties.stretches,
      erased_at: Nullable(Time),
      approval: Nullable(Type.String({ description: 'The id of your newest request to listen to it.' })),
      access: Nullable(Type.Enum([...approvalStates], { description: 'What became of that request.' })),
      until: Nullable(Type.String({ format: 'date-time', description: 'When that request expires.' })),
      may_ask: Type.Boolean(),
    }),
    { description: 'Newest first.' },
  ),
});
export const EarlierReason = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 200 }) });

export const CallSummary = Type.Object({
  id: Type.String(),
  pbx: PbxId,
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
  coverage: CallCoverage,
  recording: Nullable(RecordingView),
  held: Type.Boolean({ description: 'Its recording is under legal hold: nothing erases it.' }),
  names_removed_at: Nullable(Time),
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
        answered: Type.Boolean({
          description: 'False for a phone that only rang, and was never on the call.',
        }),
      }),
    ),
    marks: Type.Array(
      Type.Object({
        at_ms: Type.Integer(),
        until_ms: Nullable(Type.Integer()),
        kind: Type.String({
          description: '`unwatched`: nobody monitored the PBX, so keys that were pressed were not heard.',
        }),
        text: Type.String(),
        leg: Nullable(Type.Integer({ description: 'Whose it is: the place in `legs`.' })),
      }),
    ),
    imported: Nullable(
      Type.Object(
        {
          recorder: Type.Enum([...recorders]),
          file: Type.String({ description: 'Of the original; empty once names and numbers were removed.' }),
          bytes: Type.Integer(),
          sha256: Type.String({ description: 'Of the original, at the import.' }),
          format: Type.String(),
          sides: Type.Enum(['mixed', 'separate'], {
            description: 'Whether both sides are in one channel.',
          }),
          cdr_rows: Type.Integer({ description: 'How many CDRs say who called.' }),
          imported_at: Time,
          by: Type.String(),
        },
        { description: 'Of a call that another recorder recorded; null for one that Tapedeck captured.' },
      ),
    ),
    decision: Nullable(
      Type.Object(
        {
          outcome: RuleOutcome,
          rule: Nullable(Type.String()),
          ...reasonShape,
          policy_version: Type.Integer({ description: '0 is the policy that Tapedeck comes with.' }),
        },
        { description: 'By the policy in force when the call began; null where that is not on record.' },
      ),
    ),
    retention: Type.Union(
      [Type.Object({ purpose: Type.String(), legal_basis: Type.String() }), Type.Null()],
      {
        description:
          'What the rule says that the recording is kept for; null where no rule decided, and for older recordings.',
      },
    ),
    directives: Type.Array(
      Type.Object({
        at_ms: Type.Integer({ description: 'On the timeline: milliseconds since the answer.' }),
        kind: Type.Enum([...storedKinds], {
          description:
            '`stop`: the rest of the call is masked, because too many calls were declined within an hour.',
        }),
        how: Type.Enum([...directiveWays]),
        who: Type.String({ description: "A person's name, the keys pressed, or empty." }),
        leg: Nullable(
          Type.Integer({
            description: 'The leg of who said it, among `legs`; null for our own side, which answers as one.',
          }),
        ),
      }),
      {
        description:
          'What was said about its recording while it went on, in order, without declines that were taken back.',
      },
    ),
    told: Type.Union([ToldView, Type.Null()], {
      description:
        'How people were told that it is recorded, and what they answered; null where nothing was decided.',
    }),
    consult_for: Nullable(
      Type.String({ description: 'The call that somebody had on hold to ask somebody else in this one.' }),
    ),
    consultations: Type.Array(CallSummary, {
      description: 'Calls in which somebody asked while this one was on hold; the first 50, oldest first.',
    }),
    seal: Nullable(SealView),
    matters: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        why: Type.Enum(['query', 'picked'], { description: 'It matches the query, or was picked by hand.' }),
        since: Time,
      }),
      { description: 'The matters that hold its recording; told to those with the right `oversee`.' },
    ),
    certificate: Nullable(
      Type.Integer({ description: 'Number of the certificate of erasure that the recording is on.' }),
    ),
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
  match: Type.Optional(
    Type.Enum(['end', 'inside'], {
      description:
        'Where digits of `q` stand in a number: at its end, or anywhere. Left out: at the end, and anywhere if no call is found so.',
    }),
  ),
  ...days,
  pbx: PbxParam,
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
  next: Nullable(Type.String({ description: 'Pass as `before` for the next page, with the same `match`.' })),
  match: Type.Enum(['end', 'inside'], { description: 'Where digits were looked for.' }),
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

export const EvidenceBody = Type.Object({
  reason: Type.Optional(
    Type.String({ maxLength: 200, description: 'Why it is given out; stands on the cover sheet.' }),
  ),
  recording: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Z]{26}$',
      description: 'An earlier version of the recording; the one that everybody hears where it is left out.',
    }),
  ),
});
