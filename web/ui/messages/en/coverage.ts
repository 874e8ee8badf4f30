const calls = (n: string, one: boolean) => `${n} ${one ? 'call' : 'calls'}`;
const were = (one: boolean) => (one ? 'was' : 'were');

/** What may be asked for, besides `exceptions`. */
const kinds = {
  not_recorded: 'Not recorded',
  unexplained: 'Unexplained',
  partial: 'Recorded in part',
  surplus: 'Without a CDR',
  differs: 'Length differs',
  excluded: 'Excluded by a rule',
  declined: 'Declined',
  pending: 'Processing',
  recorded: 'Recorded',
  all: 'Every answered call',
};

/** The strings of the coverage page. */
export const coverageText = {
  title: 'Coverage',
  answer: (covered: string, eligible: string, one: boolean) =>
    `${covered} of ${eligible} eligible ${one ? 'call is' : 'calls are'} recorded`,
  percent: (share: string) => `${share}%`,
  all: (n: string, one: boolean) =>
    one ? 'The one eligible call is recorded' : `Every one of ${n} eligible calls is recorded`,
  nothing: 'No eligible calls were answered in this period.',
  below: (target: string) => `That is below the ${target}% target.`,
  rest: {
    not_recorded: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} not recorded`,
    partial: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} recorded in part`,
    excluded: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} excluded by a rule`,
    declined: (n: string, one: boolean) => `${calls(n, one)} ${were(one)} declined`,
    pending: (n: string, one: boolean) => `${n} ${one ? 'is' : 'are'} processing`,
    surplus: (n: string, one: boolean) => `${calls(n, one)} ${one ? 'has' : 'have'} no CDR`,
    differs: (n: string, one: boolean) => `${calls(n, one)} ${one ? 'differs' : 'differ'} in length`,
  },
  and: (parts: number) => (parts > 0 ? '; ' : ''),
  from: 'From',
  to: 'To',
  show: 'Show',
  filters: { exceptions: 'All exceptions', ...kinds },
  csv: 'Download as CSV',
  listTitle: { exceptions: 'Exceptions', ...kinds },
  listNone: 'None in this period.',
  exceptionsNone: 'No exceptions: every answered call is recorded in full, or a rule says why it is not.',
  exceptionsNoneKnown:
    'No exceptions among the answered calls that Tapedeck knows of. See above for what it cannot know.',
  exceptionsNoCalls: 'No answered calls, so no exceptions.',
  unknown: 'Tapedeck has no data for this period.',
  caveatsTitle: 'Limits of this report',
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
      'CDRs were not received all the time: calls that Tapedeck did not see during the CDR monitoring gaps below may be missing.',
    no_witness: () => '',
    unwitnessed: () => 'Some calls have no CDR to compare them with.',
    pending: () => 'Some recordings are still being processed.',
  },
  columns: { call: 'Call', started: 'Started', what: 'Status', lengths: 'Length', reason: 'Reason' },
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
    excluded: 'Excluded',
    declined: 'Declined',
    not_recorded: 'Not recorded',
    pending: 'Processing',
  },
  cdrs: (n: number) => (n === 1 ? 'Asterisk’s record (1 CDR)' : `Asterisk’s record (${n} CDRs)`),
  cdr: (from: string, to: string) => `${from || 'unknown'} to ${to || 'unknown'}`,
  cdrFields: {
    channel: 'Channels',
    times: 'Start and end',
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
  howTitle: 'How this figure is calculated',
  how: 'Eligible calls are those answered by a person or by the PBX itself (voicemail, a queue, a menu), except calls that a policy rule excludes or that somebody declined. A call counts as recorded if any part of it has a sealed recording. The percentage is rounded down. Test calls are not counted.',
  witness: (since: string, last: string) =>
    `Tapedeck’s list is compared with Asterisk’s own call records (CDRs), received since ${since}, most recently at ${last}.`,
  noWitness:
    'Asterisk has sent no CDRs, so nothing independent confirms these figures. Install cdr_manager.conf from asterisk-conf/ to make Asterisk send them, then check with “tapedeck doctor”.',
  unwitnessed: (n: string, one: boolean) =>
    `${calls(n, one)} ${one ? 'has' : 'have'} no CDRs because AMI was not connected at the time, so nothing independent confirms ${one ? 'its' : 'their'} coverage.`,
  sourcesTitle: 'CDR sources',
  source: {
    AMI: 'AMI, in real time',
    cdr_csv: 'Asterisk’s Master.csv',
    cdr_sqlite: 'Asterisk’s SQLite file',
    cdr_mysql: 'The MySQL or MariaDB database',
  } as Record<string, string>,
  sourceCount: (n: string) => `${n} added`,
  sourceRead: (when: string) => `last read ${when}`,
  sourceLast: (when: string) => `most recent ${when}`,
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
    'While AMI is disconnected, Asterisk cannot report its CDRs and does not resend them. To fill such gaps, name a CDR file or database under [coverage] in tapedeck.toml.',
};
