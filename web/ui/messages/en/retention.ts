const recordings = (n: string, one: boolean) => `${n} ${one ? 'recording' : 'recordings'}`;

/** The strings of the retention page. */
export const retentionText = {
  title: 'Retention',
  kept: (n: string, one: boolean) => `${recordings(n, one)} ${one ? 'is' : 'are'} kept`,
  keptNone: 'No recordings are kept yet.',
  forEver: (n: string) => `${n} forever`,
  due: (n: string, one: boolean) =>
    `${recordings(n, one)} ${one ? 'is' : 'are'} due and will be erased in the next run.`,
  dueStopped: (n: string, one: boolean) =>
    `${recordings(n, one)} ${one ? 'is' : 'are'} due; the safety limit stops the next run.`,
  dueNone: 'Nothing is due today.',
  fromNowOn:
    'A retention rule applies only to recordings made from now on. Changing a rule does not change the dates below.',
  schedule: (when: string) => `Tapedeck erases due recordings ${when}.`,
  everyDay: (at: string) => `every day at ${at}`,
  cron: (expression: string) => `on the schedule “${expression}”`,
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
    rule: 'Rule',
    reason: 'Reason',
    erased: 'Erased',
  },
  byDefault: 'default',
  runIntro: 'The nightly run does this automatically. Run it manually only if it cannot wait.',
  run: (n: string, one: boolean) => `Erase ${recordings(n, one)}…`,
  dialogTitle: (n: string, one: boolean) => `Erase ${recordings(n, one)}?`,
  dialogWhat: (n: string, one: boolean, from: string, to: string) =>
    `This destroys the ${one ? 'key' : 'keys'} of ${recordings(n, one)}${from === to ? ` of ${from}` : ` of calls from ${from} to ${to}`}, then the ${one ? 'file' : 'files'}. Backups become unreadable too.`,
  dialogUndo: 'It cannot be undone.',
  word: 'erase',
  typeWord: (word: string) => `Type “${word}” to confirm`,
  wrongWord: (word: string) => `Type the word ${word} exactly.`,
  runButton: (n: string, one: boolean) => `Erase ${recordings(n, one)} permanently`,
  running: 'Erasing…',
  ran: (erased: string, failed: number, left: number) =>
    [
      `${erased} erased.`,
      failed ? `${failed} failed; see the log for the reason. The next run retries.` : '',
      left ? `${left} left for the next run.` : '',
    ]
      .filter(Boolean)
      .join(' '),
  breakerTitle: 'The safety limit stops the nightly run',
  breakerCalm: (limit: string) =>
    `A safety limit stops any run that would erase more than ${limit} of all kept recordings, so that a wrong rule or clock cannot empty the archive.`,
  breaker:
    'Many recordings due at once can be correct for a rule that has been in force for a long time, or the result of a wrong rule or clock.',
  breakerHint:
    'Check the due recordings below and the policy. If they are correct, erase them here and confirm.',
  typeConfirm: (word: string) => `To override the safety limit, type “${word}”`,
  more: (n: string) => `and ${n} more; all of them are in the CSV.`,
  asOf: (when: string) => `As of ${when}.`,
};
