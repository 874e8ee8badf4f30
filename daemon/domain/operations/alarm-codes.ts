import { type Static, Type } from 'typebox';
import { APPROVER, type ApprovalAct } from '../approval/approval.js';
import { type FaultKind, faultWords } from '../assurance/audit.js';
import { type TestFault, testFaults } from '../call/test-fault.js';
import { type CertificateDoubt, certificateDoubts } from '../certificate/certificate.js';
import { type FactorChange, factorChanges } from '../people/factor.js';
import {
  type Coded,
  Count,
  codedView,
  codesOf,
  Ms,
  NOTHING,
  orNull,
  shape,
  Text,
  Time,
} from '../reason/coded.js';
import { Inner, isWhy, SHAPES } from '../reason/reason.js';
import type { RefusalKind } from '../recording/captures.js';

/**
 * What each alarm is about: a code, and what was special about this time. Rows, messages and the API carry it; `alarmInWords`
 * has the words. Codes are never renamed or removed, because programs that receive alarms know them.
 */

const oneOf = <T extends string>(words: Record<T, unknown>) => Type.Unsafe<T>(Type.Enum(Object.keys(words)));
/** An error of Tapedeck's by its code, and what was special about it. */
const ERROR = { error: Text, detail: Text };
/** The first few of several. */
const named = <P extends Parameters<typeof shape>[0]>(params: P) => Type.Array(shape(params));

/** Of one PBX: where there are several, `pbx` says which. */
const ofPbx = <P extends Parameters<typeof shape>[0]>(params: P) =>
  shape({ ...params, pbx: Type.Optional(shape({ id: Text, name: Text })) });

