import { type Static, Type } from 'typebox';
import { approvalStates } from '../../approval/approval.js';
import { type AuditEvent, auditActions, auditOutcomes } from '../../assurance/audit.js';
import { askedKinds } from '../../call/directive.js';
import { FIRST, PbxId } from '../../pbx.js';
import { Apply, PolicyDraft } from '../../policy/draft.js';
import { olderRules, Policy } from '../../policy/policy.js';
import { orNull } from '../../reason/coded.js';
import { AskedView, JobView } from '../job.js';
import {
  By,
  Console,
  Id,
  Moment,
  NOTHING,
  post,
  proved,
  Signed,
  type StreamRequest,
  Text,
} from './request.js';

/** What can be asked about recordings and rules, and what the dashboard has to say for the audit log. */

/** A run destroys keys and files one by one. */
const ERASE_MS = 3_600_000;
/** A recording is read, and what of the audit log came after it. */
const PACK_MS = 180_000;
/** The PBX may be asked for several things in turn. */
const DIRECT_MS = 20_000;
/** One recording is read after the other. */
const EXAMINE_MS = 10_000;

/** More than the longest request that the dashboard takes from its own users: 1 MiB. */
const POLICY_BYTES = 2 * 1024 * 1024;

const Line = Text(1_000);
const Detail = Type.Unsafe<AuditEvent['detail']>(
  Type.Record(
    Type.String({ pattern: '^[a-z0-9_]{1,40}$' }),
    Type.Union([Line, Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Line, { maxItems: 100 })]),
    { additionalProperties: false, maxProperties: 40 },
  ),
);
export const About = { object: Text(40), object_id: Text(100), reason: Text(300), detail: Detail };

/** What is to be silent, ms from the beginning of the recording. */
export const Stretch = Type.Object({
  side: Type.Enum(['both', 'them', 'us']),
  from_ms: Type.Number({ minimum: 0, maximum: 604_800_000 }),
  until_ms: Type.Number({ minimum: 0, maximum: 604_800_000 }),
});
const MOST_STRETCHES = 100;
/** That sound of a version was given to somebody. */
const Left = Type.Object({
  at: Type.String(),
  by: Type.String(),
  action: Type.Enum(['play', 'download', 'export']),
  version: Type.Integer(),
});

/** How many entries are taken at once. */
export const MOST_ENTRIES = 200;

/**
 * What somebody did at the dashboard that changes nothing: a look, a search, what sounded, a sign-out, a refusal. It was done
 * `at`, and may be told later, when the recorder was away; then the entry has both times. `seq`: its place in what this dashboard
 * tells, so that what is told twice is written once.
 */
export const Told = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  at: Moment,
  /** The person, empty where nobody is known; and the id of an API token of theirs. */
  person: Text(100),
  token: Type.Optional(Id),
  address: Text(80),
  /** By the dashboard itself. */
  own: Type.Optional(Type.Boolean()),
  action: Type.Enum([...auditActions]),
  outcome: Type.Enum([...auditOutcomes]),
  ...About,
  words: Type.Optional(Text(300)),
});

