import { holds, table } from './entry.js';

const WITH_CALL = [
  'call',
  'Removed `metadata_days` of the policy after there is no audio of the call.',
] as const;
const WITH_AUDIO = ['audio', "Removed in the transaction of the recording's tombstone."] as const;
const WITH_USER = ['person', 'Removed with the account.'] as const;
const AUTHOR = ['stays', 'Says who did it.'] as const;
const DAYS_90 = ['time', '90 days after it is over.'] as const;
const TOLD = [
  'time',
  '90 days after it is over, or after `metadata_days` of the policy if these are fewer.',
] as const;
const OF_ACCOUNT = [
  'call',
  'With its call. Of CDRs without a call: `metadata_days` after their end.',
] as const;
const OF_CDR = [
  'call',
  'With its call, and 90 days after its end at the latest. Of CDRs without a call: `metadata_days` after their end.',
] as const;
const BY_LIST = ['person', 'When the number is taken off the list, or its date has passed.'] as const;
const ASKED = ['time', '24 months after the request was answered.'] as const;
const STANDING = ['person', 'When somebody erases the consent or objection.'] as const;
const MAILED = ['person', 'When somebody else saves the schedule, or it is removed.'] as const;
const RECIPIENT = ['person', 'When they are taken off the schedule, or with the account.'] as const;
const SIGNED = [
  'stays',
  'Part of a signed certificate. The recorder refuses a reason that has the name or the number of an outside party of the call.',
] as const;
const CHAIN = [
  'stays',
  'Part of a chain of hashes that proves that nothing was removed. Entries name calls by id; people who use Tapedeck are named, and the reasons that they type stay.',
] as const;
const CHANNEL = [
  'stays',
  'Counts the call, and compares it with CDRs. It leads to a person for as long as the PBX keeps its own CDRs and queue_log: they have to be removed there.',
] as const;
const IMPORTED = [
  'call',
  'The name of the original and the ids of its CDRs: removed with the names and numbers of its call. Who imported it stays.',
] as const;
const IMPORT_FILES = [
  'time',
  '90 days after the import; that of an imported call with the names and numbers of the call, if they go before.',
] as const;
const TYPED = ['stays', 'Kept as the record of the decision.'] as const;

