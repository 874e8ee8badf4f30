import { Type } from 'typebox';
import type { Alarm, KeptAlarm, Severity } from '../../domain/operations/alarm.js';
import type { AlarmWhy } from '../../domain/operations/alarm-codes.js';
import type { Delivery, Notice } from '../../domain/operations/notice.js';
import {
  alarmWhyOf,
  Flag,
  Length,
  noun,
  oneOf,
  orNull,
  type Reader,
  Text,
  Time,
  unreadable,
} from './checked.js';
import type { Db } from './db.js';

const severity = oneOf<Severity>({ warning: true, critical: true });

/** What an alarm is about. One without was written by a version that had sentences, and never an empty one. */
function whyIn({
  why,
  message = '',
  hint = '',
}: {
  why?: unknown;
  message?: string;
  hint?: string;
}): AlarmWhy {
  if (why !== undefined && why !== null) return alarmWhyOf('why', why);
  if (message === '') unreadable('"why" is missing');
  return { code: 'text', params: { message, hint } };
}

const alarm = noun({
  table: 'alarms',
  key: (row) => row.key,
  json: ['why'],
  shape: Type.Object({
    key: Text,
    raised_at: Time,
    severity,
    message: Text,
    hint: Text,
    why: Type.Unknown(),
    cleared_at: orNull(Time),
    told_at: orNull(Time),
    told_as: orNull(severity),
    returns: Length,
    lasts_until: orNull(Time),
    lasts_ms: orNull(Length),
    done: Flag,
  }),
  make: (row): KeptAlarm => ({
    key: row.key,
    raisedAt: row.raised_at,
    severity: row.severity,
    why: whyIn(row),
    clearedAt: row.cleared_at,
    toldAt: row.told_at,
    toldAs: row.told_as,
    returns: row.returns,
    lastsUntil: row.lasts_until,
    lastsMs: row.lasts_ms,
    done: row.done === 1,
  }),
});

/** Sentences stay sentences when they are written again. */
const inNotice = ({ why, ...alarm }: Alarm) =>
  why.code === 'text' ? { ...alarm, ...why.params } : { ...alarm, why };

const delivery = noun({
  table: 'deliveries',
  key: (row) => `${row.notice_id} ${row.channel}`,
  json: ['notice'],
  shape: Type.Object({
    channel: Text,
    notice: Type.Object({
      id: Text,
      kind: oneOf<Notice['kind']>({
        ...{ raised: true, reminder: true, cleared: true, summary: true, test: true, checkpoint: true },
      }),
      at: Time,
      alarms: Type.Array(
        Type.Object({
          ...{ key: Text, severity, raisedAt: Time, clearedAt: orNull(Time) },
          why: Type.Optional(Type.Unknown()),
          message: Type.Optional(Text),
          hint: Type.Optional(Text),
        }),
      ),
      checkpoint: Type.Optional(Text),
    }),
    attempts: Length,
    next_at: Time,
    sent_at: orNull(Time),
    given_up_at: orNull(Time),
    problem: Text,
  }),
  make: (row): Delivery => ({
    channel: row.channel,
    notice: {
      ...row.notice,
      alarms: row.notice.alarms.map(({ why, message, hint, ...about }) => ({
        ...about,
        why: whyIn({ why, message, hint }),
      })),
    },
    attempts: row.attempts,
    nextAt: row.next_at,
    sentAt: row.sent_at,
    givenUpAt: row.given_up_at,
    problem: row.problem,
  }),
});

export function createAlarms(db: Db, reader: Reader) {
  const save = db.prepare(`
    INSERT INTO alarms VALUES ($key, $raisedAt, $severity, $message, $hint, $clearedAt, $toldAt, $toldAs, $returns,
      $lastsUntil, $done, $why, $lastsMs)
    ON CONFLICT (key, raised_at) DO UPDATE SET severity = $severity, message = $message, hint = $hint, why = $why,
      cleared_at = $clearedAt, told_at = $toldAt, told_as = $toldAs, returns = $returns, lasts_until = $lastsUntil,
      lasts_ms = $lastsMs, done = $done`);
  const open = db.prepare('SELECT * FROM alarms WHERE done = 0 ORDER BY raised_at, key');
  const past = db.prepare(
    'SELECT * FROM alarms WHERE cleared_at IS NOT NULL ORDER BY cleared_at DESC, key LIMIT ?',
  );
  const saveDelivery = db.prepare(`
    INSERT INTO deliveries VALUES ($id, $channel, $madeAt, $notice, $attempts, $nextAt, $sentAt, $givenUpAt, $problem)
    ON CONFLICT (notice_id, channel) DO UPDATE SET attempts = $attempts, next_at = $nextAt, sent_at = $sentAt,
      given_up_at = $givenUpAt, problem = $problem`);
  const openDeliveries = db.prepare(
    'SELECT * FROM deliveries WHERE sent_at IS NULL AND given_up_at IS NULL ORDER BY made_at, notice_id',
  );
  const forgetAlarms = db.prepare('DELETE FROM alarms WHERE cleared_at < ? AND done = 1');
  const forgetDeliveries = db.prepare('DELETE FROM deliveries WHERE made_at < ?');

  return {
    save({ why, ...alarm }: KeptAlarm): void {
      const text = why.code === 'text' ? { ...why.params, why: null } : null;
      const coded = { message: '', hint: '', why: JSON.stringify(why) };
      save.run({ ...alarm, ...(text ?? coded), done: alarm.done ? 1 : 0 });
    },
    open: (): KeptAlarm[] => reader.all(alarm, open.all()),
    past: (limit: number): KeptAlarm[] => reader.fill(alarm, limit, (rows) => past.all(rows)),
    saveDelivery({ notice, ...rest }: Delivery): void {
      const stored = JSON.stringify({ ...notice, alarms: notice.alarms.map(inNotice) });
      saveDelivery.run({ ...rest, id: notice.id, madeAt: notice.at, notice: stored });
    },
    openDeliveries: (): Delivery[] => reader.all(delivery, openDeliveries.all()),
    forget(before: number): void {
      forgetAlarms.run(before);
      forgetDeliveries.run(before);
    },
  };
}
