import { iso } from '../days.js';
import { canonical, sha256 } from './canonical.js';

/** Who did it: somebody who is signed in, a token of somebody's, the command line on the box itself, or Tapedeck. */
export const actorKinds = ['person', 'token', 'console', 'tapedeck'] as const;
export type ActorKind = (typeof actorKinds)[number];

const PRIVACY = [
  ...(['privacy_add', 'privacy_change', 'privacy_extend', 'privacy_exclude'] as const),
  ...(['privacy_close', 'privacy_forget', 'privacy_letter'] as const),
] as const;

/** What can be written down. Named after what was done, never after how. */
export const auditActions = [
  ...['begin', 'sign_in', 'sign_out', 'session_end', 'second_factor'],
  ...['search', 'view', 'play', 'heard', 'download', 'export', 'report', 'direct'],
  ...[
    'policy_change',
    'person_add',
    'person_change',
    'person_remove',
    'password_change',
    'token_add',
    'token_remove',
  ],
  ...[
    'sealed',
    'erase',
    'erased',
    'retention_run',
    'retention_apply',
    'certificate',
    'redact',
    'redacted',
    'older_erase',
  ],
  ...['start', 'stop', 'blind_window', 'key_rotation', 'checkpoint', 'damage'],
  ...['recordings_check', 'job_cancel', 'dashboard_restart', 'archive', 'import'],
  ...['backup', 'backup_check', 'backup_drill', 'backup_expired', 'restore', 'move'],
  ...['prompt_add', 'prompt_activate'],
  ...['consent_add', 'consent_withdraw', 'consent_erase'],
  ...['hold_open', 'hold_add', 'hold_release'],
  ...PRIVACY,
  ...['approval_ask', 'approval_give', 'approval_withdraw', 'approval_use'],
  ...['mailing_save', 'mailing_remove', 'report_mail', 'organisation_change'],
] as const;
export type AuditAction = (typeof auditActions)[number];

/** What an auditor asks for, in the order in which they ask for it. */
export const auditGroups = {
  hearing: ['play', 'heard', 'download', 'export', 'report_mail'],
  looking: ['search', 'view', 'report'],
  signing_in: ['sign_in', 'sign_out', 'session_end', 'second_factor'],
  people: ['person_add', 'person_change', 'person_remove', 'password_change', 'token_add', 'token_remove'],
  rules: [
    'policy_change',
    'direct',
    'prompt_add',
    'prompt_activate',
    'consent_add',
    'consent_withdraw',
    'mailing_save',
    'mailing_remove',
    'organisation_change',
  ],
  approvals: ['approval_ask', 'approval_give', 'approval_withdraw', 'approval_use'],
  erasing: [
    'retention_run',
    'retention_apply',
    'erase',
    'erased',
    'certificate',
    'redact',
    'redacted',
    'older_erase',
    'consent_erase',
  ],
  holds: ['hold_open', 'hold_add', 'hold_release'],
  privacy: PRIVACY,
  recorder: [
    'begin',
    'start',
    'stop',
    'blind_window',
    'sealed',
    'damage',
    'key_rotation',
    'checkpoint',
    'recordings_check',
    'job_cancel',
    'dashboard_restart',
    'archive',
    'import',
    'backup',
    'backup_check',
    'backup_drill',
    'backup_expired',
    'restore',
    'move',
  ],
} as const satisfies Record<string, readonly AuditAction[]>;

