const calls = (n: string, one: boolean) => `${n} ${one ? 'call' : 'calls'}`;
const were = (one: boolean) => (one ? 'was' : 'were');

/** What may be asked for, besides `exceptions`. */
const kinds = {
  not_recorded: 'Not recorded',
  unexplained: 'Unexplained',
  partial: 'Recorded in part',
  surplus: 'Without a CDR',
  differs: 'Length differs',
  excluded: 'Left out by a rule',
  declined: 'Declined',
  pending: 'Being made',
  recorded: 'Recorded',
  all: 'Every answered call',
};

/** The strings of the coverage page. */
export const coverageText = {
  title: 'Coverage',
  answer: (covered: string, eligible: string, one: boolean) =>
    `${covered} of ${eligible} eligible ${one ? 'call is' : 'calls are'} recorded`,
  percent: (share: string) => `${share} %`,
  all: (n: string, one: boolean) =>
    one ? 'The one eligible call is recorded' : `Every one of ${n} eligible calls is recorded`,
  nothing: 'No call that should be recorded was answered in this time.',
  below: (target: string) => `That is less than the ${target} % that was agreed.`,
  rest: {
    not_recorded: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} not recorded`,
    partial: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} recorded in part`,
    excluded: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} left out by a rule`,
    declined: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} declined`,
    pending: (n: string, one: boolean) => `${n} ${one ? 'is' : 'are'} being made`,
    surplus: (n: string, one: boolean) => `${calls(n, one)} ${one ? 'has' : 'have'} no CDR`,
    differs: (n: string, one: boolean) =>
      `of ${calls(n, one)} ${one ? 'the length differs' : 'the lengths differ'}`,
  },
  and: (parts: number) => (parts > 0 ? '; ' : ''),
  from: 'From',
  to: 'To',
  show: 'Show',
  filters: { exceptions: 'All exceptions', ...kinds },
  csv: 'Download as CSV',
  listTitle: { exceptions: 'Exceptions', ...kinds },
  listNone: 'There are none in this time.',
  exceptionsNone: 'No exceptions: every answered call is recorded in full, or a rule says why it is not.',
  exceptionsNoneKnown:
    'No exceptions among the answered calls that Tapedeck knows of. See above for what it cannot know.',
  exceptionsNoCalls: 'No answered calls, so no exceptions.',
  unknown: 'Tapedeck cannot say anything about this period.',
  caveatsTitle: 'What this report cannot say',
  caveats: {
    not_installed: (since: string) =>
      since
        ? `This period is before ${since}, when Tapedeck was installed.`
        : 'The recorder has not run yet.',
    future: () => 'This period is in the future.',
    partly_not_installed: (since: string) =>
      `Tapedeck was installed on ${since}. Calls before that are not in this report.`,
    monitoring_gaps: () =>
      'Tapedeck did not watch the PBX all the time: calls in the monitoring gaps below may be missing.',
    cdr_gaps: () =>
      'Asterisk’s CDRs were not heard all the time: calls that Tapedeck did not see in the CDR monitoring gaps below are in no list.',
    no_witness: () => '',
    unwitnessed: () => 'Some calls have no CDR to compare them with.',
    pending: () => 'Some recordings are still being processed.',
  },
  columns: { call: 'Call', started: 'Started', what: 'What', lengths: 'Length', reason: 'Why' },
  lengths: { pbx: 'Asterisk', talk: 'Tapedeck', recording: 'recording', missing: 'missing' },
  findings: {
    missing: 'Not seen',
    unexplained: 'Unexplained',
    surplus: 'No CDR',
    differs: 'Length differs',
  },
  statuses: {
    recorded: 'Recorded',
    partial: 'In part',
    excluded: 'Left out',
    declined: 'Declined',
    not_recorded: 'Not recorded',
    pending: 'Being made',
  },
  cdrs: (n: number) =>
    n === 1 ? 'What Asterisk recorded of it (1 CDR)' : `What Asterisk recorded of it (${n} CDRs)`,
  cdr: (from: string, to: string) => `${from || 'unknown'} to ${to || 'unknown'}`,
  cdrFields: {
    channel: 'Channels',
    times: 'From, to',
    app: 'Application',
    end: 'Disposition',
    id: 'Unique id',
  },
  more: (n: string) => `and ${n} more; all of them are in the CSV.`,
  daysTitle: 'By day',
  daysColumns: {
    day: 'Day',
    answered: 'Answered',
    eligible: 'Eligible',
    covered: 'Recorded',
    share: 'Share',
  },
  dayLink: (day: string) => `Show ${day} only`,
  howTitle: 'How this figure was made',
  how: 'Eligible are the calls that were answered, by a person or by the PBX itself (voicemail, a queue, a menu), and that no rule of the policy leaves out and nobody declined. Recorded are those with a sealed recording of any part. The share is rounded down. Test calls do not count.',
  witness: (since: string, last: string) =>
    `Tapedeck's list is compared with Asterisk's own account, its CDRs: they have come since ${since}, the last at ${last}.`,
  noWitness:
    'Asterisk has sent no CDRs, so this is Tapedeck’s own account and nobody else has checked it. The file cdr_manager.conf in asterisk-conf/ makes Asterisk send them; “tapedeck doctor” says whether they come.',
  unwitnessed: (n: string, one: boolean) =>
    `For ${calls(n, one)} no CDRs came, because nobody listened then: ${one ? 'its' : 'their'} coverage is Tapedeck’s own word.`,
  sourcesTitle: 'Where CDRs came from',
  source: {
    AMI: 'As they happen, over AMI',
    cdr_csv: 'Asterisk’s Master.csv',
    cdr_sqlite: 'Asterisk’s SQLite file',
    cdr_mysql: 'The MySQL or MariaDB database',
  } as Record<string, string>,
  sourceCount: (n: string) => `${n} new to Tapedeck`,
  sourceRead: (when: string) => `last read ${when}`,
  sourceLast: (when: string) => `the last ${when}`,
  sourceBad: (why: string) => `cannot be read: ${why}`,
  blindTitle: 'Monitoring gaps',
  blindNone: 'None: the PBX was monitored without a break.',
  blindUnknown: 'Not known for this period.',
  blind: (from: string, to: string) => `From ${from} to ${to}`,
  blindOpen: (from: string) => `Since ${from}`,
  blindHint:
    'Calls during a monitoring gap are known only if Asterisk keeps its CDRs in a file or database named under [coverage] in tapedeck.toml.',
  gapsTitle: 'CDR monitoring gaps',
  gapsNone: 'None: AMI was connected all the time.',
  gapFilled: (sources: string) => `The CDRs of this time were read afterwards: ${sources}.`,
  gapsHint:
    'While AMI is away Asterisk cannot report its CDRs, and does not repeat them. A file or a database that [coverage] in tapedeck.toml names fills such gaps.',
};
