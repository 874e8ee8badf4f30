import { type Static, Type } from 'typebox';
import { type ActorKind, actorKinds } from '../assurance/audit.js';
import { canonical, sha256 } from '../assurance/canonical.js';
import { iso } from '../days.js';
import type { CallId, RecordingId } from '../recording/recording.js';
import type { Tier } from '../recording/tier.js';

/** What can have recordings erased. */
export const erasureKinds = ['retention', 'by_hand', 'request', 'room', 'redaction'] as const;
export type ErasureKind = (typeof erasureKinds)[number];

/** Who asked for an erasure: somebody with an account, somebody at the console, or Tapedeck's own schedule. */
export type Requester = { actor: ActorKind; id: string; name: string };
export const ON_SCHEDULE: Requester = { actor: 'tapedeck', id: '', name: '' };

/** One run that erases recordings: what started it, and on whose word. Times are ms since 1970. */
export type ErasureRun = {
  id: string;
  kind: ErasureKind;
  requestedBy: Requester;
  /** The second person, where the act needed one. */
  approvedBy: { id: string; name: string } | null;
  /** What the requester refers to, such as the number of a case; empty for nothing. */
  reference: string;
  reason: string;
  startedAt: number;
};
/** A run before it has an id and a time. */
export type NewRun = Omit<ErasureRun, 'id' | 'startedAt'>;

export const RETENTION_RUN: NewRun = {
  kind: 'retention',
  requestedBy: ON_SCHEDULE,
  approvedBy: null,
  reference: '',
  reason: '',
};

const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(type: T) =>
  Type.Union([type, Type.Null()]);
const Text = Type.String();
/** ISO 8601 in UTC with milliseconds. */
const Time = Type.String();
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Count = Type.Integer({ minimum: 0 });

/** Something that left Tapedeck before the erasure, as the audit log has it. */
const Left = Type.Object({ entry: Count, at: Time, by: Text, what: Text });

/** `unknown`: it could not be looked up. */
const Presence = Type.Enum(['absent', 'present', 'unknown']);
/** `pending`: it is in an archive that could not be reached, and is removed once it can; without its key nobody can open it. */
const FilePresence = Type.Enum(['absent', 'present', 'unknown', 'pending']);

/** One erased recording on a certificate. It names no party of the call. */
export const CertificateItem = Type.Object({
  recording: Text,
  version: Count,
  call: Text,
  call_started_at: Nullable(Time),
  call_ended_at: Nullable(Time),
  duration_ms: Count,
  sealed_at: Nullable(Time),
  sealed_bytes: Count,
  sealed_sha256: Text,
  manifest_sha256: Nullable(Text),
  policy: Type.Object({
    version: Nullable(Type.Integer()),
    rule: Nullable(Text),
    purpose: Nullable(Text),
    legal_basis: Nullable(Text),
  }),
  reason: Text,
  erasure_began_at: Nullable(Time),
  erased_at: Time,
  audit_entries: Type.Array(Count),
  verified: Type.Object({
    at: Time,
    key: Presence,
    file: FilePresence,
  }),
  left: Type.Array(Left),
  left_not_listed: Count,
});
export type CertificateItem = Static<typeof CertificateItem>;

export const MEDIA_DEVICES = ['ssd', 'hdd', 'unknown'] as const;

const RequesterShape = Type.Object({ actor: Type.Enum([...actorKinds]), id: Text, name: Text });

/** What is signed. The items are bound to it by the hash of their lines. */
export const CertificateStatement = Type.Object({
  type: Type.Literal('tapedeck certificate of erasure'),
  format: Type.Literal(1),
  number: Type.Integer({ minimum: 1 }),
  issued_at: Time,
  site: Type.Object({ name: Text, time_zone: Text }),
  tool: Type.Object({ name: Text, version: Text }),
  erasure: Type.Object({
    kind: Type.Enum([...erasureKinds, 'unknown']),
    requested_by: Type.Union([RequesterShape, Type.Null()]),
    approved_by: Type.Union([Type.Object({ id: Text, name: Text }), Type.Null()]),
    reference: Text,
    reason: Text,
  }),
  executed: Type.Object({ from: Time, to: Time }),
  items: Type.Object({ count: Type.Integer({ minimum: 1 }), sha256: Hash }),
  /** Calls that lost their names and numbers since the certificate before. Certificates of earlier versions do not say. */
  names: Type.Optional(Type.Object({ calls: Count, method: Text })),
  method: Text,
  media: Type.Object({ file_system: Text, device: Type.Enum([...MEDIA_DEVICES]) }),
  verification: Type.Object({ method: Text, failed: Count }),
  legal_holds: Type.Object({ result: Type.Literal('none'), method: Text }),
  residuals: Type.Object({ backups: Text, copies: Text, left: Count }),
  audit: Type.Object({ log: Text, first: Count, last: Count, size: Count, hash: Hash }),
  key: Type.Object({ id: Text, sha256: Hash }),
});
export type CertificateStatement = Static<typeof CertificateStatement>;

