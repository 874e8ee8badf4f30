import { canonical, sha256 } from '../assurance/canonical.js';
import { iso, isoOrNull } from '../days.js';
import type { Imported } from '../importing/imported.js';
import { FIRST, type PbxId } from '../pbx.js';
import type { KeptDecision } from '../policy/policy.js';
import type { Why } from '../reason/reason.js';
import { inWords, reasonView, type Say } from '../reason/words.js';
import { consentPart, type SignedConsent, type Told } from '../telling/ledger.js';
import type { CallRecord, Coverage, Gap, Party, Recording, RecordingId, Segment } from './recording.js';
import type { Redaction } from './redaction.js';

/**
 * What Tapedeck vouches for of a recording: the call, the bytes, and what is not in them. Signed over its bytes as RFC 8785
 * has them, so that anybody can check it with stock tools and without Tapedeck. Times are ISO 8601 in UTC; places on the
 * timeline are ms since the answer.
 *
 * `format_version` 6 is of a recording that Tapedeck did not capture, and says where it was imported from; it vouches for the original
 * as it was then, never for what the other recorder did. Version 5 says how people were told and what they answered, version 4 where the recording is silent on purpose, version 3
 * which version of a recording it is of. Version 2 had each reason as a sentence and, in `why`, as its code; version 1 had the
 * sentence alone. Nothing was taken away, so who reads one of them reads those after it too.
 */
export type Manifest = {
  format: typeof FORMAT;
  format_version: (typeof VERSIONS)[number];
  software: { name: 'Tapedeck'; version: string };
  made_at: string;
  /** The recording was sealed before there were manifests: what is said here was so when it was made, not when it was sealed. */
  made_later: boolean;
  /** Those that were signed while there could be one PBX only do not name it: it is the first. */
  call: Omit<ReturnType<typeof callPart>, 'pbx'> & { pbx?: PbxId };
  recording: Omit<ReturnType<typeof recordingPart>, 'gaps' | 'of' | 'version' | 'masks' | 'redaction'> & {
    /** The id of the first version, and which one this is. Absent before version 3: there was one only. */
    of?: RecordingId;
    version?: number;
    gaps: (GapPlace & Reasoned)[];
    /** Absent before version 4. */
    masks?: ReturnType<typeof recordingPart>['masks'];
    /** Which version it stands in the place of, with its hashes; null where it was not redacted. Absent before version 4. */
    redaction?: ReturnType<typeof recordingPart>['redaction'];
  };
  sealed_for: { own_key: true; recovery_recipient: string | null } | null;
  segments: Omit<ReturnType<typeof segmentPart>, 'why'>[];
  coverage: { status: string; rule: string | null; missing_ms: number } & Reasoned;
  /** Of a recording that was imported, and of no other: its original, hashed when it was imported. */
  imported?: ReturnType<typeof importedPart>;
  /** What decided that the call was recorded, and how the parties were told and agreed. */
  consent: SignedConsent;
  /** By which it was decided how long to keep it. */
  policy: { version: number | null };
  /** `not_before` and `counted_from` are absent where they were not kept. */
  retention: {
    keep_until: string | null;
    rule: string | null;
    not_before?: string | null;
    counted_from?: string | null;
  } & Reasoned;
};

type GapPlace = { at_ms: number; until_ms: number; side: Gap['side'] };
/** A reason, as it was signed. */
type Reasoned = { reason: string; why?: Why | null };

/** A manifest as it is kept. `text` is the signed bytes; null once the recording was erased: it names people. */
export type SignedManifest = {
  recordingId: RecordingId;
  text: string | null;
  /** Of the text, in lower-case hex. */
  sha256: string;
  /** Ed25519, base64. */
  signature: string;
  keyId: string;
  madeAt: number;
};

const FORMAT = 'tapedeck.manifest';
const VERSIONS = [1, 2, 3, 4, 5, 6] as const;

type Given = {
  call: CallRecord;
  recording: Recording;
  coverage: Coverage;
  segments: readonly Segment[];
  /** By which the call was recorded; null where that is not known any more. */
  decision: KeptDecision | null;
  told: Told;
  /** The version in force when it was sealed, by which it is kept; null where that is not known any more. */
  policyVersion: number | null;
  /** Null where it is not known any more. */
  sealedFor: Manifest['sealed_for'];
  version: string;
  madeAt: number;
  later: boolean;
  /** Writes the times in sentences; in UTC by default. */
  say?: Say;
};

