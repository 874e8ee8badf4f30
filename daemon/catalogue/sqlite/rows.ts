import { type Static, Type } from 'typebox';
import type { RecorderName } from '../../domain/importing/imported.js';
import { PbxId } from '../../domain/pbx.js';
import { RuleOutcome } from '../../domain/policy/policy.js';
import type { MaskKind } from '../../domain/recording/mask.js';
import { type QualityFlag, qualityFlags } from '../../domain/recording/quality.js';
import {
  type CallRecord,
  type Coverage,
  type CoverageStatus,
  type Direction,
  type Gap,
  isFileOf,
  type MarkKind,
  type Outcome,
  type Recording,
  type RecordingState,
} from '../../domain/recording/recording.js';
import type { Tier } from '../../domain/recording/tier.js';
import type { OpenCall, StoredCall } from '../stored-call.js';
import {
  Figure,
  Flag,
  Length,
  noun,
  oneOf,
  orNull,
  type Reader,
  Text,
  Time,
  unreadable,
  whyIn,
  whyOf,
} from './checked.js';

export const PartyShape = Type.Object({
  ...{ number: Text, name: Text, ours: Type.Boolean() },
  removed: Type.Optional(Type.Literal(true)),
});

export const LegShape = Type.Object({
  id: Text,
  party: PartyShape,
  endpoint: Type.Optional(Text),
  seenAt: Time,
  upAt: orNull(Time),
  goneAt: orNull(Time),
});

export const MarkShape = Type.Object({
  atMs: Figure,
  untilMs: orNull(Figure),
  kind: oneOf<MarkKind>({
    ...{ ring: true, answer: true, queue: true, agent: true, hold: true, transfer: true, park: true },
    ...{ mask: true, pickup: true, joined: true, left: true, gap: true, end: true },
  }),
  text: Text,
  legId: Type.Optional(orNull(Text)),
});

export const directions = oneOf<Direction>({ in: true, out: true, internal: true });

export const CoverageShape = {
  coverage_status: oneOf<CoverageStatus>({
    ...{ pending: true, recorded: true, partial: true, excluded: true },
    ...{ declined: true, not_kept: true, not_recorded: true, imported: true, none: true },
  }),
  coverage_reason: Text,
  coverage_rule: orNull(Text),
  missing_ms: Type.Integer(),
};
const CoverageRow = Type.Object(CoverageShape);

const ImportedShape = Type.Object({
  recorder: oneOf<RecorderName>({
    ...{ freepbx: true, issabel: true, oreka: true, voipmonitor: true, mixmonitor: true },
  }),
  file: Text,
  bytes: Length,
  sha256: Text,
  format: Text,
  sides: oneOf({ mixed: true, separate: true }),
  cdrs: Type.Object({ by: orNull(Text), rows: Length, uniqueids: Type.Array(Text) }),
  at: Time,
  by: Text,
  job: Text,
});

const CallShape = Type.Object({
  id: Text,
  pbx: PbxId,
  linkedids: Type.Array(Text),
  direction: directions,
  started_at: Time,
  answered_at: orNull(Time),
  ended_at: orNull(Time),
  outcome: orNull(
    oneOf<Outcome>({ answered: true, no_answer: true, busy: true, cancelled: true, failed: true }),
  ),
  them: PartyShape,
  us: PartyShape,
  dialled: Text,
  did: Text,
  queue: Text,
  legs: Type.Array(LegShape),
  marks: Type.Array(MarkShape),
  consult_for: orNull(Text),
  test: Flag,
  facts: orNull(
    Type.Object({
      account: Text,
      variables: Type.Record(Text, Text),
      called: Type.Array(Text),
      sent: Type.Boolean(),
      originated: Type.Boolean(),
    }),
  ),
  decision: orNull(
    Type.Object({
      ...{ version: Length, outcome: RuleOutcome, rule: orNull(Text), why: Type.Unknown() },
      agreed: Type.Optional(Type.Literal(true)),
    }),
  ),
  names_removed_at: orNull(Time),
  imported: orNull(ImportedShape),
  ...CoverageShape,
});

const call = noun({
  table: 'calls',
  key: (row) => row.id,
  json: ['linkedids', 'them', 'us', 'legs', 'marks', 'facts', 'decision', 'imported'],
  shape: CallShape,
  make: (row): OpenCall & { coverage: Coverage; namesRemovedAt: number | null } => ({
    call: callOf(row),
    decision: row.decision && {
      ...row.decision,
      why: whyOf('decision', row.decision.why) ?? unreadable('"decision" has no reason'),
    },
    coverage: toCoverage(row),
    namesRemovedAt: row.names_removed_at,
  }),
});

const callOf = (row: Static<typeof CallShape>): CallRecord => ({
  id: row.id,
  pbx: row.pbx,
  linkedids: row.linkedids,
  direction: row.direction,
  startedAt: row.started_at,
  answeredAt: row.answered_at,
  endedAt: row.ended_at,
  outcome: row.outcome,
  them: row.them,
  us: row.us,
  dialled: row.dialled,
  did: row.did,
  queue: row.queue,
  ...wentOn(row),
  consultFor: row.consult_for,
  facts: row.facts,
  test: row.test === 1,
  ...(row.imported && { imported: row.imported }),
});

/** Legs and marks, also as the first versions wrote them. */
export const wentOn = ({
  legs,
  marks,
}: Pick<Static<typeof CallShape>, 'legs' | 'marks'>): Pick<CallRecord, 'legs' | 'marks'> => ({
  legs: legs.map((leg) => ({ ...leg, endpoint: leg.endpoint ?? '' })),
  // Marks of the first calls did not say whose they are.
  marks: marks.map((mark) => ({ ...mark, legId: mark.legId ?? null })),
});

