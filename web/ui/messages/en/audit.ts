const entries = (n: string, one: boolean) => `${n} ${one ? 'entry' : 'entries'}`;

/** What an entry says besides who, when and which call. Numbers and lengths are already words. */
export type EntryFacts = {
  detail: Record<string, string | number | boolean | null | string[]>;
  words: string | null;
  object: string;
  outcome: string;
  reason: string;
  /** "0:12–1:40, 2:00–2:10", and how long that is. */
  stretches: string;
  total: string;
  sent: string;
  share: string;
  from: string;
  until: string;
};

/** The words before the call that an entry is about, and behind it. */
type Sentence = [before: string, after?: string];

const some = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
const text = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value ?? ''));

const papers: Record<string, string> = {
  coverage: 'the coverage report',
  retention: 'the retention report',
  quality: 'the quality report',
  audit: 'the audit log',
  checkpoint: 'the last checkpoint of the audit log',
  calls: 'the calls',
};
const paper = (object: string) => papers[object] ?? object;
const process = (name: unknown) => (name === 'dashboard' ? 'The dashboard' : 'The recorder');
const named = ({ detail }: EntryFacts) => text(detail.name) || 'somebody';
const proofs = (detail: EntryFacts['detail']) =>
  detail.with ? ` (${text(detail.with).replaceAll('_', ' ')})` : '';
const because = (detail: EntryFacts['detail']) => (detail.because ? `: ${text(detail.because)}` : '');

function searched({ detail, words }: EntryFacts): Sentence {
  const filters = detail.filters ? ` (${text(detail.filters).replaceAll('_', ' ')})` : '';
  if (words !== null) return [`searched the calls for “${words}”${filters}`];
  if (detail.words === undefined) return [`narrowed the list of calls${filters}`];
  const shape = `${text(detail.letters)} letters and ${text(detail.digits)} digits`;
  return [`searched the calls for words that are not kept any more, of ${shape}${filters}`];
}

function played(f: EntryFacts): Sentence {
  if (f.detail.bytes === undefined) return ['started playing the call with'];
  return [
    `was sent ${f.sent} (${f.share}) of the call with`,
    f.detail.player === true ? 'beyond what the player said' : 'and no player said what of it was heard',
  ];
}

function heard(f: EntryFacts): Sentence {
  const more = Number(f.detail.not_sent_ms ?? 0) > 0;
  const lie = more ? '; the player also named stretches that were never sent' : '';
  if (f.stretches === '') return ['listened to none of what was sent of the call with', lie];
  return [`listened to ${f.stretches} of the call with`, `(${f.total})${lie}`];
}

