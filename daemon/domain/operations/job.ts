import { type Static, Type } from 'typebox';
import { iso, isoOrNull } from '../days.js';
import { type ErrorCode, errors } from '../error.js';
import { orNull } from '../reason/coded.js';

/** The kinds of jobs that this version knows. */
export const jobKinds = [
  'recordings_check',
  'apply_retention',
  'archive',
  'import',
  'backup',
  'backup_check',
  'backup_drill',
] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export type JobParams = Record<string, string | number | boolean | null>;

/** The progress of a job. `cursor` is the job's own, empty at first: a run that resumes there skips nothing. */
export type Progress = {
  cursor: string;
  /** Items that are done, how many there are (null: not known yet), and in how many a fault was found. */
  done: number;
  total: number | null;
  faults: number;
};

/** Long work that may take hours and outlives a restart. Times are ms since 1970. */
export type Job = Progress & {
  id: string;
  /** A `JobKind`, or one of another version. */
  kind: string;
  params: JobParams;
  state: JobState;
  askedAt: number;
  startedAt: number | null;
  /** Null while it waits or runs. */
  endedAt: number | null;
  /** Failures since it last got on, and when it is tried again. */
  failures: number;
  nextAt: number;
  /** The last failure: null once it got on again. */
  error: JobError | null;
};
export type JobError = { code: ErrorCode; detail: string };

/** Errors that no retry can change: the job has failed. */
export const FINAL_ERRORS: readonly ErrorCode[] = [
  'preview_changed',
  'backup_off',
  'backup_absent',
  'import_folder',
  'pbx_unknown',
];

export const isOpen = ({ state }: Pick<Job, 'state'>): boolean => state === 'waiting' || state === 'running';

/** A job as it is when it is asked for. */
export const newJob = (id: string, kind: string, params: JobParams, at: number): Job => ({
  ...{ id, kind, params, state: 'waiting', askedAt: at, startedAt: null, endedAt: null },
  ...{ cursor: '', done: 0, total: null, faults: 0, failures: 0, nextAt: at, error: null },
});

const Time = Type.String({ format: 'date-time' });

/** What is shown of a job. Times are ISO 8601 in UTC. */
export const JobView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  state: Type.Enum([...jobStates]),
  asked_at: Time,
  started_at: orNull(Time),
  ended_at: orNull(Time),
  done: Type.Integer({ description: 'How many items are done.' }),
  total: orNull(Type.Integer()),
  faults: Type.Integer({ description: 'In how many of them a fault was found.' }),
  error: orNull(
    Type.Object(
      { code: Type.String(), message: Type.String(), hint: Type.String(), detail: Type.String() },
      { description: 'Why it failed; of a job that is not over, why it waits or is tried again.' },
    ),
  ),
});
export type JobView = Static<typeof JobView>;

export const jobView = (job: Job): JobView => ({
  id: job.id,
  kind: job.kind,
  state: job.state,
  asked_at: iso(job.askedAt),
  started_at: isoOrNull(job.startedAt),
  ended_at: isoOrNull(job.endedAt),
  done: job.done,
  total: job.total,
  faults: job.faults,
  error: job.error && {
    code: job.error.code,
    message: errors[job.error.code].message,
    hint: errors[job.error.code].hint,
    detail: job.error.detail,
  },
});

/** The answer to a request for a job. */
export const AskedView = Type.Object({
  job: JobView,
  already: Type.Boolean({ description: 'It was waiting or running before it was asked for now.' }),
});
export type AskedView = Static<typeof AskedView>;
