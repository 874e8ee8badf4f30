import { Type } from 'typebox';
import { PRIVACY, PRIVACY_STREAMS } from '../../daemon/domain/operations/control/privacy.js';
import { letterKinds } from '../../daemon/domain/privacy/letters.js';
import { PrivacyAnswer, PrivacyFacts, refusalGrounds } from '../../daemon/domain/privacy/request.js';
import { CallSummary } from '../calls/schemas.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of requests of people about recordings of themselves. */
const Id = Type.String({ maxLength: 100 });
const closed = { additionalProperties: false };
export const RequestParams = Type.Object({ id: Id });
export const RequestCallParams = Type.Object({ id: Id, call: Id });

const Day = Type.String({ format: 'date' });
const { kind, contact, identity, numbers, manner } = PrivacyFacts.properties;
const { outcome, grounds, note } = PrivacyAnswer.properties;

export const RequestView = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  kind,
  law: Type.Enum(['gdpr', 'ccpa']),
  name: Type.String({ description: 'Empty once the request was forgotten.' }),
  contact,
  identity,
  numbers: Type.Array(numbers.items),
  from: Nullable(Day),
  to: Nullable(Day),
  manner,
  received: Day,
  entered_by: Type.String(),
  entered_at: Time,
  state: Type.Enum(['open', 'extended', 'closed']),
  last_day: Type.String({ format: 'date', description: 'The last day on which it can be answered in time.' }),
  confirm_by: Nullable(
    Type.String({
      format: 'date',
      description:
        'The last day on which receipt can be confirmed in time: 10 business days, under the CCPA alone.',
    }),
  ),
  confirmed: Nullable(Day),
  confirm_urgency: Type.Enum(['none', 'soon', 'over'], {
    description:
      'Of confirming receipt. `soon`: three days or less are left; `over`: the last day has passed.',
  }),
  last_day_extended: Type.String({ format: 'date', description: 'The same if it is, or were, extended.' }),
  urgency: Type.Enum(['none', 'soon', 'over'], {
    description: '`soon`: seven days or less are left; `over`: the deadline has passed.',
  }),
  may_extend: Type.Boolean(),
  letters: Type.Array(Type.Enum([...letterKinds]), { description: 'The letters that can answer it.' }),
  extended: Nullable(Type.Object({ by: Type.String(), at: Time, reason: Type.String() })),
  closed: Nullable(
    Type.Object({
      ...{ by: Type.String(), at: Time, day: Day, outcome, grounds, note },
      in_time: Type.Boolean(),
    }),
  ),
  forgotten_at: Type.Union([Time, Type.Null()], {
    description: 'When name, contact and numbers were removed: 24 months after it was answered.',
  }),
  forget_on: Nullable(Day),
});
export const RequestsQuery = Type.Object({
  before: Type.Optional(Type.Integer({ minimum: 1, description: 'Closed requests before this number.' })),
});
export const RequestsPage = Type.Object({
  open: Type.Array(RequestView, { description: 'The most urgent first. Left out after the first page.' }),
  closed: Type.Array(RequestView, { description: 'The newest first.' }),
  next: Nullable(Type.Integer({ description: 'Pass as `before` for the next page.' })),
});

export const RequestCalls = Type.Object({
  more: Type.Boolean({ description: 'More than 500 calls match; only the newest 500 are here.' }),
  calls: Type.Array(
    Type.Object({
      call: CallSummary,
      fate: Type.Enum(['give', 'erase', 'kept', 'nothing', 'gone', 'left_out'], {
        description:
          '`give`: there is a recording; `erase`: it can be erased; `kept`: it is under legal hold or has to be kept for a time; `nothing`: there is no recording; `gone`: it was erased; `left_out`: somebody has decided that the call is not theirs.',
      }),
      reason: Nullable(Type.String()),
      left_out_by: Nullable(Type.String()),
      certificate: Nullable(Type.Integer({ description: 'The number of the certificate of its erasure.' })),
    }),
    { description: 'The newest first.' },
  ),
});

export const RequestBody = Type.Object(PrivacyFacts.properties, closed);
export const RequestAdded = PRIVACY.add_privacy.answer;
export const ExtendBody = Type.Pick(PRIVACY.extend_privacy.body, ['reason'], closed);
export const LeaveOutBody = Type.Object(
  {
    reason: Type.Union([Type.String({ minLength: 1, maxLength: 300 }), Type.Null()], {
      description: 'Why the call is left out; null takes it in again.',
    }),
  },
  closed,
);
export const AnswerBody = Type.Object(PrivacyAnswer.properties, closed);

const uniqueGrounds = { maxItems: refusalGrounds.length, uniqueItems: true, default: [] };
export const LetterBody = Type.Object(
  {
    letter: Type.Enum([...letterKinds]),
    grounds: Type.Array(grounds.items, { ...uniqueGrounds, description: 'Why it is refused or extended.' }),
  },
  closed,
);
export const LetterView = Type.Object({
  text: Type.String(),
  holds: Type.Object({
    list: Type.Boolean({ description: 'The answer lists the calls.' }),
    sound: Type.Boolean({ description: 'The answer has what the person said in them.' }),
  }),
});
export const LettersView = Type.Object({
  names: Type.Array(Type.String(), { description: 'What stands in braces.' }),
  letters: Type.Array(
    Type.Object({
      letter: Type.Enum([...letterKinds]),
      text: Type.String(),
      saved: Nullable(Type.Object({ by: Type.String(), at: Time })),
    }),
  ),
});
export const SaveLetterBody = Type.Pick(PRIVACY.save_letter.body, ['letter', 'text'], closed);
export const BundleBody = Type.Pick(PRIVACY_STREAMS.make_answer.body, ['letter', 'text'], closed);