/** The strings of the page of the audit log. */
export const auditText = {
  title: 'Audit log',
  /** On the page of a call, and beside a person. */
  whoHeard: 'Who listened to this call',
  whatHeard: (name: string) => `What ${name} listened to`,
  count: (n: string, one: boolean) => `${entries(n, one)}.`,
  chained: 'Each entry is chained to the one before it, so none can be changed or removed unnoticed.',
  signed: (when: string, size: string, one: boolean) => `Last signed ${when}, over ${entries(size, one)}.`,
  notSigned: 'Not signed yet: the recorder signs the log when it starts and every hour after that.',
  refusedTitle: 'The log is no longer being signed',
  refusedHint: 'An admin of the machine can run “tapedeck audit verify”, which names the faulty entry.',
  targetsTitle: 'Checkpoint destinations',
  targets: {
    file: 'File',
    syslog: 'Syslog',
    mail: 'Mail, once a day',
    webhook: 'Webhook',
  } as Record<string, string>,
  lastSent: (when: string) => `last delivered ${when}`,
  neverSent: 'nothing delivered yet',
  failing: (since: string) => `failing since ${since}`,
  waiting: (n: number) => `${n} waiting`,
  noTargets:
    'Checkpoints stay on this machine, where somebody with access to it could cut off the end of the log and remove them. Configure a destination under [audit] in tapedeck.toml, or download the latest checkpoint regularly.',
  noDaemon: 'The recorder is not responding, so it is unknown whether checkpoints leave this machine.',
  takeCheckpoint: 'Latest checkpoint',
  how: 'To verify it without this page, run “tapedeck audit verify --checkpoint FILE”.',
  csv: 'Download as CSV',
  person: 'Person',
  everybody: 'Everyone',
  byToken: '(by an API token)',
  console: (name: string) => `${name} (console)`,
  action: 'Action',
  everything: 'Everything',
  groups: {
    hearing: 'Played or exported',
    looking: 'Viewed or searched',
    signing_in: 'Signed in or out',
    people: 'People and tokens',
    rules: 'Rules',
    erasing: 'Erased',
    recorder: 'Recorder',
  },
  outcome: 'Outcome',
  anyOutcome: 'Any',
  outcomes: { ok: 'Done', refused: 'Refused', failed: 'Failed' },
  from: 'From',
  to: 'To',
  onlyCall: 'Only one call',
  clearCall: 'Show all calls again',
  columns: { when: 'Time', who: 'Person', what: 'Action', where: 'From' },
  none: 'No matching entries.',
  noneYet: 'The log is empty. Sign-ins, viewed calls and played recordings appear here.',
  older: 'Older entries',
  found: (n: number) => (n === 1 ? '1 entry' : `${n} entries`),
  somebody: 'Somebody',
  tapedeck: 'Tapedeck',
  here: 'this machine',
  reason: (why: string) => `Reason: ${why}`,
  entry: (n: string) => `Entry ${n}`,
  lostCall: 'a call that is not in the catalogue',
  /** What was refused. */
  wanted: {
    sign_in: 'signing in',
    second_factor: 'a second factor',
    password_change: 'a password change',
    search: 'a search of the calls',
    view: 'viewing',
    play: 'playback',
    heard: 'playback',
    download: 'a download',
    export: 'an export',
    report: 'a report',
    policy_change: 'a policy change',
    retention_run: 'a retention run',
  } as Record<string, string>,
  refused: (wanted: string, why: string) => `was refused ${wanted}${why}`,
  refusedCall: (wanted: string): Sentence => [`was refused ${wanted} of the call with`],
  why: {
    forbidden: ': no permission',
    call_unknown: ': no such call, or not one of theirs',
  } as Record<string, string>,
  did: {
    begin: ({ detail }) => [
      detail.of === 'an existing catalogue'
        ? 'began this log. What was done before is not in it'
        : 'began this log, with a new catalogue',
    ],
    sign_in: ({ outcome, detail }) =>
      outcome === 'ok' ? [`signed in${proofs(detail)}`] : [`failed to sign in${because(detail)}`],
    sign_out: () => ['signed out'],
    session_end: ({ detail }) => [`was signed out${because(detail)}`],
    second_factor: ({ detail }) => [
      detail.changes
        ? `changed the second factors: ${text(detail.changes)}`
        : `gave a second factor${proofs(detail)}`,
    ],
    search: searched,
    view: ({ object, detail }) =>
      detail.waveform === true
        ? ['viewed the waveform of the call with']
        : object === 'call'
          ? ['viewed the call with']
          : [`viewed ${paper(object)}`],
    play: played,
    heard,
    download: () => ['downloaded the recording of the call with'],
    export: ({ object }) =>
      object === 'call' ? ['exported the recording of the call with'] : [`exported ${paper(object)}`],
    report: ({ object, detail }) => {
      const asked = Object.entries(detail).filter(([, value]) => value !== '');
      const period = asked.map(([name, value]) => `${name.replaceAll('_', ' ')} ${text(value)}`).join(', ');
      return [`opened ${paper(object)}${period ? ` (${period})` : ''}`];
    },
    policy_change: ({ detail }) => [`changed the policy: ${text(detail.changes)}`],
    person_add: (f) => [
      `added ${named(f)}${f.detail.roles ? ` as ${text(f.detail.roles)}` : ''}`,
      some(f.detail.hears_of) ? `who hears of ${text(f.detail.hears_of)}` : '',
    ],
    person_change: (f) => [`changed ${named(f)}${f.detail.changes ? `: ${text(f.detail.changes)}` : ''}`],
    person_remove: (f) => [`removed ${named(f)}`],
    password_change: (f) => [
      f.detail.name ? `set a new password for ${named(f)}` : 'changed the password',
      some(f.detail.tokens_ended) ? `which ended the API tokens ${text(f.detail.tokens_ended)}` : '',
    ],
    token_add: (f) => [`created the API token ${named(f)}`],
    token_remove: (f) => [`revoked the API token ${named(f)}`],
    sealed: ({ detail }) => [
      'sealed the recording of the call with',
      detail.coverage === 'recorded' ? '' : `(${text(detail.coverage)})`,
    ],
    erase: () => ['began to erase the recording of the call with'],
    erased: () => ['erased the recording of the call with', '(key and file are gone)'],
    retention_run: ({ detail }) =>
      detail.erased === undefined
        ? ['asked for a retention run']
        : [
            `erased what was due: ${text(detail.erased)} erased, ${text(detail.failed)} failed, ${text(detail.left)} left`,
          ],
    start: ({ detail }) => [`${process(detail.process)} was started, version ${text(detail.version)}`],
    stop: ({ detail }) => [`${process(detail.process)} was stopped`],
    blind_window: ({ from, until, detail }) => [
      until === ''
        ? `A monitoring gap began at ${from}${because(detail)}`
        : `Monitoring gap from ${from} to ${until}${because(detail)}`,
    ],
    key_rotation: ({ detail }) => [`changed the keys${detail.what ? `: ${text(detail.what)}` : ''}`],
    checkpoint: ({ detail }) => [
      detail.accepted === true
        ? 'accepted the log as it was, although it did not go on from the last checkpoint'
        : 'had a checkpoint of this log signed',
    ],
    damage: ({ detail }) => [
      'found damage in the recording of the call with',
      detail.found ? `(${text(detail.found)})` : '',
    ],
  } satisfies Record<string, (facts: EntryFacts) => Sentence>,
};