export const auditOutcomes = ['ok', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/**
 * One thing that was done. Text is cleaned and capped; it may name a person who uses Tapedeck, never a secret, and nobody
 * outside: entries stay for good, so a call is named by its id alone, and words that were looked for are in `words`.
 */
export type AuditEvent = {
  /** ISO 8601, UTC, with milliseconds. */
  at: string;
  actor: ActorKind;
  /** The id of the person or token, empty for the other kinds, and the name at that time. */
  actor_id: string;
  actor_name: string;
  /** The address from which it came; empty on the box itself. */
  address: string;
  action: AuditAction;
  /** What it was done to, such as "call" and its id; empty for nothing in particular. */
  object: string;
  object_id: string;
  /** What the person gave as the reason. */
  reason: string;
  outcome: AuditOutcome;
  /** What else is to be known, such as the seconds that were heard. */
  detail: Record<string, string | number | boolean | null | string[]>;
};

/**
 * What somebody looked for. It may be anybody's name or number, so that it must not stand in an entry for good: it is kept
 * apart for a while, and the entry has a digest of it with some salt, by which it can be proven as long as it is there.
 */
export type SaidWords = { words: string };

/** What is to be written: an event, and words that are to be forgotten some day. */
export type NewEntry = AuditEvent & Partial<SaidWords>;

/** Who did it and from where. */
export type Actor = Pick<AuditEvent, 'actor' | 'actor_id' | 'actor_name' | 'address'>;
export const TAPEDECK: Actor = { actor: 'tapedeck', actor_id: '', actor_name: '', address: '' };

/** What there is to say of an entry. */
export type About = Partial<
  Pick<NewEntry, 'object' | 'object_id' | 'reason' | 'outcome' | 'detail' | 'words'>
>;

/** An entry of what was done at that time (ms since 1970): well, and to nothing in particular, unless `more` says so. */
export const entryOf = (by: Actor, at: number, action: AuditAction, more: About = {}): NewEntry => ({
  at: iso(at),
  ...by,
  action,
  ...{ object: '', object_id: '', reason: '', outcome: 'ok' as const, detail: {} },
  ...more,
});

/** An event in its place in the log. `hash` is what the chain comes to with it, in hex. */
export type AuditEntry = AuditEvent & { seq: number; hash: string };

/** Where the chain begins. */
export const GENESIS = sha256('tapedeck audit log, version 1');

/** An entry as it is kept and hashed. */
export const entryText = ({ seq, ...event }: AuditEvent & { seq: number }): string =>
  canonical({ seq, ...event });

/** What stands for an entry in the chain: it proves its place to somebody who may not read it. */
export const digestOf = (entry: AuditEvent & { seq: number }): string => digestOfText(entryText(entry));
export const digestOfText = (text: string | Uint8Array): string => sha256('tapedeck audit entry\n', text);

/** What the chain comes to when this entry follows. */
export const linked = (before: string, digest: string): string =>
  sha256(`tapedeck audit link\n${before}\n${digest}`);

/** What stands in the entry of a search for its words. Without the salt nobody can try out numbers. */
export const digestOfWords = (salt: string, words: string): string =>
  sha256(`tapedeck audit words\n${salt}\n`, words);

/** How far a log goes: its number of entries, and what its chain comes to. */
export type Head = { size: number; hash: string };
export const EMPTY: Head = { size: 0, hash: GENESIS };

/** A row of the log: the entry as it is kept, and the hash beside it. */
export type Row = { seq: number; text: string | Uint8Array; hash: string };

export type FaultKind =
  | 'missing'
  | 'inserted'
  | 'altered'
  | 'hash_altered'
  | 'misplaced'
  | 'unreadable'
  | 'rewritten'
  | 'cut_off';
/** The first entry of a log that is not what it was, and what is wrong with it. */
export type Fault = { seq: number; kind: FaultKind };

/** What is wrong, and what to do about it, for people. */
export const faultWords: Record<FaultKind, (seq: number) => string> = {
  missing: (seq) => `Entry ${seq} is missing.`,
  inserted: (seq) => `Entry ${seq} was inserted: it has no place in the chain.`,
  altered: (seq) => `Entry ${seq} differs from what was written.`,
  hash_altered: (seq) => `The hash of entry ${seq} differs from what was written; the entry itself does not.`,
  misplaced: (seq) => `Another entry is in the place of entry ${seq}.`,
  unreadable: (seq) => `Entry ${seq} cannot be read.`,
  rewritten: (seq) => `The log was rewritten from entry ${seq} on: it is not the log that was signed.`,
  cut_off: (seq) => `The log is cut off from entry ${seq} on: it had more entries when it was signed.`,
};
export const FAULT_HINT =
  'Keep a copy of this catalogue as it is, and compare it with a backup and with checkpoints kept elsewhere. Everything before that entry is proven. Then find out who could write to the file.';

/**
 * Follows the chain by one row: gives how far it goes with it, or what is wrong. `after` is the row behind, if there is
 * one: it tells whether the entry or its hash was altered.
 */
export function follow(before: Head, row: Row, after?: Row): Head | Fault {
  const seq = before.size + 1;
  if (row.seq !== seq) return { seq, kind: row.seq > seq ? 'missing' : 'inserted' };
  const digest = digestOfText(row.text);
  const hash = linked(before.hash, digest);
  const said = saidSeq(row.text);
  if (hash === row.hash && said === seq) return { size: seq, hash };
  if (hash === row.hash) return { seq, kind: 'inserted' };
  if (said === null) return { seq, kind: 'altered' };
  if (said !== seq) return { seq, kind: 'misplaced' };
  const goesOn = after && linked(hash, digestOfText(after.text)) === after.hash;
  return { seq, kind: goesOn ? 'hash_altered' : 'altered' };
}

export const isFault = (found: Head | Fault): found is Fault => 'kind' in found;

/** The number that an entry says it has; null where it is not an entry at all. In canonical JSON it stands last. */
function saidSeq(text: string | Uint8Array): number | null {
  const end = typeof text === 'string' ? text.slice(-40) : ascii(text.subarray(-40));
  const found = /,"seq":(\d{1,15})\}$/.exec(end);
  return found ? Number(found[1]) : null;
}

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
