import type { JobView } from '../../../../daemon/domain/operations/job.js';

const DAY = 86_400_000;
const ago = (now: number) => (ms: number) => new Date(now - ms).toISOString();

/** A check of all recordings that was asked for a week ago. */
export const checkOf = (
  now: number,
  state: JobView['state'],
  done: number,
  ended: number | null,
): JobView => ({
  ...{ id: '01JDK3V7Q8ZM5T4R2XW9YB6C1E', kind: 'recordings_check', state, error: null },
  ...{ asked_at: ago(now)(7 * DAY), started_at: ago(now)(7 * DAY) },
  ...{ ended_at: ended === null ? null : ago(now)(ended) },
  ...{ done, total: 4113, faults: state === 'running' ? 2 : 0 },
});

/** A move of 1,204 recordings to the archive at most. */
export const moveOf = (now: number, done: number, ended: number | null): JobView => ({
  ...checkOf(now, ended === null ? 'running' : 'done', done, ended),
  ...{ id: '01JDK3V7Q8ZM5T4R2XW9YB6C1F', kind: 'archive', total: ended === null ? 1204 : done },
});