export const RECORDINGS = {
  /**
   * Writes entries, in this order and in one transaction. `source` names the dashboard's own database; the answer is how far that
   * has told. Throws `request_invalid` for an action that is not told but asked for, `too_many`, `audit_unwritable`.
   */
  tell: post(
    '/audit/tell',
    Type.Object({ source: Id, entries: Type.Array(Told, { minItems: 1, maxItems: MOST_ENTRIES }) }),
    Type.Object({ seq: Type.Integer() }),
  ),
  /**
   * A table or a document is given out: written before it is. Needs the right that the object asks for: `audit` and `checkpoint`,
   * `consent`, `hold`, `consent_report`, `coverage` and `retention`, `list`, or `call` with the id of one, of which they have to reach all. Throws `forbidden`,
   * `call_unknown`, `reason_needed`, `too_many`, `audit_unwritable`.
   */
  give_out: post('/audit/give-out', Type.Object({ by: By, ...About }), NOTHING),

  /**
   * Writes the entry `play` or `download`, then gives the key of this one recording. Throws `call_unknown`, `forbidden`,
   * `reason_needed`, `recording_absent`, `key_missing`, `too_many`.
   */
  open_recording: post(
    '/recordings/open',
    Type.Object({
      by: Signed,
      call: Id,
      as: Type.Enum(['play', 'download']),
      reason: Text(300),
    }),
    Type.Object({ recording: Type.String(), identity: Type.String() }),
  ),
  /** The same for a test call, with the recorder's pass for it: once, and without an entry. Throws `call_unknown`. */
  open_test_call: post(
    '/recordings/open-test-call',
    Type.Object({ pass: Text(40), call: Id }),
    Type.Object({ recording: Type.String(), identity: Type.String() }),
  ),
  /**
   * A recording that was to be played did not open or broke off. The recorder reads it again itself and puts on record what it
   * finds; answers when that is done.
   */
  met_damage: post('/recordings/damage', Type.Object({ recording: Id }), NOTHING, { timeoutMs: EXAMINE_MS }),

  /**
   * Somebody says this about the recording of a call: it is kept, and carried out, before it is answered. Needs `direct` on the call.
   * Throws `call_unknown`, `forbidden`, `call_over`, `decline_stands`, `too_many`.
   */
  direct_call: post(
    '/calls/direct',
    Type.Object({ by: By, call: Id, kind: Type.Enum([...askedKinds]) }),
    NOTHING,
    { timeoutMs: DIRECT_MS },
  ),

  /** Makes a new version of the policy. Needs the right `settings` and a proof. */
  save_policy: proved(
    'rules',
    '/policy/save',
    Type.Object({
      by: By,
      policy: Policy,
      based_on: Type.Integer(),
      /** This may take away the last emergency number. */
      no_emergency_numbers: Type.Boolean(),
      /** Existing recordings get their dates by it too, by a job. Left out: only recordings made from now on. */
      apply: Type.Optional(Apply),
    }),
    Type.Object({ version: Type.Integer() }),
    { maxBytes: POLICY_BYTES, object: ({ based_on: basedOn }) => String(basedOn) },
  ),
  /**
   * Asks a second person to approve that this policy is saved, and keeps it with the request: it keeps existing recordings for less
   * time, or turns two-person control off for something. Returns the id of the approval. Needs `settings`. Throws `policy_conflict`,
   * `emergency_unconfirmed`, and `request_invalid` for a policy that needs no approval, or where that is more than can be shown at once.
   */
  ask_policy: post(
    '/policy/ask',
    Type.Object({ ...{ by: By, reason: Text(300) }, ...PolicyDraft.properties }),
    Type.Object({ id: Type.String() }),
    { maxBytes: POLICY_BYTES },
  ),
  /**
   * Saves the policy that was kept with an approval, for the person who asked for it. Throws `approval_unknown` where none is kept (any
   * more), `approval_missing` unless it was approved and can be used, and what saving a policy throws.
   */
  save_approved: proved(
    'rules',
    '/policy/save-approved',
    Type.Object({ by: By, approval: Id }),
    Type.Object({ version: Type.Integer() }),
    { object: ({ approval }) => approval },
  ),
  /**
   * Silences stretches of a recording: makes a new version of it, and destroys the key of the one before, or keeps that for nobody to
   * hear but with a second person. What the policy says of earlier versions wins. Answers with every time that sound of the versions before was given out. Needs the right `settings` and a proof. Throws
   * `recording_absent`, `call_unknown`, `redaction_refused`, `request_invalid`, `encode_failed`.
   */
  redact_recording: proved(
    'erasing',
    '/recordings/redact',
    Type.Object({
      by: By,
      recording: Id,
      stretches: Type.Array(Stretch, { minItems: 1, maxItems: MOST_STRETCHES }),
      reason: Text(300),
      older: Type.Enum(['destroy', 'keep']),
    }),
    Type.Object({
      recording: Type.String(),
      version: Type.Integer(),
      older: Type.String(),
      /** It was kept: somebody wanted that, or it is under legal hold or has to be kept for a time. */
      older_kept: Type.Boolean(),
      left: Type.Array(Left),
    }),
    { timeoutMs: ERASE_MS, object: ({ recording }) => recording },
  ),
  /** Every time that sound of an earlier version of a call's recording was given out, newest first. Needs `settings`. */
  redacted_versions: post(
    '/recordings/redacted',
    Type.Object({ by: By, call: Id }),
    Type.Object({ left: Type.Array(Left) }),
  ),
  /**
   * The versions of a call's recording from before its redactions, whether they were kept, and whether this person may listen to them. `rule`:
   * what the policy says becomes of earlier versions, null where each redaction says. Throws `call_unknown`, `forbidden`.
   */
  earlier_versions: post(
    '/recordings/earlier',
    Type.Object({ by: By, call: Id }),
    Type.Object({
      rule: orNull(Type.Enum([...olderRules])),
      versions: Type.Array(
        Type.Object({
          recording: Type.String(),
          version: Type.Integer(),
          duration_ms: Type.Number(),
          kept: Type.Boolean(),
          redacted_by: Type.String(),
          redacted_at: Moment,
          reason: Type.String(),
          stretches: Type.Array(Stretch),
          erased_at: orNull(Moment),
          approval: orNull(Type.String()),
          access: orNull(Type.Enum([...approvalStates])),
          until: orNull(Moment),
          may_ask: Type.Boolean(),
        }),
      ),
    }),
  ),
  /**
   * Asks that a second person approves to listen to an earlier version. One that is open already is answered. Needs `play` on all of the
   * call. Throws `recording_absent`, `key_missing`, `call_unknown`, `forbidden`, `request_invalid`, `too_many`.
   */
  ask_older: post(
    '/recordings/earlier/ask',
    Type.Object({ by: Signed, recording: Id, reason: Text(300) }),
    Type.Object({ approval: Type.String() }),
  ),
  /**
   * Writes the entry `play` or `download`, then gives the key of this earlier version: only to the person who asked for exactly this one, once
   * a second person has approved, for 24 hours. Throws as `ask_older` does, and `approval_missing`.
   */
  open_older: post(
    '/recordings/earlier/open',
    Type.Object({ by: Signed, recording: Id, as: Type.Enum(['play', 'download']) }),
    Type.Object({ recording: Type.String(), identity: Type.String() }),
  ),
  /** Erases an earlier version that was kept. Needs the right `settings` and a proof; no second person. */
  erase_older: proved(
    'erasing',
    '/recordings/earlier/erase',
    Type.Object({ by: By, recording: Id, reason: Text(300) }),
    NOTHING,
    { timeoutMs: ERASE_MS, object: ({ recording }) => recording },
  ),
  /** Starts a check of all recordings. Returns the job, and whether it was already waiting or running. Needs `settings`. */
  /**
   * Imports the recordings of another recorder that lie in a folder. `zone`: of the PBX's clock; `cdr`: the path of a file with CDRs,
   * `configured` or `none`; `left`: whose voice the left channel of a stereo file has; `with_due`: also what is past its retention.
   */
  import_recordings: post(
    '/import/begin',
    Type.Object({
      by: Console,
      dir: Text(4_000, 1),
      pbx: { ...PbxId, default: FIRST },
      zone: Text(80, 1),
      cdr: Text(4_000, 1),
      left: Type.Enum(['caller', 'callee']),
      with_due: Type.Boolean(),
    }),
    AskedView,
    { socket: 'owner' },
  ),
  check_recordings: post('/recordings/check', Type.Object({ by: By }), AskedView),
  /** Moves recordings that are due to the archive. Returns the job, and whether it was already waiting or running. Needs `settings`. */
  move_to_archive: post('/recordings/archive', Type.Object({ by: By }), AskedView),
  /** Returns the cancelled job. Needs `settings`. */
  cancel_job: post('/jobs/cancel', Type.Object({ by: By, id: Text(40) }), JobView),
} as const;

/** What of recordings is given out as a stream. */
export const RECORDING_STREAMS = {
  /**
   * The evidence pack of a call, as a ZIP: everything in it is verified, then the entry `export` is written, then it is given
   * out. Throws `call_unknown`, `forbidden`, `approval_missing`, `request_invalid` where a reason is owed, `too_many`, and what
   * `evidencePack` throws.
   */
  make_evidence: {
    path: '/recordings/evidence',
    /** `version`: one from before a redaction, for which this person has an approval; empty for what everybody hears. */
    body: Type.Object({ by: Signed, call: Id, reason: Text(300), version: Text(26) }),
    /** The name of the file. */
    head: Type.Object({ name: Type.String() }),
    type: 'application/zip',
    timeoutMs: PACK_MS,
  },
} as const satisfies Record<string, StreamRequest>;

export type Told = Static<typeof Told>;
