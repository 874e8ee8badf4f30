import { count, plural } from '../locale.js';
import { acts, approvalActs } from './people/audit-acts.js';
import { requestDeeds, requestEntries } from './people/requests.js';
import { backupDeeds, backupEntries } from './retention/audit-backups.js';
import { mailingDeeds, mailingEntries } from './retention/mailings.js';

const entries = (n: number) => plural(n, { one: '1 entry', other: `${count(n)} entries` });

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
  /** The call that it is about, or empty. */
  call: string;
};

const some = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
/** Of the originals of an import, those that were not removed. */
const stayed = ({ changed, denied, unverified }: Record<string, unknown>): number =>
  [changed, denied, unverified].reduce<number>((sum, n) => sum + (typeof n === 'number' ? n : 0), 0);
const text = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value ?? ''));

const papers: Record<string, string> = {
  certificate: 'a certificate of erasure',
  certificates: 'the list of certificates of erasure',
  coverage: 'the coverage report',
  consent: 'consents and objections',
  consent_report: 'the consent report',
  report: 'a report',
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
const approvalAct = ({ act }: EntryFacts['detail']) =>
  typeof act === 'string' ? (approvalActs[act] ?? act) : 'do something that needs approval';
const directions: Record<string, string> = {
  decline: 'declined',
  allow: 'allowed',
  keep: 'kept',
  mask: 'masked',
  resume: 'resumed',
};
const toDo = ({ act }: EntryFacts['detail']) =>
  typeof act === 'string' ? (acts[act as keyof typeof acts] ?? act) : '';
const onPbx = (detail: EntryFacts['detail']): string => (detail.pbx ? ` of the PBX ${text(detail.pbx)}` : '');
const because = (detail: EntryFacts['detail']) => (detail.because ? `: ${text(detail.because)}` : '');

function proved(outcome: EntryFacts['outcome'], detail: EntryFacts['detail']): string {
  const aim = toDo(detail);
  if (outcome !== 'ok')
    return `failed to ${aim ? `confirm ${aim}` : 'give a second factor'}${because(detail)}`;
  return aim ? `confirmed ${aim}${proofs(detail)}` : `gave a second factor${proofs(detail)}`;
}

function searched({ detail, words }: EntryFacts): string {
  const filters = detail.filters ? ` (${text(detail.filters).replaceAll('_', ' ')})` : '';
  if (words !== null) return `searched the calls for “${words}”${filters}`;
  if (detail.words === undefined) return `narrowed the list of calls${filters}`;
  const shape = `${text(detail.letters)} letters and ${text(detail.digits)} digits`;
  return `searched the calls for ${shape}, since deleted${filters}`;
}

function played({ detail, sent, share, call }: EntryFacts): string {
  if (detail.bytes === undefined) return `started playing the call with ${call}`;
  return detail.player === true
    ? `was sent ${sent} (${share}) of the call with ${call} beyond what the player reported as heard`
    : `was sent ${sent} (${share}) of the call with ${call} but no player reported what was heard`;
}

function heard({ detail, stretches, total, call }: EntryFacts): string {
  const more = Number(detail.not_sent_ms ?? 0) > 0;
  const lie = more ? '; the player also reported stretches that were never sent' : '';
  if (stretches === '') return `listened to none of the audio sent from the call with ${call}${lie}`;
  return `listened to ${stretches} of the call with ${call} (${total})${lie}`;
}

/** The messages of the page of the audit log. */
export const auditText = {
  title: 'Audit log',
  /** Beside a person. */
  whatHeard: ({ name }: { name: string }) => `What ${name} listened to`,
  count: ({ n }: { n: number }) => `${entries(n)}.`,
  chained: 'Each entry is chained to the one before it, so none can be changed or removed unnoticed.',
  signed: ({ when, size }: { when: string; size: number }) =>
    `Last signed ${when}, covering ${entries(size)}.`,
  notSigned: 'Not signed yet: the recorder signs the log when it starts and every hour after that.',
  refusedTitle: 'The log is no longer being signed',
  refusedHint: 'Run “tapedeck audit verify” on the recorder’s machine: it names the faulty entry.',
  targetsTitle: 'Checkpoint destinations',
  targets: {
    file: 'File',
    syslog: 'Syslog',
    mail: 'Mail, once a day',
    webhook: 'Webhook',
  } as Record<string, string>,
  target: ({ name, target }: { name: string; target: string }) => `${name}: ${target}`,
  /** `last`: when one was last delivered, or null. */
  targetState: ({ last, waiting }: { last: string | null; waiting: number }) => {
    const sent = last === null ? 'nothing delivered yet' : `last delivered ${last}`;
    return waiting > 0 ? `${sent}, ${count(waiting)} waiting` : sent;
  },
  failing: ({ since, problem }: { since: string; problem: string }) => `failing since ${since}: ${problem}`,
  noTargets:
    'Checkpoints stay on this machine, where somebody with access to it could cut off the end of the log and remove them. Configure a destination under [audit] in tapedeck.toml, or download the latest checkpoint regularly.',
  noDaemon: 'The recorder is not responding, so it is unknown whether checkpoints leave this machine.',
  takeCheckpoint: 'Download the latest checkpoint',
  how: 'To verify the log without this page, run “tapedeck audit verify --checkpoint FILE”.',
  csv: 'Download as CSV',
  person: 'Person',
  everybody: 'Everyone',
  byToken: '(by an API token)',
  console: ({ name }: { name: string }) => `${name} (console)`,
  action: 'Action',
  everything: 'Everything',
  groups: {
    hearing: 'Played or exported',
    looking: 'Viewed or searched',
    signing_in: 'Signed in or out',
    people: 'People and tokens',
    rules: 'Rules',
    approvals: 'Approvals',
    holds: 'Legal holds',
    privacy: 'Requests of people',
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
  found: ({ n }: { n: number }) => entries(n),
  somebody: 'Somebody',
  tapedeck: 'Tapedeck',
  here: 'this machine',
  reason: ({ why }: { why: string }) => `Reason: ${why}`,
  entry: ({ n }: { n: string }) => `Entry ${n}`,
  /** A call in the sentence of an entry. */
  call: ({ them, us, when }: { them: string; us: string; when: string }) => `${them} (${us}, ${when})`,
  lostCall: 'a call that is not in the catalogue',
  /** What was refused. */
  wanted: {
    sign_in: 'signing in',
    password_change: 'a password change',
    search: 'a search of the calls',
    view: 'a view',
    play: 'playback',
    heard: 'playback',
    download: 'a download',
    export: 'an export',
    report: 'a report',
    direct: 'a change to the recording',
    policy_change: 'a policy change',
    redact: 'a redaction',
    older_erase: 'erasing an earlier version',
    retention_run: 'a retention run',
    retention_apply: 'new dates for existing recordings',
    recordings_check: 'a check of all recordings',
    archive: 'a change to the archive',
    import: 'an import of recordings',
    job_cancel: 'cancelling a job',
    ...backupEntries,
    prompt_add: 'adding a prompt',
    prompt_activate: 'a change of the prompt that callers hear',
    consent_add: 'adding a consent or objection',
    consent_withdraw: 'withdrawing a consent or objection',
    consent_erase: 'erasing a consent or objection, or its document',
    hold_open: 'opening a legal hold',
    hold_add: 'adding to a legal hold',
    hold_release: 'releasing a legal hold',
    ...requestDeeds,
    ...mailingDeeds,
    approval_ask: 'asking for an approval',
    approval_give: 'an approval',
    approval_withdraw: 'withdrawing an approval',
    approval_use: 'an action that needs approval',
  } as Record<string, string>,
  refused: ({ wanted, why }: { wanted: string; why: string }) => `was refused ${wanted}${why}`,
  refusedCall: ({ wanted, call }: { wanted: string; call: string }) =>
    `was refused ${wanted} of the call with ${call}`,
  why: {
    forbidden: ': no permission',
    call_unknown: ': no such call, or not one of theirs',
  } as Record<string, string>,
  did: {
    begin: ({ detail }) =>
      detail.of === 'an existing catalogue'
        ? 'began this log. Earlier actions are not in it'
        : 'began this log, with a new catalogue',
    sign_in: ({ outcome, detail }) =>
      outcome === 'ok' ? `signed in${proofs(detail)}` : `failed to sign in${because(detail)}`,
    sign_out: () => 'signed out',
    session_end: ({ detail }) => `was signed out${because(detail)}`,
    second_factor: ({ outcome, detail }) =>
      detail.changes ? `changed the second factors: ${text(detail.changes)}` : proved(outcome, detail),
    search: searched,
    view: ({ object, detail, call }) => {
      if (detail.waveform === true) return `viewed the waveform of the call with ${call}`;
      return object === 'call' ? `viewed the call with ${call}` : `viewed ${paper(object)}`;
    },
    play: played,
    heard,
    direct: ({ detail, call }) =>
      `${directions[String(detail.kind)] ?? 'directed'} the recording of the call with ${call}`,
    download: ({ call }) => `downloaded the recording of the call with ${call}`,
    export: ({ object, call }) =>
      object === 'call' ? `exported the recording of the call with ${call}` : `exported ${paper(object)}`,
    report: ({ object, detail }) => {
      const { from, to, ...rest } = detail;
      const period = from && to ? { for: `${text(from)} to ${text(to)}` } : { from, to };
      const asked = Object.entries({ ...period, ...rest })
        .filter(([, value]) => value !== '' && value !== undefined)
        .map(([name, value]) => `${name.replaceAll('_', ' ')} ${text(value)}`);
      return `opened ${paper(object)}${asked.length > 0 ? ` (${asked.join(', ')})` : ''}`;
    },
    policy_change: ({ detail }) => `changed the policy: ${text(detail.changes)}`,
    person_add: (f) =>
      `added ${named(f)}${f.detail.roles ? ` as ${text(f.detail.roles)}` : ''}${some(f.detail.hears_of) ? ` who can listen to ${text(f.detail.hears_of)}` : ''}`,
    person_change: (f) => `changed ${named(f)}${f.detail.changes ? `: ${text(f.detail.changes)}` : ''}`,
    person_remove: (f) => `removed ${named(f)}`,
    password_change: (f) => {
      const ended = some(f.detail.tokens_ended)
        ? ` which ended the API tokens ${text(f.detail.tokens_ended)}`
        : '';
      return `${f.detail.name ? `set a new password for ${named(f)}` : 'changed the password'}${ended}`;
    },
    token_add: (f) => `created the API token ${named(f)}`,
    token_remove: (f) => `revoked the API token ${named(f)}`,
    sealed: ({ detail, call }) =>
      detail.coverage === 'recorded'
        ? `sealed the recording of the call with ${call}`
        : `sealed the recording of the call with ${call} (${text(detail.coverage)})`,
    erase: ({ detail, call }) =>
      typeof detail.recordings === 'number'
        ? `asked to erase ${plural(detail.recordings, { one: '1 recording', other: `${count(detail.recordings)} recordings` })} ${detail.request ? `for request ${text(detail.request)}` : 'by hand'}`
        : `began to erase the recording of the call with ${call}`,
    erased: ({ call, detail }) =>
      `erased the recording of the call with ${call} (${detail.file_left ? 'the key is gone; the file is in an archive out of reach and will be removed' : 'key and file are gone'})`,
    redact: ({ call }) => `asked to redact the recording of the call with ${call}`,
    redacted: ({ detail, call }) =>
      `redacted the recording of the call with ${call}: version ${text(detail.version)} replaced the previous one`,
    older_erase: ({ detail, call }) =>
      `had version ${text(detail.version)} of the recording of the call with ${call} erased`,
    retention_apply: ({ outcome, detail }) => {
      const counts = `${text(detail.shorter)} kept for less time, ${text(detail.longer)} for more, ${text(detail.due)} due`;
      if (detail.recordings === undefined) return `began to give existing recordings new dates: ${counts}`;
      return `${outcome === 'ok' ? 'gave existing recordings new dates' : 'could not give all existing recordings new dates'}: ${counts}`;
    },
    certificate: ({ detail }) =>
      `issued certificate of erasure ${text(detail.number)} (recordings: ${text(detail.recordings)})`,
    retention_run: ({ detail }) =>
      detail.erased === undefined
        ? 'asked for a retention run'
        : `${detail.why === 'by_hand' ? 'erased recordings by hand' : 'ran retention'}: ${text(detail.erased)} erased, ${text(detail.failed)} failed, ${text(detail.left)} left`,
    start: ({ detail }) => `${process(detail.process)} was started, version ${text(detail.version)}`,
    stop: ({ detail }) => `${process(detail.process)} was stopped`,
    blind_window: ({ from, until, detail }) =>
      until === ''
        ? `A monitoring gap${onPbx(detail)} began at ${from}${because(detail)}`
        : `Monitoring gap${onPbx(detail)} from ${from} to ${until}${because(detail)}`,
    key_rotation: ({ detail }) => `changed the keys${detail.what ? `: ${text(detail.what)}` : ''}`,
    checkpoint: ({ detail }) =>
      detail.accepted === true
        ? 'accepted the log, although it did not continue from the last checkpoint'
        : 'had a checkpoint of this log signed',
    damage: ({ detail, call }) =>
      `found damage in the recording of the call with ${call}${detail.found ? ` (${text(detail.found)})` : ''}`,
    recordings_check: ({ outcome, detail }) => {
      if (detail.read === undefined) return 'asked for a check of all recordings';
      const result = `${text(detail.read)} read, ${text(detail.damaged)} damaged`;
      return `${outcome === 'ok' ? 'checked all recordings' : 'could not finish the check of all recordings'}: ${result}`;
    },
    archive: ({ detail, call }) => {
      if (detail.what === 'marked') return `marked ${text(detail.directory)} as the archive`;
      if (detail.what === 'asked') return 'asked for recordings to be moved to the archive';
      if (detail.what === 'removed')
        return `removed the file of the erased recording of the call with ${call} from the archive`;
      return `moved recordings to the archive: ${text(detail.moved)} moved, ${text(detail.failed)} could not be`;
    },
    import: ({ detail }) => {
      if (detail.what === 'remove') return `removes the originals of an import from ${text(detail.dir)}`;
      if (detail.what === 'removed')
        return `removed ${text(detail.removed)} originals of an import from ${text(detail.dir)}; ${text(stayed(detail))} stay`;
      return detail.what === 'end'
        ? `finished the import of ${text(detail.dir)}: ${text(detail.imported ?? 0)} recordings imported`
        : `asked for the recordings in ${text(detail.dir)} to be imported`;
    },
    job_cancel: () => 'cancelled a job',
    prompt_add: ({ detail }) =>
      `uploaded the prompt ${text(detail.name)} (${text(detail.kind)}, ${text(detail.language)})`,
    prompt_activate: ({ detail }) =>
      `changed the prompt that callers hear (${text(detail.kind)}, ${text(detail.language)})`,
    consent_add: ({ detail }) =>
      detail.entered === 1
        ? `entered ${detail.kind === 'consent' ? 'a standing consent' : 'a standing objection'}${detail.document ? ' with a signed document' : ''}`
        : `entered ${text(detail.entered)} consents and objections`,
    consent_withdraw: ({ detail }) =>
      `withdrew ${detail.kind === 'consent' ? 'a standing consent' : 'a standing objection'}`,
    consent_erase: ({ detail }) =>
      detail.row === true
        ? `erased the personal data of ${detail.kind === 'consent' ? 'a standing consent' : 'a standing objection'}`
        : 'erased the signed document of a consent or objection',
    hold_open: () => 'opened a legal hold',
    hold_add: ({ detail }) =>
      detail.change === 'query'
        ? 'widened the query of a legal hold'
        : `added ${Array.isArray(detail.recordings) ? detail.recordings.length : 'some'} recordings to a legal hold`,
    hold_release: ({ detail }) =>
      `released ${text(detail.recordings)} recordings from a legal hold, approved by ${text(detail.approved_by)}`,
    ...requestEntries,
    ...mailingEntries,
    approval_ask: ({ detail }) =>
      `asked to ${approvalAct(detail)}${detail.alone ? ', with no second person who could approve' : ''}`,
    approval_give: ({ detail }) =>
      detail.alone
        ? `approved their own request to ${approvalAct(detail)}`
        : `approved that ${text(detail.asked_by)} may ${approvalAct(detail)}`,
    approval_withdraw: ({ detail }) =>
      `withdrew the request of ${text(detail.asked_by)} to ${approvalAct(detail)}`,
    approval_use: ({ detail }) =>
      `used the approval of ${text(detail.approved_by)} to ${approvalAct(detail)}`,
    ...backupDeeds,
    dashboard_restart: ({ detail }) =>
      `had the dashboard restarted: the catalogue had been locked for ${text(detail.seconds)} s`,
  } satisfies Record<string, (facts: EntryFacts) => string>,
};
