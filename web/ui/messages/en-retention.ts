const recordings = (n: string, one: boolean) => `${n} ${one ? 'recording' : 'recordings'}`;

/** The strings of the retention page. */
export const retentionText = {
  title: 'Retention',
  kept: (n: string, one: boolean) => `${recordings(n, one)} ${one ? 'is' : 'are'} kept`,
  keptNone: 'No recordings are kept yet.',
  forEver: (n: string) => `${n} for ever`,
  due: (n: string, one: boolean) =>
    `${recordings(n, one)} ${one ? 'is' : 'are'} due and ${one ? 'goes' : 'go'} with the next run.`,
  dueStopped: (n: string, one: boolean) =>
    `${recordings(n, one)} ${one ? 'is' : 'are'} due; the breaker stops the next run.`,
  dueNone: 'Nothing is due today.',
  fromNowOn:
    'A retention rule applies only to recordings made from now on. Changing a rule does not change the dates below.',
  schedule: (when: string) => `Tapedeck erases what is due ${when}.`,
  everyDay: (at: string) => `every day at ${at}`,
  cron: (expression: string) => `on the schedule “${expression}”`,
  nextTitle: 'What goes next',
  nextNone:
    'Nothing has an end date: every recording is kept for ever. Retention rules on the policy page set one for recordings made from now on.',
  dueTitle: 'Due now',
  goneTitle: 'What went',
  goneNone: 'Nothing has been erased yet. What is erased leaves a line here, with when and why.',
  csv: 'Download as CSV',
  columns: {
    call: 'Call',
    started: 'Started',
    keepUntil: 'Kept until',
    rule: 'Rule',
    reason: 'Why',
    erased: 'Erased',
  },
  byDefault: 'default',
  runIntro: 'The nightly run does this by itself. Do it by hand only when it cannot wait.',
  run: (n: string, one: boolean) => `Erase ${recordings(n, one)}…`,
  dialogTitle: (n: string, one: boolean) => `Erase ${recordings(n, one)}?`,
  dialogWhat: (n: string, one: boolean, from: string, to: string) =>
    `This destroys the ${one ? 'key' : 'keys'} of ${recordings(n, one)}${from === to ? ` of ${from}` : ` of calls from ${from} to ${to}`}, then the ${one ? 'file' : 'files'}. Backups become unreadable too.`,
  dialogUndo: 'It cannot be undone.',
  word: 'erase',
  typeWord: (word: string) => `Type “${word}” to confirm`,
  wrongWord: (word: string) => `Type the word ${word} exactly.`,
  runButton: (n: string, one: boolean) => `Erase ${recordings(n, one)} for good`,
  running: 'Erasing…',
  ran: (erased: string, failed: number, left: number) =>
    [
      `${erased} erased.`,
      failed ? `${failed} failed; the log says why, and the next run tries again.` : '',
      left ? `${left} are left for the next run.` : '',
    ]
      .filter(Boolean)
      .join(' '),
  breakerTitle: 'The breaker stops the nightly run',
  breakerCalm: (limit: string) =>
    `A safety breaker stops any run that would erase more than ${limit} of all kept recordings, so that a mistaken rule or a wrong clock cannot empty the archive.`,
  breaker:
    'Many due at once can be right for a rule that has been in force for long, and wrong after a mistake in a rule or in the clock.',
  breakerHint:
    'Look at what is due below and at the policy. If it is what you want, erase it by hand here and confirm.',
  typeConfirm: (word: string) => `To pass the breaker, type “${word}”`,
  more: (n: string) => `and ${n} more; all of them are in the CSV.`,
  asOf: (when: string) => `As of ${when}.`,
};
