import { type Static, Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import {
  LAST_DAY,
  type Mailing,
  type MailingProgress,
  type MailingRecipient,
  MOST_MAILINGS,
  mailingPeriods,
  mailingResults,
} from '../../../domain/report/mailing.js';
import { reportNames } from '../../../domain/report/report.js';
import { Flag, Length, noun, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const Row = Type.Object({
  id: Text,
  report: Type.Enum([...reportNames]),
  period: Type.Enum([...mailingPeriods]),
  day: Type.Integer({ minimum: 1, maximum: LAST_DAY }),
  attach: Flag,
  ...{ set_by: Text, set_by_name: Text, set_at: Time },
  ...{ done_day: Day, failures: Length, failing_since: orNull(Time), next_at: Time },
  ...{ last_at: orNull(Time), last_day: orNull(Day), last_result: orNull(Type.Enum([...mailingResults])) },
  last_detail: Text,
  recipients: Type.Array(Type.Object({ person: Text, address: Text })),
});

const toMailing = (row: Static<typeof Row>): Mailing => ({
  ...{ id: row.id, report: row.report, period: row.period, day: row.day, attach: row.attach === 1 },
  ...{ recipients: row.recipients, setBy: { id: row.set_by, name: row.set_by_name }, setAt: row.set_at },
  progress: {
    ...{ doneDay: row.done_day, failures: row.failures, failingSince: row.failing_since },
    nextAt: row.next_at,
    last:
      row.last_at === null || row.last_day === null || row.last_result === null
        ? null
        : { at: row.last_at, day: row.last_day, result: row.last_result, detail: row.last_detail },
  },
});

const mailing = noun({
  ...{ table: 'report_mailings', json: ['recipients'], shape: Row },
  key: (row) => row.id,
  make: toMailing,
});

const cells = ({ doneDay, failures, failingSince, nextAt, last }: MailingProgress) => ({
  ...{ doneDay, failures, failingSince, nextAt },
  ...{ lastAt: last?.at ?? null, lastDay: last?.day ?? null, lastResult: last?.result ?? null },
  lastDetail: last?.detail ?? '',
});

/** JSON holds no bytes: what is no text makes the row unreadable, and not the statement fail. */
const text = (column: string) => `iif(typeof(${column}) = 'text', ${column}, NULL)`;

/** Reports that are sent regularly. */
export function createMailings(db: Db, reader: Reader) {
  const select = `
    SELECT report_mailings.*, (
      SELECT json_group_array(json_object('person', ${text('user_id')}, 'address', ${text('address')}))
      FROM (SELECT * FROM report_recipients WHERE mailing = report_mailings.id ORDER BY rowid)
    ) AS recipients FROM report_mailings`;
  const list = db.prepare(`${select} ORDER BY id`);
  const get = db.prepare(`${select} WHERE id = ?`);
  const count = db.prepare('SELECT count(*) FROM report_mailings WHERE id <> ?').pluck();
  const progress = `done_day = $doneDay, failures = $failures, failing_since = $failingSince, next_at = $nextAt,
    last_at = $lastAt, last_day = $lastDay, last_result = $lastResult, last_detail = $lastDetail`;
  const save = db.prepare(`
    INSERT INTO report_mailings VALUES ($id, $report, $period, $day, $attach, $by, $byName, $setAt,
      $doneDay, $failures, $failingSince, $nextAt, $lastAt, $lastDay, $lastResult, $lastDetail)
    ON CONFLICT (id) DO UPDATE SET report = $report, period = $period, day = $day, attach = $attach,
      set_by = $by, set_by_name = $byName, set_at = $setAt, ${progress}`);
  const clear = db.prepare('DELETE FROM report_recipients WHERE mailing = ?');
  const add = db.prepare('INSERT INTO report_recipients VALUES ($id, $person, $address)');
  const remove = db.prepare('DELETE FROM report_mailings WHERE id = ?');
  const went = db.prepare(`UPDATE report_mailings SET ${progress} WHERE id = $id AND set_at = $setAt`);

  const one = (id: string): Mailing | null => reader.orNull(mailing, get.get(id));
  return {
    list: (): Mailing[] => reader.all(mailing, list.all()),
    get: one,
    save(given: Mailing): void {
      const { id, report, period, day, attach, recipients, setBy, setAt } = given;
      if ((count.get(id) as number) >= MOST_MAILINGS) throw fail('mailings_full');
      const about = { id, report, period, day, attach: attach ? 1 : 0, setAt };
      save.run({ ...about, by: setBy.id, byName: setBy.name, ...cells(given.progress) });
      clear.run(id);
      for (const { person, address } of recipients as MailingRecipient[]) add.run({ id, person, address });
    },
    remove(id: string): Mailing | null {
      const found = one(id);
      remove.run(id);
      return found;
    },
    went(id: string, setAt: number, now: MailingProgress): void {
      went.run({ id, setAt, ...cells(now) });
    },
  };
}
