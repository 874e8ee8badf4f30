import type { KeptAlarm, Severity } from '../../domain/alarm.js';
import type { Delivery, Notice } from '../../domain/notice.js';
import type { Db } from './db.js';

type AlarmRow = {
  key: string;
  raised_at: number;
  severity: Severity;
  message: string;
  hint: string;
  cleared_at: number | null;
  told_at: number | null;
  told_as: Severity | null;
  returns: number;
  lasts_until: number | null;
  done: number;
};

type DeliveryRow = {
  channel: string;
  notice: string;
  attempts: number;
  next_at: number;
  sent_at: number | null;
  given_up_at: number | null;
  problem: string;
};

export function createAlarms(db: Db) {
  const save = db.prepare(`
    INSERT INTO alarms VALUES ($key, $raisedAt, $severity, $message, $hint, $clearedAt, $toldAt, $toldAs, $returns,
      $lastsUntil, $done)
    ON CONFLICT (key, raised_at) DO UPDATE SET severity = $severity, message = $message, hint = $hint,
      cleared_at = $clearedAt, told_at = $toldAt, told_as = $toldAs, returns = $returns, lasts_until = $lastsUntil,
      done = $done`);
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
    save(alarm: KeptAlarm): void {
      save.run({ ...alarm, done: alarm.done ? 1 : 0 });
    },
    open: (): KeptAlarm[] => (open.all() as AlarmRow[]).map(fromRow),
    past: (limit: number): KeptAlarm[] => (past.all(limit) as AlarmRow[]).map(fromRow),
    saveDelivery({ notice, ...rest }: Delivery): void {
      saveDelivery.run({ ...rest, id: notice.id, madeAt: notice.at, notice: JSON.stringify(notice) });
    },
    openDeliveries: (): Delivery[] =>
      (openDeliveries.all() as DeliveryRow[]).map((row) => ({
        channel: row.channel,
        notice: JSON.parse(row.notice) as Notice,
        attempts: row.attempts,
        nextAt: row.next_at,
        sentAt: row.sent_at,
        givenUpAt: row.given_up_at,
        problem: row.problem,
      })),
    forget(before: number): void {
      forgetAlarms.run(before);
      forgetDeliveries.run(before);
    },
  };
}

function fromRow(row: AlarmRow): KeptAlarm {
  return {
    key: row.key,
    raisedAt: row.raised_at,
    severity: row.severity,
    message: row.message,
    hint: row.hint,
    clearedAt: row.cleared_at,
    toldAt: row.told_at,
    toldAs: row.told_as,
    returns: row.returns,
    lastsUntil: row.lasts_until,
    done: row.done === 1,
  };
}
