import { count, plural } from '../locale.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });

/** The messages of the retention page. */
export const retentionText = {
  title: 'Retention',
  kept: ({ n, forEver }: { n: number; forEver: number }) =>
    `${recordings(n)} ${plural(n, { one: 'is', other: 'are' })} kept${forEver > 0 ? `; ${count(forEver)} forever` : ''}.`,
  keptNone: 'No recordings are kept yet.',
  due: ({ n }: { n: number }) =>
    plural(n, {
      one: '1 recording is due and will be erased in the next run.',
      other: `${count(n)} recordings are due and will be erased in the next run.`,
    }),
  dueStopped: ({ n }: { n: number }) =>
    plural(n, {
      one: '1 recording is due; the safety limit stops the next run.',
      other: `${count(n)} recordings are due; the safety limit stops the next run.`,
    }),
  dueNone: 'Nothing is due today.',
  fromNowOn:
    'A retention rule applies only to recordings made from now on. Changing a rule does not change the dates below.',
  everyDay: ({ clock }: { clock: string }) => `Tapedeck erases due recordings every day at ${clock}.`,
  cron: ({ expression }: { expression: string }) =>
    `Tapedeck erases due recordings on the schedule “${expression}”.`,
  nextTitle: 'Due next',
  nextNone:
    'No recording has an end date: every recording is kept forever. Retention rules on the policy page set one for recordings made from now on.',
  dueTitle: 'Due now',
  goneTitle: 'Recently erased',
  goneNone: 'Nothing has been erased yet. Erased recordings are listed here with the date and reason.',
  csv: 'Download as CSV',
  columns: {
    call: 'Call',
    started: 'Started',
    keepUntil: 'Kept until',
    reason: 'Reason',
    erased: 'Erased',
  },
  runIntro: 'The nightly run does this automatically. Run it manually only if it cannot wait.',
  run: ({ n }: { n: number }) => `Erase ${recordings(n)}…`,
  dialogTitle: ({ n }: { n: number }) => `Erase ${recordings(n)}?`,
  /** `from` and `to` are days, and may be the same. */
  dialogWhat: ({ n, from, to }: { n: number; from: string; to: string }) => {
    const calls = from === to ? `of ${from}` : `of calls from ${from} to ${to}`;
    return plural(n, {
      one: `This destroys the key of 1 recording ${calls}, then the file. Backups become unreadable too.`,
      other: `This destroys the keys of ${count(n)} recordings ${calls}, then the files. Backups become unreadable too.`,
    });
  },
  dialogUndo: 'It cannot be undone.',
  word: 'erase',
  typeWord: ({ word }: { word: string }) => `Type “${word}” to confirm`,
  wrongWord: ({ word }: { word: string }) => `Type the word ${word} exactly.`,
  runButton: ({ n }: { n: number }) => `Erase ${recordings(n)} permanently`,
  running: 'Erasing…',
  ran: ({ erased, failed, left }: { erased: number; failed: number; left: number }) =>
    [
      `${count(erased)} erased.`,
      failed ? `${count(failed)} failed; see the log for the reason. The next run retries.` : '',
      left ? `${count(left)} left for the next run.` : '',
    ]
      .filter(Boolean)
      .join(' '),
  breakerTitle: 'The safety limit stops the nightly run',
  breakerCalm: ({ limit }: { limit: string }) =>
    `A safety limit stops any run that would erase more than ${limit} of all kept recordings, so that a wrong rule or clock cannot empty the archive.`,
  breaker:
    'Many recordings due at once can be correct for a rule that has been in force for a long time, or the result of a wrong rule or clock.',
  breakerHint:
    'Check the due recordings below and the policy. If they are correct, erase them here and confirm.',
  typeConfirm: ({ word }: { word: string }) => `To override the safety limit, type “${word}”`,
  more: ({ n }: { n: number }) => `and ${count(n)} more; all of them are in the CSV.`,
  asOf: ({ when }: { when: string }) => `As of ${when}.`,
};
