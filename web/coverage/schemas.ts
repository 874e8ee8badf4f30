import { Type } from 'typebox';
import { FILTERS } from '../../daemon/domain/assurance/coverage.js';
import { CAVEATS, type Caveat } from '../../daemon/domain/assurance/coverage-caveats.js';
import { PbxId } from '../../daemon/domain/pbx.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { answeredStatuses } from '../../daemon/domain/recording/recording.js';
import { days, Nullable, PartyView, PbxParam, Time } from '../server/schemas.js';

/** The shapes of the coverage report. Times are ISO 8601 in UTC, lengths milliseconds. */
const Ms = Nullable(Type.Integer());
const Percent = Nullable(Type.Number({ description: 'covered / eligible, rounded down to two places.' }));

const totals = {
  answered: Type.Integer(),
  eligible: Type.Integer({
    description: 'Answered, decided, and neither excluded, declined, nor destroyed at its end by a rule.',
  }),
  covered: Type.Integer({ description: 'Of these: recorded, in full or in part.' }),
  pending: Type.Integer(),
  recorded: Type.Integer(),
  partial: Type.Integer(),
  excluded: Type.Integer(),
  declined: Type.Integer(),
  not_kept: Type.Integer({ description: 'Captured, and destroyed at the end of the call, as a rule says.' }),
  not_recorded: Type.Integer(),
  imported: Type.Integer({
    description: 'Recorded by another recorder: counted in none of the other figures.',
  }),
  missing: Type.Integer({ description: 'Asterisk answered a call of which there is no row.' }),
  unexplained: Type.Integer({ description: 'There is a row, and neither recording nor reason.' }),
  surplus: Type.Integer({ description: 'No CDR tells of a call.' }),
  differs: Type.Integer({ description: 'The two accounts of its length differ by more than 2 s and 2 %.' }),
  unwitnessed: Type.Integer({ description: 'No CDRs came at that time.' }),
};

const CoverageCallView = Type.Object({
  pbx: PbxId,
  call_id: Nullable(Type.String()),
  linkedid: Nullable(Type.String()),
  started_at: Time,
  answered_at: Nullable(Time),
  ended_at: Time,
  direction: Nullable(Type.Enum(['in', 'out', 'internal'])),
  them: PartyView,
  us: PartyView,
  status: Type.Enum([...answeredStatuses]),
  finding: Nullable(Type.Enum(['missing', 'unexplained', 'surplus', 'differs', 'unwitnessed'])),
  ...reasonShape,
  rule: Nullable(Type.String()),
  pbx_ms: Ms,
  talk_ms: Ms,
  recording_ms: Ms,
  missing_ms: Type.Integer(),
  cdrs: Type.Array(
    Type.Object({
      channel: Type.String(),
      peer: Type.String(),
      from: Type.String(),
      to: Type.String(),
      app: Type.String(),
      started_at: Time,
      answered_at: Nullable(Time),
      ended_at: Time,
      disposition: Type.String(),
      uniqueid: Type.String(),
    }),
    { description: "Asterisk's own records, where nothing else is known of the call." },
  ),
});

export const CoverageView = Type.Object({
  now: Time,
  from: Type.String({ description: 'First day.' }),
  to: Type.String({ description: 'Last day.' }),
  time_zone: Type.String(),
  since: Nullable(
    Type.String({ format: 'date-time', description: 'When Tapedeck began to keep this account.' }),
  ),
  caveats: Type.Array(Type.Enum(Object.keys(CAVEATS) as Caveat[]), {
    description: `What this report cannot vouch for. ${Object.entries(CAVEATS)
      .map(([code, text]) => `\`${code}\`: ${text}`)
      .join(' ')}`,
  }),
  filter: Type.Enum([...FILTERS]),
  pbx: Nullable(Type.String({ description: 'Of which PBX; null: of all.' })),
  percent: Percent,
  target_percent: Type.Number(),
  totals: Type.Object(totals),
  days: Type.Array(Type.Object({ day: Type.String(), percent: Percent, ...totals }), {
    description: 'Newest first.',
  }),
  calls: Type.Array(CoverageCallView, { description: 'Those asked for, newest first; the first 200.' }),
  calls_total: Type.Integer(),
  witness: Nullable(Type.Object({ since: Time, last: Time })),
  sources: Type.Array(
    Type.Object({
      pbx: PbxId,
      name: Type.String(),
      since: Nullable(Time),
      read_at: Nullable(Time),
      last_at: Nullable(Time),
      count: Type.Integer(),
      problem: Type.String(),
    }),
  ),
  blind: Type.Array(Type.Object({ pbx: PbxId, from: Time, to: Nullable(Time), ...reasonShape }), {
    description: 'Monitoring gaps: Tapedeck was not monitoring the PBX. Newest first.',
  }),
  witness_gaps: Type.Array(
    Type.Object({
      pbx: PbxId,
      from: Time,
      to: Nullable(Time),
      ...reasonShape,
      filled_from: Type.Array(Type.String(), {
        description: 'The sources from which the CDRs of this time were read afterwards.',
      }),
    }),
    {
      description:
        'CDR monitoring gaps: Asterisk could not report its CDRs over AMI. Calls in them may be missing from this report. Newest first.',
    },
  ),
});

export const CoverageQuery = Type.Object({
  from: days.from,
  to: Type.Optional(
    Type.String({ format: 'date', description: 'Last day; thirty days until today by default.' }),
  ),
  pbx: PbxParam,
  status: Type.Optional(
    Type.Enum([...FILTERS], { description: 'Which calls are listed; `exceptions` by default.' }),
  ),
});