export function buildManifest(given: Given): Manifest {
  const { recording, coverage, say } = given;
  const manifest: Manifest = {
    format: FORMAT,
    format_version: given.call.imported ? 6 : 5,
    software: { name: 'Tapedeck', version: given.version },
    made_at: iso(given.madeAt),
    made_later: given.later,
    call: callPart(given.call),
    ...(given.call.imported && { imported: importedPart(given.call.imported) }),
    recording: recordingPart(recording, given.call.imported?.sides === 'mixed', say),
    sealed_for: given.sealedFor,
    segments: given.segments.map((segment) => segmentPart(segment, say)),
    coverage: {
      status: coverage.status,
      ...reasonView(coverage.why, say),
      rule: coverage.rule,
      missing_ms: Math.round(coverage.missingMs),
    },
    consent: consentPart(given, say),
    policy: { version: given.policyVersion },
    retention: {
      keep_until: isoOrNull(recording.keepUntil),
      rule: recording.keepRule,
      ...(recording.keepVersion === null
        ? {}
        : { not_before: isoOrNull(recording.minUntil), counted_from: isoOrNull(recording.keepFrom) }),
      ...reasonView(recording.keepWhy, say),
    },
  };
  return wellFormed(manifest) as Manifest;
}

/** The bytes that are signed. */
export const manifestText = (manifest: Manifest): string => canonical(manifest);

/** What a text says, or null when it is no manifest. Its hash is for the caller to look at. */
export function parseManifest(text: string): Manifest | null {
  try {
    const found = JSON.parse(text) as Partial<Manifest> | null;
    const whole =
      found?.format === FORMAT &&
      VERSIONS.some((version) => version === found.format_version) &&
      typeof found.call === 'object' &&
      typeof found.recording === 'object' &&
      typeof found.recording?.sealed?.sha256 === 'string';
    return whole && canonical(found) === text ? (found as Manifest) : null;
  } catch {
    return null;
  }
}

/**
 * In what the catalogue's rows do not agree with what was signed; empty when they do. A call that became part of another
 * after its recording was sealed (`call.id` differs) is compared no further: the catalogue has it under the other's name.
 */
export function disagreements(manifest: Manifest, call: CallRecord, recording: Recording): string[] {
  const differing = (what: string, signed: object, now: object): string[] =>
    Object.entries(now)
      .filter(
        ([key, value]) =>
          canonical({ v: (signed as Record<string, unknown>)[key] ?? null }) !== canonical({ v: value }),
      )
      .map(([key]) => `${what}.${key}`);
  // A sentence depends on the time zone of the site; a code does not.
  const left = manifest.format_version === 1 ? 'why' : 'reason';
  const told = <P extends { gaps: unknown }>(part: P) => ({ ...part, gaps: without(part.gaps, left) });
  const rows = differing(
    'recording',
    told(manifest.recording),
    wellFormed(told(comparable(recording, manifest))) as object,
  );
  if (manifest.call.id !== call.id) return rows;
  const from = call.imported ? importedPart(call.imported) : null;
  return [
    ...rows,
    ...(canonical({ v: manifest.imported ?? null }) === canonical({ v: wellFormed(from) })
      ? []
      : ['imported']),
    ...differing('call', { pbx: FIRST, ...manifest.call }, wellFormed(callPart(call)) as object),
  ];
}

/** A recording as far as this manifest speaks of it. */
function comparable(recording: Recording, { format_version, imported }: Manifest) {
  const mixed = imported?.sides === 'mixed';
  const { of, version, masks, redaction, ...before } = recordingPart(recording, mixed);
  if (format_version < 3) return before;
  return format_version < 4 ? { ...before, of, version } : { ...before, of, version, masks, redaction };
}

const without = (gaps: unknown, key: string): unknown =>
  Array.isArray(gaps)
    ? gaps.map((gap) => Object.fromEntries(Object.entries(Object(gap)).filter(([name]) => name !== key)))
    : gaps;

/** What is wrong with a manifest that was opened, or with the rows beside it, in words; null for nothing. */
export function manifestFault(
  { manifest, fault }: { manifest: Manifest | null; fault: string | null },
  call: CallRecord | null,
  recording: Recording,
): string | null {
  if (fault !== null || !manifest) return `Manifest: ${fault ?? 'it cannot be read.'}`;
  const differing = call ? disagreements(manifest, call, recording) : ['call'];
  return differing.length === 0
    ? null
    : `The catalogue differs from what was signed: ${differing.join(', ')}.`;
}

