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
    'Changing a retention rule changes the dates below only if it is applied to all recordings when the policy is saved.',
  everyDay: ({ clock }: { clock: string }) => `Tapedeck erases due recordings every day at ${clock}.`,
  cron: ({ expression }: { expression: string }) =>
    `Tapedeck erases due recordings on the schedule “${expression}”.`,
  nextTitle: 'Due next',
  nextNone:
    'No recording has an end date: every recording is kept forever. Retention rules on the policy page set one.',
  dueTitle: 'Due now',
  goneTitle: 'Recently erased',
  goneNone: 'Nothing has been erased yet. Erased recordings are listed here with the date and reason.',
  columns: {
    call: 'Call',
    started: 'Started',
    keepUntil: 'Kept until',
    reason: 'Reason',
    pick: 'Select',
    protectedBy: 'Protected by',
    rule: 'Rule',
    kept: 'Kept',
    forEver: 'Forever',
    due: 'Due',
    protected: 'Due but protected',
    erased: 'Erased',
  },
  runIntro: 'The nightly run does this automatically. Run it manually only if it cannot wait.',
  begun: ({ n }: { n: number }) =>
    plural(n, {
      one: 'The erasure of 1 recording was interrupted earlier. It is included in the count but not in the list; the next run finishes it.',
      other: `The erasure of ${count(n)} recordings was interrupted earlier. They are included in the count but not in the list; the next run finishes them.`,
    }),
  run: ({ n }: { n: number }) => `Erase ${recordings(n)}…`,
  dialogTitle: ({ n }: { n: number }) => `Erase ${recordings(n)}?`,
  /** `days`: those of the first and the last call, which may be the same; null if not all calls are listed. */
  dialogWhat: ({ n, days }: { n: number; days: { from: string; to: string } | null }) => {
    const range =
      days && (days.from === days.to ? `of ${days.from}` : `of calls from ${days.from} to ${days.to}`);
    const calls = range === null ? '' : ` ${range}`;
    return plural(n, {
      one: `This destroys the key of 1 recording${calls}, then the file. Copies of the file become unreadable too, unless keys.db was copied with them.`,
      other: `This destroys the keys of ${count(n)} recordings${calls}, then the files. Copies of the file become unreadable too, unless keys.db was copied with them.`,
    });
  },
  dialogUndo: 'It cannot be undone.',
  word: 'erase',
  typeWord: ({ word }: { word: string }) => `Type “${word}” to confirm`,
  wrongWord: ({ word }: { word: string }) => `Type the word ${word} exactly.`,
  runButton: ({ n }: { n: number }) => `Erase ${recordings(n)} permanently`,
  running: 'Erasing…',
  ran: ({
    erased,
    failed,
    left,
    protected: stayed,
  }: {
    erased: number;
    failed: number;
    left: number;
    protected: number;
  }) =>
    [
      `${count(erased)} erased.`,
      failed ? `${count(failed)} failed; see the log for the reason. The next run retries.` : '',
      left ? `${count(left)} left for the next run.` : '',
      stayed ? `${count(stayed)} came under protection meanwhile.` : '',
    ]
      .filter(Boolean)
      .join(' '),
  breakerTitle: 'The safety limit stops the nightly run',
  breakerCalm: ({ limit, n }: { limit: string; n: number }) =>
    `The safety limit stops any run that would erase more than ${limit} of the kept recordings or more than ${recordings(n)}, so that a wrong rule or clock cannot empty the archive.`,
  breaker:
    'It can be correct, for a rule that has been in force for a long time or a change that you made, or the result of a wrong rule or clock.',
  breakerHint:
    'Check the due recordings below and the policy. If they are correct, erase them here and confirm.',
  typeConfirm: ({ word }: { word: string }) => `To override the safety limit, type “${word}”`,
  showMore: 'Show more',
  shown: ({ n, total }: { n: number; total: number }) => `${count(n)} of ${count(total)} shown`,
  protectedTitle: 'Due but protected',
  protectedIntro: ({ hold, minimum }: { hold: number; minimum: number }) =>
    [
      hold > 0 ? `${recordings(hold)} under legal hold.` : '',
      minimum > 0 ? `${recordings(minimum)} before the end of a minimum.` : '',
      'Runs leave them alone for as long as this protects them.',
    ]
      .filter(Boolean)
      .join(' '),
  rulesTitle: 'Kept by rule',
  noRule: 'No rule',
  progress: ({ erased, of }: { erased: number; of: number }) =>
    `Erasing: ${count(erased)} of ${recordings(of)} done.`,
  progressFailed: ({ failed }: { failed: number }) => `${count(failed)} failed.`,
  asOf: ({ when }: { when: string }) => `As of ${when}.`,
};

/** The messages of erasing recordings by hand. */