export const toCoverage = (row: Static<typeof CoverageRow>): Coverage => ({
  status: row.coverage_status,
  why: whyIn('coverage_reason', row.coverage_reason),
  rule: row.coverage_rule,
  missingMs: row.missing_ms,
});

const side = oneOf({ them: true, us: true });
const SideShape = Type.Object({
  speechDb: Figure,
  noiseDb: Figure,
  peakDb: Figure,
  clippedShare: Figure,
  silentShare: Figure,
  zeroShare: Figure,
  lostShare: Figure,
});
const EarShape = Type.Object({ kind: oneOf({ extension: true, line: true }), name: Text });
const QualityShape = Type.Object({
  them: SideShape,
  us: SideShape,
  echo: orNull(Type.Object({ side, db: Figure, delayMs: Figure })),
  flags: Type.Array(
    Type.Object({
      side: oneOf({ them: true, us: true, both: true }),
      flag: Type.Unsafe<QualityFlag>(Type.Enum([...qualityFlags])),
    }),
  ),
  ears: Type.Object({ them: EarShape, us: EarShape }),
});

const place = { atMs: Figure, untilMs: Figure, side: oneOf({ both: true, them: true, us: true }) };
const MaskShape = Type.Object({
  ...place,
  kind: oneOf<MaskKind>({ mask: true, unagreed: true, hold: true, redacted: true }),
  writtenMs: Figure,
});
export const StretchesShape = Type.Array(Type.Object({ side: place.side, fromMs: Figure, untilMs: Figure }));
const RedactionShape = Type.Object({
  older: Text,
  olderPlainSha256: Text,
  olderSealedSha256: Text,
  olderManifestSha256: orNull(Text),
  olderKept: Type.Boolean(),
  stretches: StretchesShape,
  by: Text,
  reason: Text,
  at: Time,
});
/** A gap has its reason as a code, or as the sentence of a version that had no codes. */
const GapShape = Type.Union([
  Type.Object({ ...place, why: Type.Unknown() }),
  Type.Object({ ...place, reason: Text }),
]);

const gapOf = ({ atMs, untilMs, side, ...told }: Static<typeof GapShape>): Gap => ({
  atMs,
  untilMs,
  side,
  why: 'why' in told ? whyOf('gaps', told.why) : whyIn('gaps', told.reason),
});

/** A gap as it is kept. */
export const gapCell = ({ why, ...place }: Gap) =>
  why?.code === 'text' ? { ...place, reason: why.params.text } : { ...place, why };

export const recording = noun({
  table: 'recordings',
  key: (row) => row.id,
  json: ['gaps', 'masks', 'quality', 'redaction'],
  shape: Type.Object({
    id: Text,
    call_id: Text,
    of_id: Text,
    version: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    state: oneOf<RecordingState>({ sealed: true, erasing: true, erased: true }),
    duration_ms: Length,
    plain_bytes: Length,
    sealed_bytes: Length,
    plain_sha256: Text,
    sealed_sha256: Text,
    file: Text,
    tier: oneOf<Tier>({ hot: true, moving: true, archive: true, gone: true }),
    sealed_at: Time,
    left_db: Figure,
    right_db: Figure,
    gaps: Type.Array(GapShape),
    masks: Type.Array(MaskShape),
    quality: orNull(QualityShape),
    keep_until: orNull(Time),
    keep_rule: orNull(Text),
    keep_reason: Text,
    min_until: orNull(Time),
    keep_version: orNull(Type.Integer({ minimum: 0 })),
    keep_from: orNull(Time),
    erased_at: orNull(Time),
    erase_reason: orNull(Text),
    redaction: orNull(RedactionShape),
    superseded_by: orNull(Text),
  }),
  make: (row): Recording => ({
    id: row.id,
    callId: row.call_id,
    of: row.of_id,
    version: row.version,
    state: row.state,
    durationMs: row.duration_ms,
    plainBytes: row.plain_bytes,
    sealedBytes: row.sealed_bytes,
    plainSha256: row.plain_sha256,
    sealedSha256: row.sealed_sha256,
    file: isFileOf(row.file, row.id) ? row.file : unreadable('"file" is not where its recording is kept'),
    tier: row.tier,
    sealedAt: row.sealed_at,
    leftDb: row.left_db,
    rightDb: row.right_db,
    gaps: row.gaps.map(gapOf),
    masks: row.masks,
    quality: row.quality,
    keepUntil: row.keep_until,
    keepRule: row.keep_rule,
    keepWhy: whyIn('keep_reason', row.keep_reason),
    minUntil: row.min_until,
    keepVersion: row.keep_version,
    keepFrom: row.keep_from,
    erasedAt: row.erased_at,
    eraseWhy: row.erase_reason === null ? null : whyIn('erase_reason', row.erase_reason),
    redaction: row.redaction,
    supersededBy: row.superseded_by,
  }),
});

/** Calls by themselves. */
export const openCall = call;

/**
 * Calls that were read with a recording beside each, or with none. A recording that cannot be read is reported, and leaves
 * its call without one.
 */
export const storedCall = (reader: Reader) => ({
  table: call.table,
  key: ({ calls }: Record<string, unknown>) => (calls as { id: unknown }).id,
  read({ calls, recordings }: Record<string, unknown>): StoredCall {
    const beside = recordings as { id: unknown };
    const known = call.read(calls as Record<string, unknown>);
    return {
      ...known.call,
      coverage: known.coverage,
      decision: known.decision,
      recording: beside.id === null ? null : reader.orNull(recording, beside),
      ...(known.namesRemovedAt !== null && { namesRemovedAt: known.namesRemovedAt }),
    };
  },
});
