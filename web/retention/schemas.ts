import { Type } from 'typebox';
import { CONTROL } from '../../daemon/domain/operations/control.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { Nullable, PartyView, Time } from '../server/schemas.js';

/** The shapes of what is kept, what goes and what went. */
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
  erased_at: Nullable(Time),
  erase_reason: Nullable(Type.String()),
  erase_why: reasonShape.why,
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
    ...reasonShape,
    reason: Type.String({ description: 'Why a run asks first; empty when it does not.' }),
    confirm: Type.String({ description: 'Send this back to run all the same.' }),
  }),
});

export const RetentionRunBody = Type.Object({
  // It stands in the audit log: what else somebody types there by mistake does not.
  confirm: Type.Optional(Type.String({ pattern: '^erase-[0-9a-f-]{1,40}$' })),
});

export const RetentionRunView = CONTROL.run_retention.answer;