/** Every column of catalogue.db. */
export const CATALOGUE = [
  table('absorbed', 'id into_id'),
  table(
    'accounts',
    'id call_id started_at answered_at ended_at alone pbx',
    holds('linkedid', 'id', CHANNEL),
    holds('src dst', 'number', OF_ACCOUNT),
    holds('name', 'name', OF_ACCOUNT),
  ),
  table(
    'alarms',
    'raised_at severity cleared_at told_at told_as returns lasts_until done lasts_ms',
    holds('key message hint why', 'number name text', TOLD),
  ),
  table(
    'approvals',
    'id act object digest asked_at expires_at not_before alone approved_at used_at withdrawn_at',
    holds('shown', 'number name text', TYPED),
    holds('reason', 'text', TYPED),
    holds('asked_by asked_name approved_by approved_name', 'user', AUTHOR),
  ),
  table(
    'audit',
    'seq hash at actor action object_id outcome',
    holds('entry', 'user text', CHAIN),
    holds('actor_id actor_name actor_key', 'user', CHAIN),
  ),
  table(
    'audit_words',
    'seq at salt',
    holds('words', 'number name text', [
      'time',
      'After `words_days` of `[audit]` in tapedeck.toml, or `metadata_days` if these are fewer.',
    ]),
  ),
  table('blind_windows', 'id from_at to_at reason pbx'),
  table('call_reach', 'kind started_at call_id', holds('name', 'number', WITH_CALL)),
  table(
    'calls',
    'id direction started_at answered_at ended_at outcome queue coverage_status coverage_rule missing_ms consult_for test pbx names_from names_removed_at',
    holds('linkedids', 'id', CHANNEL),
    holds('them us', 'number name', WITH_CALL),
    holds('dialled did', 'number', WITH_CALL),
    holds('legs marks', 'number name', WITH_CALL),
    holds('search', 'number name', WITH_CALL),
    holds('facts', 'number text', WITH_CALL),
    holds('coverage_reason decision', 'number text', WITH_CALL),
    holds('imported', 'number user id', IMPORTED),
  ),
  table('cdr_sources', 'pbx name since read_at last_at count problem'),
  table(
    'cdrs',
    'start_at end_at source heard_at account_id due_at pbx',
    holds('linkedid uniqueid', 'id', OF_CDR),
    holds('key', 'number', OF_CDR),
    holds('cdr', 'number name', OF_CDR),
  ),
  table(
    'certificates',
    'number signature key_id issued_at kind items last_seq',
    holds('statement', 'user text', SIGNED),
  ),
  table('changes', 'one count'),
  table('checkpoints', 'size at note'),
  table(
    'consents',
    'id kind given_at until added_at withdrawn_at erased_at',
    holds('number digits extensions', 'number', STANDING),
    holds('contact', 'name', STANDING),
    holds('how queues', 'text', STANDING),
    holds('document', 'user', AUTHOR),
    holds('added_by withdrawn_by erased_by', 'user', AUTHOR),
    holds('erased_why', 'text', [
      'stays',
      'The reason for erasing it. The recorder refuses one that has the number or the contact.',
    ]),
  ),
  table(
    'consent_counts',
    'quarter pbx mode told answer found purpose findings by_key calls first_answer last_end',
  ),
  table('consent_due', 'quarter'),
  table('coverage_counts', 'quarter pbx status finding calls first_start last_start first_end last_end'),
  table('coverage_due', 'quarter'),
  table(
    'deliveries',
    'notice_id channel made_at attempts next_at sent_at given_up_at',
    holds('notice problem', 'number name text', TOLD),
  ),
  table(
    'directives',
    'seq call_id at kind how',
    holds('who', 'user text', WITH_CALL),
    holds('leg_id', 'id', CHANNEL),
  ),
  table('ear_days', 'day kind flags calls', holds('name', 'number', WITH_CALL)),
  table('ears', 'recording_id side kind started_at flags', holds('name', 'number', WITH_CALL)),
  table('erasure_runs', 'id started_at ended_at', holds('about', 'user text', SIGNED)),
  table('erasures', 'recording_id run seq erased_at', holds('line', 'user text', SIGNED)),
  table('factor_roles', 'role'),
  table('factor_tries', 'failed last_at', holds('user_id device_hash', 'user', WITH_USER)),
  table('hold_items', 'seq matter recording_id why at', holds('by', 'user', AUTHOR)),
  table('hold_released', 'release_id seq recording_id why at', holds('by', 'user', AUTHOR)),
  table(
    'hold_releases',
    'id matter upto what recordings approval at done_seq done_at released',
    holds('query was', 'number name text', TYPED),
    holds('reason', 'text', TYPED),
    holds('asked_by approved_by', 'user', AUTHOR),
  ),
  table(
    'import_files',
    'job bytes sha256 outcome notes call_id',
    holds('path', 'number', IMPORT_FILES),
    holds('detail', 'text', IMPORT_FILES),
  ),
  table(
    'imports',
    'call_id recording_id file sha256 name job sealed',
    holds('uniqueid', 'id', [
      'stays',
      'The hash of the id of a channel, so that an original is never imported again. It leads to a person for as long as the PBX keeps its own CDRs.',
    ]),
  ),
  table(
    'invitations',
    'made_at expires_at',
    holds('user_id', 'user', WITH_USER),
    holds('code_hash', 'key', ['person', 'When the link is used or replaced.']),
  ),
  table(
    'jobs',
    'seq id kind state asked_at started_at ended_at done total faults failures next_at',
    holds('params error', 'text user', DAYS_90),
    holds('cursor', 'number', DAYS_90),
  ),
  table(
    'listed_numbers',
    'id list until added_at',
    holds('number digits', 'number', BY_LIST),
    holds('note', 'text', BY_LIST),
    holds('added_by', 'user', BY_LIST),
  ),
  table('manifest_texts', 'recording_id filler bytes', holds('data', 'number name', WITH_AUDIO)),
  table('manifests', 'recording_id sha256 signature key_id made_at'),
  table(
    'matters',
    'id opened_at applied_at applied_id revision held_query held_picked released_at',
    holds('name reason', 'text', TYPED),
    holds('query', 'number name text', TYPED),
    holds('opened_by', 'user', AUTHOR),
  ),
  table('notices', 'call_id at', holds('decision', 'number', WITH_CALL)),
  table(
    'number_lists',
    'added_at',
    holds('name note', 'text', ['person', 'When the list is removed.']),
    holds('added_by', 'user', ['person', 'When the list is removed.']),
  ),
  table(
    'organisation',
    'one changed_at',
    holds('about', 'text', ['person', 'When somebody enters it anew.']),
    holds('changed_by', 'user', ['person', 'When somebody enters it anew.']),
  ),
  table(
    'passkeys',
    'counter transports host added_at used_at',
    holds('id public_key', 'key', WITH_USER),
    holds('user_id name', 'user text', WITH_USER),
  ),
  table('peaks', 'recording_id pad bytes', holds('data', 'audio', WITH_AUDIO)),
  table(
    'policies',
    'version changed_at',
    holds('policy', 'number name text', [
      'stays',
      'Each version stays as the proof of what decided. Name numbers by a list: a list can be emptied, a version cannot be changed.',
    ]),
    holds('changed_by', 'user', AUTHOR),
  ),
  table(
    'policy_drafts',
    'approval',
    holds('draft', 'number name text', [
      'time',
      'When its approval is used or withdrawn, or with the next request after it has expired.',
    ]),
  ),
  table(
    'privacy_exclusions',
    'request_id call_id at',
    holds('reason', 'text', ASKED),
    holds('by', 'user', ASKED),
  ),
  table(
    'privacy_letters',
    'letter at',
    holds('text', 'text', [
      'stays',
      'A template for letters to everybody. When it is saved again or removed, the earlier text goes.',
    ]),
    holds('by', 'user', AUTHOR),
  ),
  table(
    'privacy_requests',
    'id number kind manner received zone region entered_at extended_at closed_at closed_day confirmed_day outcome grounds forgotten_at first_day last_day',
    holds('name', 'name', ASKED),
    holds('numbers', 'number', ASKED),
    holds('contact identity extended_reason note', 'name text', ASKED),
    holds('entered_by extended_by closed_by', 'user', AUTHOR),
  ),
  table(
    'prompts',
    'kind language hash says_purpose bytes duration_ms added_at active',
    holds('name text', 'text', ['stays', 'Says what callers were told.']),
    holds('added_by', 'user', AUTHOR),
  ),
  table(
    'recordings',
    'id call_id state duration_ms plain_bytes sealed_bytes plain_sha256 sealed_sha256 file sealed_at left_db right_db keep_until keep_rule keep_reason erase_intended_at erased_at quality quality_flags of_id version masks superseded_by min_until keep_version keep_from tier',
    holds('erase_reason redaction', 'user text', WITH_CALL),
    holds('gaps', 'text', WITH_CALL),
  ),
  table('recordings_begun', 'recording_id call_id file'),
  table(
    'recovery_codes',
    '',
    holds('user_id', 'user', WITH_USER),
    holds('code_hash', 'key', ['person', 'When the code is used or replaced, or the account removed.']),
  ),
  table(
    'report_mailings',
    'id report period day attach set_at done_day failures failing_since next_at last_at last_day last_result',
    holds('set_by set_by_name', 'user', MAILED),
    holds('last_detail', 'user text', ['person', 'With the next attempt, or when the schedule is removed.']),
  ),
  table('report_recipients', 'mailing', holds('user_id address', 'user', RECIPIENT)),
  table(
    'reports',
    'entry signature key_id made_at',
    holds('statement', 'user', [
      'stays',
      'Part of a signed report: who asked for it, and from which address.',
    ]),
  ),
  table(
    'redactions',
    'recording_id older_id file older_kept stretches at',
    holds('by reason', 'user text', ['time', 'When the redaction is finished.']),
  ),
  table('seal_checks', 'recording_id checked_at signed fault fault_at'),
  table('segment_losses', 'named_call seq lost'),
  table(
    'segments',
    'named_call seq call_id in_started_at out_started_at state in_muted_from out_muted_from swapped spool_token fed',
    holds('leg_id', 'id', CHANNEL),
    holds('because', 'text', WITH_CALL),
  ),
  table('setup', 'one at', holds('code_hash', 'key', ['person', 'When the code is used.'])),
  table(
    'tellings',
    'seq call_id what prompt started_at ended_at whole heard_by found',
    holds('leg', 'id', CHANNEL),
    holds('failed', 'text', WITH_CALL),
  ),
  table('test_calls', 'pbx at outcome fault detail measures took_ms'),
  table('ties', 'what at', holds('actor subject', 'user', ['time', 'After 60 days.'])),
  table(
    'tokens',
    'id rights created_at expires_at used_at',
    holds('user_id name used_from', 'user text', ['person', 'When the token or the account is removed.']),
    holds('token_hash', 'key', ['person', 'When the token or the account is removed.']),
  ),
  table('told', 'source seq at'),
  table('totp', 'added_at last_step', holds('user_id', 'user', WITH_USER), holds('sealed', 'key', WITH_USER)),
  table('upgrade_journals', 'id lines at'),
  table(
    'users',
    'created_at roles scope grants version disabled_at signed_in_at password_at source epoch gains',
    holds('id name name_key subject', 'user', WITH_USER),
    holds('extensions', 'number user', WITH_USER),
    holds('password_hash', 'key', WITH_USER),
  ),
  table('watch', 'pbx seen_at'),
  table('witness_gaps', 'id from_at to_at reason pbx'),
  table('witness_seen', 'pbx seen_at'),
];
