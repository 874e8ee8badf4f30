import { Type } from 'typebox';
import { canonical } from '../../domain/assurance/canonical.js';
import { type ErrorCode, errors } from '../../domain/error.js';
import { isOpen, type Job, type JobParams, type JobState, jobStates } from '../../domain/operations/job.js';
import { Figure, Length, noun, orNull, type Reader, Text, Time, unreadable } from './checked.js';
import type { Db } from './db.js';

const Param = Type.Union([Type.String(), Figure, Type.Boolean(), Type.Null()]);
const Code = Type.Unsafe<ErrorCode>(Type.Enum(Object.keys(errors) as [string, ...string[]]));

const job = noun({
  table: 'jobs',
  key: (row) => row.id,
  json: ['params', 'error'],
  shape: Type.Object({
    id: Text,
    kind: Text,
    params: Type.Unsafe<JobParams>(Type.Record(Type.String(), Param)),
    state: Type.Unsafe<JobState>(Type.Enum([...jobStates])),
    asked_at: Time,
    started_at: orNull(Time),
    ended_at: orNull(Time),
    cursor: Text,
    done: Length,
    total: orNull(Length),
    faults: Length,
    failures: Length,
    next_at: Time,
    error: orNull(Type.Object({ code: Code, detail: Text })),
  }),
  make(row): Job {
    if (isOpen(row) !== (row.ended_at === null)) unreadable('"ended_at" does not go with "state"');
    return {
      id: row.id,
      kind: row.kind,
      params: row.params,
      state: row.state,
      askedAt: row.asked_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      cursor: row.cursor,
      done: row.done,
      total: row.total,
      faults: row.faults,
      failures: row.failures,
      nextAt: row.next_at,
      error: row.error,
    };
  },
});

const OPEN = "state IN ('waiting', 'running')";

export function createJobs(db: Db, reader: Reader) {
  const add = db.prepare(`
    INSERT INTO jobs (id, kind, params, state, asked_at, cursor, done, total, faults, failures, next_at)
    VALUES ($id, $kind, $params, $state, $askedAt, $cursor, $done, $total, $faults, $failures, $nextAt)
    ON CONFLICT (kind, params) WHERE ${OPEN} DO NOTHING`);
  const same = db.prepare(`SELECT * FROM jobs WHERE kind = ? AND params = ? AND ${OPEN}`);
  const save = db.prepare(`
    UPDATE jobs SET state = $state, started_at = $startedAt, ended_at = $endedAt, cursor = $cursor, done = $done,
      total = $total, faults = $faults, failures = $failures, next_at = $nextAt, error = $error
    WHERE id = $id AND ${OPEN}`);
  const progress = db.prepare(
    `UPDATE jobs SET cursor = $cursor, done = $done, total = $total WHERE id = $id AND ${OPEN}`,
  );
  const cancel = db.prepare(`UPDATE jobs SET state = 'cancelled', ended_at = $at WHERE id = $id AND ${OPEN}`);
  const one = db.prepare('SELECT * FROM jobs WHERE id = ?');
  const open = db.prepare(`SELECT * FROM jobs WHERE ${OPEN} ORDER BY seq`);
  const newest = db.prepare(
    'SELECT * FROM jobs WHERE seq IN (SELECT max(seq) FROM jobs GROUP BY kind) ORDER BY kind',
  );
  const list = db.prepare('SELECT * FROM jobs ORDER BY seq DESC LIMIT ?');
  const forget = db.prepare('DELETE FROM jobs WHERE ended_at < ?');

  return {
    add(given: Job): Job {
      const params = canonical(given.params);
      return add.run({ ...given, params }).changes > 0
        ? given
        : reader.one(job, same.get(given.kind, params))!;
    },
    save: (given: Job): boolean =>
      save.run({ ...given, error: given.error && JSON.stringify(given.error) }).changes > 0,
    progress: ({ id, cursor, done, total }: Pick<Job, 'id' | 'cursor' | 'done' | 'total'>): boolean =>
      progress.run({ id, cursor, done, total }).changes > 0,
    cancel: (id: string, at: number): Job | null =>
      cancel.run({ id, at }).changes > 0 ? reader.one(job, one.get(id)) : null,
    open: (): Job[] => reader.all(job, open.all()),
    newest: (): Job[] => reader.all(job, newest.all()),
    job: (id: string): Job | null => reader.one(job, one.get(id)),
    list: (limit: number): Job[] => reader.fill(job, limit, (rows) => list.all(rows)),
    forget(before: number): void {
      forget.run(before);
    },
  };
}
