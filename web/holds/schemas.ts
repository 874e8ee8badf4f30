import { Type } from 'typebox';
import { HOLDS } from '../../daemon/domain/operations/control/holds.js';
import { HoldQuery } from '../../daemon/domain/retention/hold.js';
import { CallSummary } from '../calls/schemas.js';
import { Direction, days, Nullable, PbxParam, Time } from '../server/schemas.js';

/** The shapes of legal holds. */
const Id = Type.String({ maxLength: 100 });
export const MatterParams = Type.Object({ id: Id });
export const ReleaseParams = Type.Object({ id: Id, approval: Id });

export const MatterView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  reason: Type.String(),
  query: Type.Union([HoldQuery, Type.Null()], { description: 'Null: only recordings that were picked.' }),
  opened_by: Type.String(),
  opened_at: Time,
  state: Type.Enum(['applying', 'open', 'releasing', 'released'], {
    description:
      '`applying`: it is still being worked out what it holds, and nothing at all is erased until then; `releasing`: it was released, and recordings are being let go.',
  }),
  released_at: Nullable(Time),
  held: Type.Object({ query: Type.Integer(), picked: Type.Integer() }, { description: 'Recordings.' }),
});

const ReleaseView = Type.Object({
  id: Type.String(),
  what: Type.Enum(['all', 'query', 'recordings']),
  reason: Type.String(),
  asked_by: Type.String(),
  approved_by: Type.String(),
  at: Time,
  done_at: Nullable(Time),
  released: Type.Integer({ description: 'How many recordings it has let go.' }),
});
export const HoldsView = Type.Object({ matters: Type.Array(MatterView) });
export const MatterDetail = Type.Object({
  matter: MatterView,
  releases: Type.Array(ReleaseView, { description: 'The newest first.' }),
  approvals: Type.Array(
    Type.Object({
      id: Type.String(),
      what: Type.Enum(['all', 'query', 'recordings']),
      recordings: Type.Integer(),
      asked_by: Type.String(),
      approved_by: Nullable(Type.String()),
      not_before: Time,
      state: Type.Enum(['waiting', 'cooling', 'approved']),
      mine: Type.Boolean({ description: 'You asked for it, so you can carry it out once it is approved.' }),
    }),
    { description: 'Releases that were asked for and not carried out.' },
  ),
});

export const HeldPage = Type.Object({
  recordings: Type.Array(
    Type.Object({
      recording: Type.String(),
      why: Type.Enum(['query', 'picked']),
      since: Time,
      by: Type.String({ description: 'Who picked it; "tapedeck" where the query asks for it.' }),
      call: Nullable(CallSummary),
    }),
  ),
  next: Nullable(Type.Integer({ description: 'Pass as `after` for the next page.' })),
});
export const HeldQuery = Type.Object({
  after: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});

export const NotHeldPage = Type.Object({
  calls: Type.Array(CallSummary),
  next: Nullable(Type.String({ description: 'Pass as `before` for the next page.' })),
});
export const NotHeldQuery = Type.Object({
  before: Type.Optional(
    Type.String({ pattern: '^\\d{1,16}-[0-9A-Z]{1,26}$', default: '1-A', maxLength: 50 }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});

const { open_matter, hold_recordings, ask_release } = HOLDS;
const closed = { additionalProperties: false };
const { text, numbers, extensions, queues, dids } = HoldQuery.properties;

/** A query as it is asked for: days by the clock of the site, and what is left out asks for nothing. */
export const AskedQuery = Type.Object(
  {
    text: Type.Optional(text),
    numbers: Type.Optional(numbers),
    extensions: Type.Optional(extensions),
    queues: Type.Optional(queues),
    dids: Type.Optional(dids),
    ...days,
    direction: Type.Optional(Direction),
    pbx: PbxParam,
  },
  closed,
);
const { name, reason, recordings } = open_matter.body.properties;
export const OpenBody = Type.Object(
  { name, reason, query: Type.Optional(AskedQuery), recordings: Type.Optional(recordings) },
  closed,
);
export const WidenBody = Type.Object({ query: AskedQuery, reason }, closed);
export const AddBody = Type.Pick(hold_recordings.body, ['recordings', 'reason'], closed);
export const AskBody = Type.Object(
  {
    what: Type.Enum(['all', 'query', 'recordings']),
    query: Type.Optional(
      Type.Union([AskedQuery, Type.Null()], {
        description: 'With `query`: what the matter goes on to ask for; null for nothing.',
      }),
    ),
    recordings: Type.Optional(recordings),
    reason: ask_release.body.properties.reason,
  },
  closed,
);
export const OpenedView = open_matter.answer;
export const AddedView = hold_recordings.answer;
export const AskedReleaseView = Type.Object({
  approval: Type.String(),
  not_before: Time,
  recordings: Type.Integer({ description: 'How many it would let go.' }),
});
