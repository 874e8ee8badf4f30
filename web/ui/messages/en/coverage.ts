import { count, plural } from '../locale.js';

const calls = (n: number) => plural(n, { one: '1 call', other: `${count(n)} calls` });

/** What may be asked for, besides `exceptions`. */
const kinds = {
  not_recorded: 'Not recorded',
  unexplained: 'Unexplained',
  partial: 'Partial',
  surplus: 'Without a CDR',
  differs: 'Length differs',
  excluded: 'Excluded by a rule',
  declined: 'Declined',
  not_kept: 'Not kept',
  pending: 'Processing',
  imported: 'Imported',
  recorded: 'Recorded',
  all: 'Every answered call',
};

/** The messages of the coverage page. */
export const coverageText = {
  title: 'Coverage',
  answer: ({ covered, eligible, percent }: { covered: number; eligible: number; percent: string }) =>
    plural(eligible, {
      one: `${count(covered)} of 1 eligible call is recorded, ${percent}.`,
      other: `${count(covered)} of ${count(eligible)} eligible calls are recorded, ${percent}.`,
    }),
  all: ({ n, percent }: { n: number; percent: string }) =>
    plural(n, {
      one: `The one eligible call is recorded, ${percent}.`,
      other: `Every one of ${count(n)} eligible calls is recorded, ${percent}.`,
    }),
  nothing: 'No eligible calls were answered in this period.',
  below: ({ target }: { target: string }) => `That is below the ${target} target.`,
  rest: {
    not_recorded: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} not recorded`,
    partial: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} partly recorded`,
    excluded: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} excluded by a rule`,
    declined: ({ n }: { n: number }) => `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} declined`,
    not_kept: ({ n }: { n: number }) => `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} not kept`,
    pending: ({ n }: { n: number }) => `${count(n)} ${plural(n, { one: 'is', other: 'are' })} processing`,
    imported: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} imported and ${plural(n, { one: 'is', other: 'are' })} not counted`,
    surplus: ({ n }: { n: number }) => `${calls(n)} ${plural(n, { one: 'has', other: 'have' })} no CDR`,
    differs: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'differs', other: 'differ' })} in length`,
  },
  /** The sentences of `rest`, each a link. */
  allOfRest: ({ parts }: { parts: string[] }) => `${parts.join('; ')}.`,
  from: 'From',
  to: 'To',
  show: 'Show',
  filters: { exceptions: 'All exceptions', ...kinds },
  listTitle: { exceptions: 'Exceptions', ...kinds },
  listNone: 'None in this period.',
  exceptionsNone: 'No exceptions: every answered call is recorded in full, or a rule says why it is not.',
  exceptionsNoneKnown:
    'No exceptions among the answered calls that Tapedeck knows of. See above for what it cannot know.',
  exceptionsNoCalls: 'No answered calls, so no exceptions.',
  unknown: 'Tapedeck has no data for this period.',
  caveatsTitle: 'Limits of this report',
  caveats: {
    not_installed: ({ since }: { since: string }) =>
      since
        ? `This period is before ${since}, when Tapedeck was installed.`
        : 'The recorder has not run yet.',
    future: () => 'This period is in the future.',
    partly_not_installed: ({ since }: { since: string }) =>
      `Tapedeck was installed on ${since}. Calls before that are not in this report.`,
    pbx_added: () =>
      'A PBX was added later than this period begins. Its calls before that are not in this report.',
    monitoring_gaps: () =>
      'Tapedeck did not monitor the PBX all the time: calls in the monitoring gaps below may be missing.',
    cdr_gaps: () =>
      'CDRs were not received all the time: calls that Tapedeck did not see during the CDR monitoring gaps below may be missing.',
    no_witness: ({ witnessed }: { witnessed: boolean }) =>
      witnessed ? 'A PBX has never sent a CDR: nothing independent confirms the figures of its calls.' : '',
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
    partial: 'Partial',
    excluded: 'Excluded',
    declined: 'Declined',
    not_kept: 'Not kept',
    not_recorded: 'Not recorded',
    pending: 'Processing',
    imported: 'Imported',
  },
  cdrs: ({ n }: { n: number }) =>
    plural(n, { one: 'Asterisk’s record (1 CDR)', other: `Asterisk’s record (${count(n)} CDRs)` }),
  cdr: ({ from, to }: { from: string; to: string }) => `${from || 'unknown'} to ${to || 'unknown'}`,
  cdrFields: {
    channel: 'Channels',
    times: 'Start and end',
    app: 'Application',
    end: 'Disposition',
    id: 'Unique id',
  },
  more: ({ n }: { n: number }) => `and ${count(n)} more; all of them are in the CSV.`,
  daysTitle: 'By day',
  daysColumns: {
    day: 'Day',
    answered: 'Answered',
    eligible: 'Eligible',
    covered: 'Recorded',
    share: 'Share',
  },
  dayLink: ({ day }: { day: string }) => `Show ${day} only`,
  howTitle: 'How this figure is calculated',
  how: 'A call is eligible if a person or the PBX itself (voicemail, a queue, a menu) answered it, unless a policy rule excludes it, somebody declined recording, or the audio was destroyed at the end of the call as a rule says. A call counts as recorded if any part of it has a sealed recording. The percentage is rounded down. Test calls are not counted.',
  witness: ({ since, last }: { since: string; last: string }) =>
    `Tapedeck’s list is compared with Asterisk’s own call records (CDRs), received since ${since}, most recently on ${last}.`,
  noWitness:
    'Asterisk has sent no CDRs, so nothing independent confirms these figures. Install cdr_manager.conf from asterisk-conf/ to make Asterisk send them, then check with “tapedeck doctor”.',
  unwitnessed: ({ n }: { n: number }) =>
    plural(n, {
      one: '1 call has no CDR to compare it with: it was before the first CDR, after the most recent one, or in a gap below. Nothing independent confirms its coverage.',
      other: `${count(n)} calls have no CDR to compare them with: they were before the first CDR, after the most recent one, or in a gap below. Nothing independent confirms their coverage.`,
    }),
  sourcesTitle: 'CDR sources',
  source: {
    AMI: 'AMI, in real time',
    cdr_csv: 'Asterisk’s Master.csv',
    cdr_sqlite: 'Asterisk’s SQLite file',
    cdr_mysql: 'The MySQL or MariaDB database',
  } as Record<string, string>,
  sourceLine: ({ name, state }: { name: string; state: string }) => `${name}: ${state}`,
  /** `last`: the time of its newest CDR, `read`: when it was last read; each or null. */
  sourceState: ({ n, last, read }: { n: number; last: string | null; read: string | null }) =>
    [
      `${count(n)} added`,
      last === null ? '' : `most recent ${last}`,
      read === null ? '' : `last read ${read}`,
    ]
      .filter(Boolean)
      .join(', '),
  sourceBad: ({ why }: { why: string }) => `cannot be read: ${why}`,
  blindTitle: 'Monitoring gaps',
  blindNone: 'None on record.',
  blindUnknown: 'Not known for this period.',
  /** `to` null: it lasts. `reason` null: not known. */
  gap: ({ from, to, reason }: { from: string; to: string | null; reason: string | null }) => {
    const when = to === null ? `Since ${from}` : `From ${from} to ${to}`;
    return reason === null ? when : `${when}: ${reason}`;
  },
  blindHint:
    'Calls during a monitoring gap are known only if Asterisk keeps its CDRs in a file or database named under [coverage] in tapedeck.toml.',
  gapsTitle: 'CDR monitoring gaps',
  gapsNone: 'None on record.',
  gapFilled: ({ sources }: { sources: string }) => `The CDRs of this time were read afterwards: ${sources}.`,
  gapsHint:
    'While AMI is disconnected, Asterisk cannot report its CDRs and does not resend them. To fill such gaps, name a CDR file or database under [coverage] in tapedeck.toml.',
};