export const ALARMS = {
  pbx_removed: shape({ id: Text, open: Count, waiting: Count }),
  // The PBX and its calls. `error` is null where the link has not said what is wrong.
  pbx_link: ofPbx({ link: oneOf({ ari: true, ami: true }), ...ERROR }),
  pbx_down: ofPbx({ error: orNull(Text) }),
  pbx_ari_down: ofPbx({ error: orNull(Text) }),
  pbx_ami_down: ofPbx({ error: orNull(Text) }),
  /** What the recorder needs and no call has missed yet, in the words of `tapedeck doctor`. `check`: what it looked at. */
  need_missing: ofPbx({ check: Text, says: Text, todo: Text }),
  pbx_clock: ofPbx({ ms: Ms }),
  pbx_starved: ofPbx({}),
  clock_moved: shape({ ms: Ms }),
  event_loop_slow: NOTHING,
  capture_silent: ofPbx({}),
  mask_timed_out: ofPbx({}),
  mask_leaked: ofPbx({ call: Text }),
  // `strict`: nothing may be recorded of people who were not told.
  telling_failed: ofPbx({ call: Text, strict: Type.Boolean(), ...ERROR }),
  captures_fail: ofPbx({}),
  // `ms`: how much of the masked audio had been written.
  mask_failed: ofPbx({ call: Text, at: Time, ms: Ms }),
  // `prompts`: how many were played, and are not in the recording.
  prompt_not_found: ofPbx({ call: Text, at: Time, prompts: Count }),
  silent_side: ofPbx({ kind: oneOf({ extension: true, line: true }), name: Text }),
  // `detail`: what the test call found, with figures.
  test_call_fault: ofPbx({ fault: oneOf<TestFault>(testFaults), detail: Text }),
  test_call_not_set_up: ofPbx({ fault: oneOf<TestFault>(testFaults), detail: Text }),
  test_call_failed: ofPbx({}),
  foreign_test_calls: ofPbx({ calls: Count, call: Text }),
  // `name`: who; null where it was everybody together.
  recordings_taken: shape({ name: orNull(Text), hourly: Count }),

  // `at`: from when on it can be used.
  approval_alone: shape({ act: oneOf<ApprovalAct>(APPROVER), name: Text, at: Time }),

  // Told outside the dashboard, because one that was taken over can have done it in somebody's name. `factor`: the name of the passkey,
  // or what was removed. `by`: who did it on the command line; null: a session of the person. `counts`: from when it can approve.
  factors_changed: shape({
    ...{ name: Text, change: Type.Unsafe<FactorChange>(Type.Enum([...factorChanges])) },
    ...{ factor: Text, by: orNull(Text), counts: orNull(Time) },
  }),
  approver_new: shape({ name: Text, by: Text }),

  // Recordings and what they are made from.
  preserve_behind: NOTHING,
  /** `calls`: how many wait, of which the first ended at `since`. */
  processor_short: shape({ calls: Count, since: Time }),
  preserve_failed: shape({ error: Text, minutes: Count }),
  spool_denied: ofPbx({ calls: Count, ...ERROR }),
  spool_left: ofPbx({ files: Count, ...ERROR }),
  spool_strange: ofPbx({
    ...{ files: Count, file: Text },
    refusal: shape({
      kind: oneOf<RefusalKind>({ not_plain: true, several_names: true, other_owner: true }),
      ...{ links: Count, owner: Count, folder: Count },
    }),
  }),
  /** `until`: when it is removed. */
  spool_unknown: ofPbx({ files: Count, file: Text, until: Type.Optional(Time) }),
  spool_rights: ofPbx({ dir: Text, fault: Text }),
  recording_damaged: shape({ recordings: Count, named: named({ call: Text, fault: Text }) }),
  recording_stray: shape({ files: Count, named: named({ file: Text, recording: orNull(Text) }) }),
  foreign_erasing: shape({ recordings: Count, named: named({ recording: Text, call: Text }) }),
  foreign_redaction: shape({ recordings: Count, named: Type.Array(Text) }),
  foreign_erased: shape({ recordings: Count, named: Type.Array(Text) }),
  certificate_refused: shape({
    recordings: Count,
    named: named({ recording: Text, call: Text, fault: oneOf<CertificateDoubt>(certificateDoubts) }),
  }),
  certificate_forged: shape({ number: Count }),
  /** `confirm`: the word that has it erased all the same; null where that was begun before the last stop. */
  retention_refused: shape({ why: Inner, confirm: orNull(Text) }),
  /** `since`: when the oldest of them was due. */
  retention_overdue: shape({ recordings: Count, since: Time }),
  signing_key_new: shape({ key: Text }),

  /** Requests of people about recordings of themselves. `number`, `day`: the most urgent one, and its last day. */
  request_confirm: shape({ requests: Count, number: Count, day: Text }),
  request_due: shape({ requests: Count, number: Count, day: Text }),
  request_overdue: shape({ requests: Count, number: Count, day: Text }),

  // What can be proved.
  call_missed: ofPbx({ from: Text, to: Text, at: Time, ms: Ms, why: orNull(Inner) }),
  calls_missed: ofPbx({ calls: Count }),
  /** `since`: when the last one came; null where none ever has. */
  cdr_silent: ofPbx({ since: orNull(Time) }),
  cdr_source: ofPbx({ source: Text }),
  cdr_journal: ofPbx({ file: Text, detail: Text }),
  audit_chain: shape({ entry: Count, fault: oneOf<FaultKind>(faultWords) }),
  audit_checkpoint: shape({ error: orNull(Text) }),

  // The recorder ended at its start, and only a person can help: it sends this itself, and nothing clears it.
  recorder_not_started: shape(ERROR),

  // The catalogue, the data directory and the disks.
  catalogue_fails: NOTHING,
  catalogue_damaged: shape({ file: Text, ...ERROR }),
  upgrade_failed: shape({ ...ERROR }),
  // `lock`: whether it was still there after that.
  dashboard_restarted: shape({ file: Text, seconds: Count, lock: oneOf({ let_go: true, held: true }) }),
  catalogue_rows: shape({ rows: Count, named: named({ table: Text, key: Text, fault: Text }) }),
  catalogue_policy: shape({ version: Count, fault: Text }),
  catalogue_schema: shape({ faults: Type.Array(Text) }),
  catalogue_empty: shape({ catalogue: Text, keys: Text, recordings: Count }),
  data_strange: shape({ files: Count, named: Type.Array(Text) }),
  keys_were_open: shape({ file: Text }),
  disk_full: shape({ disk: oneOf({ data: true, spool: true }), room: SHAPES.disk_full }),
  disk_reserve: shape({ room: SHAPES.disk_full }),
  disk_low: NOTHING,
  disk_slow: shape({ dir: Text }),
  disk_stalled: shape({ data: Text, spool: Text }),
  archive_unreachable: shape({ recordings: Count, detail: Text }),
  archive_unwritable: shape({ directory: Text, fault: Text }),
  archive_full: shape({ directory: Text, free: Count, reserve: Count }),
  archive_fails: shape({ directory: Text, recording: Text, detail: Text }),

  // Backups. `since`: when the last one was made; null for never.
  backup_failed: shape({
    what: oneOf({ backup: true, check: true, list: true, keys: true, drill: true }),
    ...ERROR,
  }),
  backup_locked: shape({ place: Text }),
  backup_overdue: shape({ since: orNull(Time) }),
  backup_damaged: shape({ backup: Text, faults: Count, first: Text }),
  backup_unchecked: shape({ since: orNull(Time) }),
  drill_failed: shape({ backup: Text, faults: Count, first: Text }),
  drill_overdue: shape({ since: orNull(Time) }),

  // Messages on their way out.
  alerts_undelivered: shape({ channel: Text, detail: Text }),
  checkpoints_undelivered: shape({ channel: Text, detail: Text }),
  // A report by mail. `over`: it is not tried again.
  mailing_failed: shape({ report: Text, detail: Text, over: Type.Boolean() }),
  mailing_stopped: shape({ report: Text, detail: Text }),
};

type Params = { [C in keyof typeof ALARMS]: Static<(typeof ALARMS)[C]> };
/** What is wrong, for alarms that are raised. */
export type NewAlarmWhy = Coded<Params>;
/** The same, or sentences of a version that had no codes, which are only ever read. */
export type AlarmParams = Params & { text: { message: string; hint: string } };
export type AlarmWhy = Coded<AlarmParams>;

/** How the API has it beside `message` and `hint`. */
export const alarmShape = {
  message: Type.String(),
  hint: Type.String(),
  why: Type.Unsafe<AlarmWhy | null>(
    codedView(
      ['text', ...Object.keys(ALARMS)],
      '`message` and `hint` as a code with what was special about this time; null where it is not told. Times are ms since 1970.',
    ),
  ),
};

/** Whether alarms of this code can name their PBX. */
export const tellsOfPbx = (code: keyof typeof ALARMS): boolean =>
  Object.hasOwn(ALARMS[code].properties, 'pbx');

const codes = codesOf(ALARMS);

/** Returns a value that was read as what is wrong. Throws `UnknownReason`. */
export function toAlarmWhy(value: unknown): AlarmWhy {
  if (codes.fits(value)) {
    const { why = null } = value.params as { why?: unknown };
    if (why === null || isWhy(why)) return value as NewAlarmWhy;
  }
  throw codes.unknown(value);
}