/** A certificate as it is kept. Its items are rows of their own. */
export type Certificate = {
  number: number;
  /** Canonical JSON: the bytes that are signed. */
  text: string;
  /** Ed25519, base64. */
  signature: string;
  keyId: string;
  issuedAt: number;
  kind: ErasureKind | 'unknown';
  items: number;
};

/** A recording that was erased and is on no certificate yet. `seq` orders erasures. */
export type Erasure = {
  seq: number;
  recording: RecordingId;
  call: CallId;
  version: number;
  run: ErasureRun | null;
  startedAt: number | null;
  endedAt: number | null;
  durationMs: number;
  sealedAt: number | null;
  sealedBytes: number;
  sealedSha256: string;
  manifestSha256: string | null;
  file: string;
  tier: Tier;
  policyVersion: number | null;
  rule: string | null;
  reason: string;
  beganAt: number | null;
  erasedAt: number;
  /** Its line, once it was described: it stays as it is then. */
  text: string | null;
};

export const METHOD =
  "Cryptographic erasure: the recording's X25519 key was destroyed in keys.db (rollback journal, secure_delete), then the age file was unlinked and its folder synced. A file in an archive that could not be reached is marked as pending: it is unlinked once the archive is back, and the audit log has an entry then. This says nothing about what the drive itself retains.";
export const VERIFICATION =
  'After the erasure, the key was looked up in keys.db and the file by its path in the data directory and in the archive, if there is one. Each item has both results.';
export const NAMES_METHOD =
  'Names and numbers of these calls, which have no audio any more, were overwritten in the catalogue (secure_delete). It counts those since the certificate before this one.';
export const HOLD_METHOD =
  'Legal holds were checked in the transaction in which each erasure began. No listed recording was under one.';
const DAY_MS = 86_400_000;
/** How backups end: for how many days each is kept, and whether the keys that open them are kept apart from them. */
export type BackupEnd = { keepDays: number; keysApart: boolean };

/**
 * What a certificate says of backups; null where Tapedeck is set up to make none. The day after is named, so that the promise holds
 * wherever in the day the last key is destroyed.
 */
export function backupResidual(issuedAt: number, end: BackupEnd | null): string {
  if (end === null) return 'Tapedeck is not set up to make backups.';
  const { keepDays, keysApart } = end;
  const day = iso(issuedAt + (keepDays + 1) * DAY_MS).slice(0, 10);
  return [
    'Backups that Tapedeck made before the erasure still have the keys of these recordings, encrypted to a key of each backup.',
    `Tapedeck destroys that key ${keepDays} days after the backup, that of the newest backup only once there is a newer one.`,
    keysApart
      ? `It is kept apart from the backups: while backups are made, the recordings are unreadable in all backups, and in every copy of one, from ${day} on. This assumes that nobody copies the folder of these keys.`
      : `While backups are made, the recordings are unreadable in all of them from ${day} on. The key lies beside the backup: copies that others made of both (snapshots, older versions of objects) last until they are deleted.`,
    'A restore does not bring these recordings back: the list of erasures is applied first.',
  ].join(' ');
}
export const RESIDUALS = {
  copies:
    'Copies of the data directory that others made (backups, snapshots, disk images) last until they are deleted. While such a copy has both keys.db and the file, the recording can be restored from it with the master key.',
} as const;

/** An item as one line of canonical JSON. */
export const itemLine = (item: CertificateItem): string => canonical(item);

export const statementText = (statement: CertificateStatement): string => canonical(statement);
export const statementHash = (text: string): string => sha256(text);

/** How a certificate is called in file names and on paper: `EC-000017`. */
export const certificateName = (number: number): string => `EC-${String(number).padStart(6, '0')}`;