/** The hash under which a manifest is remembered when it is gone. */
export const manifestHash = (text: string): string => sha256(text);

const party = ({ number, name, ours }: Party) => ({ number, name, ours });

function callPart(call: CallRecord) {
  return {
    id: call.id,
    pbx: call.pbx,
    linkedids: call.linkedids,
    direction: call.direction,
    started_at: iso(call.startedAt),
    answered_at: isoOrNull(call.answeredAt),
    ended_at: isoOrNull(call.endedAt),
    them: party(call.them),
    us: party(call.us),
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    consult_for: call.consultFor,
    legs: call.legs.map((leg) => ({
      id: leg.id,
      party: party(leg.party),
      endpoint: leg.endpoint,
      seen_at: iso(leg.seenAt),
      up_at: isoOrNull(leg.upAt),
      gone_at: isoOrNull(leg.goneAt),
    })),
    marks: call.marks.map((mark) => ({
      at_ms: Math.round(mark.atMs),
      until_ms: mark.untilMs === null ? null : Math.round(mark.untilMs),
      kind: mark.kind,
      text: mark.text,
      leg: mark.legId,
    })),
  };
}

/** `mixed`: both channels have both sides. */
function recordingPart(recording: Recording, mixed: boolean, say?: Say) {
  return {
    id: recording.id,
    of: recording.of,
    version: recording.version,
    sealed_at: iso(recording.sealedAt),
    duration_ms: Math.round(recording.durationMs),
    plain: {
      media_type: 'audio/ogg; codecs=opus',
      channels: mixed ? ['mixed', 'mixed'] : ['them', 'us'],
      bytes: recording.plainBytes,
      sha256: recording.plainSha256,
    },
    sealed: {
      format: 'age-encryption.org/v1',
      file: recording.file,
      bytes: recording.sealedBytes,
      sha256: recording.sealedSha256,
    },
    gaps: recording.gaps.map((gap) => ({
      at_ms: Math.round(gap.atMs),
      until_ms: Math.round(gap.untilMs),
      side: gap.side,
      ...reasonView(gap.why, say),
    })),
    masks: recording.masks.map((mask) => ({
      at_ms: Math.round(mask.atMs),
      until_ms: Math.round(mask.untilMs),
      side: mask.side,
      kind: mask.kind,
      written_ms: Math.round(mask.writtenMs),
    })),
    redaction: recording.redaction && redactionPart(recording.redaction),
  };
}

const importedPart = ({ recorder, file, bytes, sha256, format, sides, cdrs, at, by, job }: Imported) => ({
  recorder,
  original: { file, bytes, sha256, format },
  sides,
  cdrs: { matched_by: cdrs.by, rows: cdrs.rows, uniqueids: cdrs.uniqueids },
  imported_at: iso(at),
  by,
  job,
});

const redactionPart = (redaction: Redaction) => ({
  asked_at: iso(redaction.at),
  by: redaction.by,
  reason: redaction.reason,
  older: {
    id: redaction.older,
    plain_sha256: redaction.olderPlainSha256,
    sealed_sha256: redaction.olderSealedSha256,
    manifest_sha256: redaction.olderManifestSha256,
    kept: redaction.olderKept,
  },
  stretches: redaction.stretches.map(({ side, fromMs, untilMs }) => ({
    ...{ side, from_ms: fromMs, until_ms: untilMs },
  })),
});

/** A segment that begins after another is a seam; `because` and `why` say why there is one. */
function segmentPart(segment: Segment, say?: Say) {
  return {
    call: segment.callId,
    seq: segment.seq,
    leg: segment.legId,
    in_started_at: isoOrNull(segment.inStartedAt),
    out_started_at: isoOrNull(segment.outStartedAt),
    because: inWords(segment.because, say),
    why: segment.because,
    muted_from: { in: isoOrNull(segment.mutedFrom.in), out: isoOrNull(segment.mutedFrom.out) },
    swapped: segment.swapped,
  };
}

/** Half a surrogate has no bytes that could be signed. What comes from the PBX has none; it must not end here if it had. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wellFormed(inner)]));
}
