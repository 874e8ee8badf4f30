import { count, plural } from '../locale.js';

const readAndDamaged = (n: number, faults: number) =>
  `${plural(n, { one: '1 recording read', other: `${count(n)} recordings read` })}, ${count(faults)} damaged`;

const filesAndUnreadable = (n: number, faults: number) =>
  `${plural(n, { one: '1 file', other: `${count(n)} files` })}, ${count(faults)} unreadable`;

/** Messages about recordings being as they were sealed. */
export const vaultText = {
  /** `how`: signed when it was sealed, later, or not yet. `checked`: when it was last found unchanged. */
  seal: ({
    how,
    sealed,
    signed,
    checked,
  }: {
    how: 'signed' | 'later' | 'unsigned';
    sealed: string;
    signed: string;
    checked: string | null;
  }) => {
    const first = {
      signed: `Sealed and signed ${sealed}`,
      later: `Sealed ${sealed}, signed later (${signed})`,
      unsigned: `Sealed ${sealed}, not signed yet`,
    }[how];
    return checked === null ? `${first}.` : `${first}; unchanged at the last check, ${checked}.`;
  },
  damaged: 'This recording has changed since it was sealed.',
  found: ({ when }: { when: string }) => `Found ${when}.`,
  distrust: 'Its audio cannot be trusted.',
  todo: ({ command }: { command: string }) => `Restore the file from a backup and run ${command}.`,
  tell: 'Tell a Tapedeck admin: the file must be restored from a backup.',
  healthTitle: 'Integrity check',
  none: 'None yet',
  unknown: 'Not checked yet',
  inTime: ({ n, days }: { n: number; days: number }) =>
    plural(n, {
      one: `The recording was checked within ${days} days.`,
      other: `All ${count(n)} checked within ${days} days.`,
    }),
  late: ({ n, days }: { n: number; days: number }) =>
    plural(n, {
      one: `The recording was not checked within ${days} days.`,
      other: `Not all ${count(n)} were checked within ${days} days.`,
    }),
  oldest: ({ days }: { days: number }) =>
    plural(days, { one: 'Oldest check 1 day ago.', other: `Oldest check ${count(days)} days ago.` }),
  today: 'All checked in the last 24 hours.',
  damagedCount: ({ n }: { n: number }) => `${count(n)} damaged`,
  unsignedCount: ({ n }: { n: number }) => `${count(n)} waiting to be signed.`,
  waits: ({ what }: { what: string }) => `Waiting: ${what}`,
  /** Moving in the recordings of another recorder, which begins at the command line. */
  import: {
    title: 'Import',
    cancel: 'Cancel import',
    wasCancelled: 'The import was cancelled.',
    label: 'Progress of the import',
    waiting: 'An import of recordings is waiting to start, or counting its files.',
    progress: ({
      done,
      total,
      faults,
      perMinute,
    }: {
      done: number;
      total: number;
      faults: number;
      perMinute: number | null;
    }) =>
      `Importing recordings: ${count(done)} of ${count(total)} files${perMinute === null ? '' : `, ${count(perMinute)} per minute`}, ${count(faults)} unreadable.`,
    paused: 'Paused; it continues by itself.',
    done: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `Last import ${when}: ${filesAndUnreadable(n, faults)}. "tapedeck import report" names the files that were not imported.`,
    cancelled: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `The last import was cancelled ${when}: ${filesAndUnreadable(n, faults)}. What was imported stays.`,
    failed: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `The last import failed ${when}: ${filesAndUnreadable(n, faults)}.`,
  },
  /** Reading every recording again when somebody asks for it. */
  check: {
    start: 'Check all recordings now',
    begun: 'The check of all recordings was requested.',
    cancel: 'Cancel check',
    wasCancelled: 'The check was cancelled.',
    label: 'Progress of the check',
    waiting: 'The check of all recordings is waiting to start.',
    progress: ({ done, total, faults }: { done: number; total: number; faults: number }) =>
      `Checking all recordings: ${count(done)} of ${count(total)} read, ${count(faults)} damaged.`,
    paused: 'Paused; it continues by itself.',
    done: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `Last full check ${when}: ${readAndDamaged(n, faults)}.`,
    cancelled: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `The last full check was cancelled ${when}: ${readAndDamaged(n, faults)}.`,
    failed: ({ when, n, faults }: { when: string; n: number; faults: number }) =>
      `The last full check failed ${when}: ${readAndDamaged(n, faults)}.`,
  },
};
