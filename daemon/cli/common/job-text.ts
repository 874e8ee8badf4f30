import type { JobKind, JobView } from '../../domain/operations/job.js';

/** What is said of each kind of job: its name, and how far it is. */
const WORDS: Record<JobKind, { name: string; progress: (job: JobView) => string }> = {
  recordings_check: {
    name: 'check of all recordings',
    progress: ({ done, total, faults }) =>
      `${total === null || total === done ? done : `${done} of ${total}`} read, ${faults} damaged`,
  },
  apply_retention: {
    name: 'applying the retention rules to existing recordings',
    progress: ({ done, total }) =>
      total === null ? 'counting' : total === done ? `${done} recordings` : `${done} of ${total} recordings`,
  },
  archive: {
    name: 'moving recordings to the archive',
    progress: ({ done, total, faults }) =>
      `${total === null || total === done ? done : `${done} of ${total}`} moved${faults > 0 ? `, ${faults} could not be moved` : ''}`,
  },
  import: {
    name: 'import of recordings',
    progress: ({ done, total, faults }) =>
      `${total === null || total === done ? done : `${done} of ${total}`} files${faults > 0 ? `, ${faults} unreadable` : ''}`,
  },
  backup: {
    name: 'backup',
    progress: ({ done, total, faults }) =>
      total === null
        ? 'copying the catalogue'
        : `${total === done ? done : `${done} of ${total}`} sealed files${faults > 0 ? `, ${faults} missing or damaged` : ''}`,
  },
  backup_check: {
    name: 'check of the newest backup',
    progress: ({ done, total, faults }) =>
      `${total === null || total === done ? done : `${done} of ${total}`} read, ${faults} damaged`,
  },
  backup_drill: {
    name: 'restore drill',
    progress: ({ done, total, faults }) =>
      total === null
        ? 'making a backup'
        : `${total === done ? done : `${done} of ${total}`} objects, ${faults} faults`,
  },
};
const wordsOf = (kind: string) => (kind in WORDS ? WORDS[kind as JobKind] : null);

export const jobName = ({ kind }: JobView): string =>
  wordsOf(kind)?.name ?? `${kind} (waits for a version of Tapedeck that knows it)`;

export const jobProgress = (job: JobView): string => wordsOf(job.kind)?.progress(job) ?? '-';

/** Why it failed, waits, or is tried again; empty when nothing is wrong. */
export const jobProblem = ({ error }: JobView): string =>
  error ? [error.message, error.detail, error.hint].filter(Boolean).join(' ') : '';
