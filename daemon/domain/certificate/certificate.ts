import { type Static, Type } from 'typebox';
import { type ActorKind, actorKinds } from '../assurance/audit.js';
import { canonical, sha256 } from '../assurance/canonical.js';
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
  /** Whether its row says that it was erased. */
  gone: boolean;
  policyVersion: number | null;
  rule: string | null;
  reason: string;
  beganAt: number | null;
  erasedAt: number;
};

/**
 * What keeps a recording off a certificate that catalogue.db lists as erased. Codes are never renamed or removed, because programs that
 * receive alarms know them.
 */
export const certificateDoubts = {
  no_intent: 'the audit log has no entry of the recorder that its erasure began',
  not_erased: 'its row does not say that it was erased',
  never_sealed: 'the recorder has not noted that it sealed such a recording',
  other_file: 'its row differs from what the recorder noted when it sealed it',
  key_present: 'its key is still in keys.db',
  file_present: 'its file is still there',
  held: 'it is under a legal hold',
  other_run: 'who requested the erasure is not what the audit log has',
  unknown: 'its key or its file could not be looked up',
} as const;
export type CertificateDoubt = keyof typeof certificateDoubts;

/** What the entry of an intent has of the run that it belongs to: with it, whoever changes the row of the run is found out. */
export const runDigest = ({ id, kind, requestedBy, approvedBy, reference, reason }: ErasureRun): string =>
  sha256(canonical({ id, kind, requestedBy, approvedBy, reference, reason }));

/** What was looked at for a certificate. `pending`: files in an archive that could not be reached. */
export type LookedAt = {
  items: number;
  pending: number;
  /** Recordings whose entry says that no legal hold was on them when their erasure began; earlier versions did not write that. */
  unheld: number;
};

export const methodText = ({ pending }: Pick<LookedAt, 'pending'>): string =>
  [
    "Cryptographic erasure: the recording's X25519 key was destroyed in keys.db (rollback journal, secure_delete), then the age file was unlinked and its folder synced.",
    ...(pending === 0
      ? []
      : [
          `Files of recordings that are pending: ${pending}. They are in an archive that could not be reached, and are unlinked once it is back; the audit log has an entry then.`,
        ]),
    'This says nothing about what the drive itself retains.',
  ].join(' ');

export const verificationText = ({ items, pending }: Pick<LookedAt, 'items' | 'pending'>): string =>
  `Right before this certificate was signed, the key was looked up in keys.db and the file by its path in the data directory and in the archive, if there is one. The key was absent for ${items} of ${items} recordings, the file was absent for ${items - pending} of ${items}.`;

export const NAMES_METHOD =
  'Names and numbers of these calls, which have no audio any more, were overwritten in the catalogue (secure_delete). It counts those that the audit log has since the certificate before this one.';

export function holdText({ items, unheld }: Pick<LookedAt, 'items' | 'unheld'>): string {
  const these = items === 1 ? 'this recording' : `these ${items} recordings`;
  const again = 'Right before this certificate was signed, legal holds were looked up again';
  if (unheld === items)
    return `When the erasure of ${these} began, legal holds were checked in the same transaction, and its entry in the audit log says that there was none. ${again}: ${these} had none.`;
  return `${again}: ${these} had none. The audit log says of ${unheld} of ${items} that legal holds were checked when the erasure began, and that there was none; entries of earlier versions do not say it.`;
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
