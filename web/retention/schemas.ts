import { Type } from 'typebox';
import { CONTROL } from '../../daemon/domain/operations/control.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { Nullable, PartyView, Time } from '../server/schemas.js';

/** The shapes of what is kept, what is due, what is protected, and what was erased. */
export const RetentionItem = Type.Object({
  call_id: Type.String(),
  recording_id: Type.String(),
  started_at: Time,
  direction: Type.String(),
  them: PartyView,
  us: PartyView,
  keep_until: Nullable(Time),
  rule: Nullable(Type.String()),
  ...reasonShape,
  protected_by: Nullable(
    Type.Object(reasonShape, { description: 'What keeps it from being erased although it is due.' }),
  ),
  erased_at: Nullable(Time),
  erase_reason: Nullable(Type.String()),
  erase_why: reasonShape.why,
  certificate: Nullable(Type.Integer({ description: 'Number of the certificate of its erasure.' })),
});

const Running = Type.Object({
  why: Type.Enum(['retention', 'by_hand']),
  of: Type.Integer({ description: 'How many it would erase.' }),
  erased: Type.Integer(),
  failed: Type.Integer(),
  started_at: Time,
});

export const RetentionView = Type.Object({
  now: Time,
  schedule: Type.String({ description: 'cron expression of the nightly run' }),
  kept: Type.Integer(),
  for_ever: Type.Integer(),
  due: Type.Array(RetentionItem, {
    description: 'Would be erased by a run now; the first 50 of them, see /retention/items for all.',
  }),
  due_total: Type.Integer({ description: 'How many would be erased by a run now.' }),
  begun: Type.Integer({
    description: 'Interrupted erasures among them. The next run finishes them; no list has them.',
  }),
  protected: Type.Array(RetentionItem, { description: 'Due, but protected; the first 50 of them.' }),
  protected_total: Type.Object({
    legal_hold: Type.Integer(),
    minimum: Type.Integer(),
  }),
  rules: Type.Array(
    Type.Object({
      rule: Nullable(Type.String({ description: 'null: kept by default' })),
      kept: Type.Integer(),
      for_ever: Type.Integer(),
      due: Type.Integer(),
      protected: Type.Integer(),
    }),
    { description: 'Kept recordings by rule, the most first; 500 rules at most.' },
  ),
  names: Type.Object(
    {
      days: Nullable(Type.Integer({ description: 'null: they stay' })),
      due: Type.Integer({ description: 'Calls that a run looks at; 50,000 at most.' }),
    },
    {
      description:
        'Calls without audio of which names and numbers are due, by `metadata_days` of the policy.',
    },
  ),
  storage: Type.Object(
    {
      when_full: Type.Array(Type.Enum(['archive', 'erase']), {
        description:
          'What is done, in this order, when the data disk reaches its reserve: recordings move to the archive before their time, or what is due is erased at once.',
      }),
      archive_after_days: Nullable(Type.Integer({ description: 'null: there is no archive.' })),
    },
    { description: 'Where recordings lie is in GET /status: `disk` and `archive`.' },
  ),
  next: Type.Array(RetentionItem, { description: 'Due next, soonest first; the first 50 of them.' }),
  gone: Type.Array(RetentionItem, { description: 'Erased, newest first; the first 50 of them.' }),
  breaker: Type.Object({
    tripped: Type.Boolean(),
    share: Type.Number({ description: '0..1 of all kept recordings' }),
    limit: Type.Number(),
    count: Type.Integer({ description: 'How many recordings a run may erase without confirmation.' }),
    ...reasonShape,
    reason: Type.String({ description: 'Why a run asks first; empty when it does not.' }),
    confirm: Type.String({ description: 'Send this back to run all the same.' }),
  }),
});

/** How far what is being erased now is. */
export const RetentionRunning = Type.Object({
  running: Nullable(Running),
});

export const RetentionItemsQuery = Type.Object({
  list: Type.Enum(['due', 'protected', 'next', 'for_ever', 'gone']),
  after: Type.Optional(
    Type.String({
      maxLength: 140,
      pattern: '^-?\\d{1,16}\\.\\w{0,100}$',
      description: '`next` of the page before.',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
});

export const RetentionItems = Type.Object({
  items: Type.Array(RetentionItem),
  next: Nullable(Type.String({ description: 'Send it as `after` for the next page; null on the last.' })),
});

export const RetentionRunBody = Type.Object({
  // It stands in the audit log: what else somebody types there by mistake does not.
  confirm: Type.Optional(Type.String({ pattern: '^erase-[0-9a-f-]{1,40}$' })),
});

export const RetentionRunView = CONTROL.run_retention.answer;

export const EraseBody = Type.Pick(CONTROL.erase_calls.body, ['calls', 'reason', 'confirm', 'request'], {
  additionalProperties: false,
});
export const EraseView = CONTROL.erase_calls.answer;
