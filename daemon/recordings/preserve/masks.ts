import type { Verbs } from '../../catalogue/catalogue.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import { ruleOf } from '../../domain/policy/course.js';
import { because } from '../../domain/reason/reason.js';
import {
  type AskedMask,
  askedMasks,
  holdMasks,
  isMaskedGap,
  isMeantGap,
  type Mask,
  surelySilent,
} from '../../domain/recording/mask.js';
import type { Peaks } from '../../domain/recording/peaks.js';
import type { CallId, Gap } from '../../domain/recording/recording.js';
import { type Captured, writtenWithin } from '../../encode/captured.js';

export type MaskCatalogue = Verbs<'directives.of' | 'policy.of'>;

/** What has to be silent in the recording of a call. `asked` are the masks that somebody had asked for. */
export type Masking = { asked: AskedMask[]; masks: Mask[]; failed: Mask[] };

/**
 * Where the recording of a call has to be silent, whatever the PBX wrote: while it was masked, and on the side of who waited on
 * hold where its rule says so. What was asked for is looked up in the captured files: `failed` are masks in which they have
 * sound that should never have been written. `written` looks that up.
 */
export async function maskingOf(
  catalogue: MaskCatalogue,
  call: StoredCall & { answeredAt: number; endedAt: number },
  captured: readonly Captured[],
  written = writtenWithin,
): Promise<Masking> {
  const pieces = captured.map(({ part, segment, stretch }) => ({
    ...{ legId: segment.legId, swapped: segment.swapped },
    ...{
      atMs: part.offsetMs,
      untilMs: part.offsetMs + Math.max(stretch.themMs, stretch.usMs, part.inMs, part.outMs),
    },
  }));
  const endMs = Math.max(call.endedAt - call.answeredAt, ...pieces.map((piece) => piece.untilMs));
  const asked = askedMasks(await catalogue.directives.of(call.id), call.answeredAt, endMs);
  const masks: Mask[] = [];
  const failed: Mask[] = [];
  for (const one of asked) {
    const { fromMs, untilMs } = one;
    const silent = surelySilent(one);
    const place = {
      atMs: Math.round(fromMs),
      untilMs: Math.round(untilMs),
      side: 'both',
      kind: one.how === 'unwatched' ? 'unagreed' : 'mask',
    } as const;
    const mask: Mask = { ...place, writtenMs: await written(captured, { fromMs, untilMs }) };
    masks.push(mask);
    if (silent === null) continue;
    const writtenMs = await written(captured, silent);
    if (writtenMs > 0) failed.push({ ...mask, writtenMs });
  }
  if (await masksHold(catalogue, call))
    for (const { atMs, untilMs, ...hold } of holdMasks(call.marks, pieces, endMs))
      masks.push({ atMs: Math.round(atMs), untilMs: Math.round(untilMs), ...hold });
  return { asked, masks: masks.toSorted((a, b) => a.atMs - b.atMs), failed };
}

/** Whether the rule by which a call was recorded has masked what somebody says who waits on hold. */
async function masksHold(catalogue: MaskCatalogue, { decision }: StoredCall): Promise<boolean> {
  if (!decision?.rule) return false;
  const { policy } = await catalogue.policy.of(decision.version);
  return ruleOf(policy, decision)?.on_hold === 'mask';
}

/** What could not be captured because of a mask is not missing: its gaps say so, and do not count. */
export function withoutMasked<G extends { gaps: Gap[]; missingMs: number }>(found: G, asked: AskedMask[]): G {
  const gaps = found.gaps.map((gap) =>
    gap.why?.code === 'masked' || isMaskedGap(gap, asked) ? { ...gap, why: because('masked') } : gap,
  );
  const meantMs = gaps.reduce((sum, g) => sum + (isMeantGap(g) ? g.untilMs - g.atMs : 0), 0);
  return { ...found, gaps, missingMs: Math.max(0, found.missingMs - meantMs) };
}

/** A mask that failed is told of for so long, in ms. */
const MASK_STANDS_MS = 7 * 86_400_000;

/** Shorter than half a tenth of a second, which is written as "0.0 s": nothing is told of it. In ms. */
const NOTHING_MS = 50;
/** A PBX that is short of processor time is this late to mute, or moves sound into a mask: no word is that short. In ms. */
const BRIEF_MS = 500;

/**
 * Raises an alarm for masked audio that was written all the same: it has been in the spool in the clear, and the seal silenced it.
 * A moment of it is a warning.
 */
export function tellOfMasks(
  alarms: Pick<Alarms, 'raise'>,
  { id, startedAt }: Pick<StoredCall, 'id' | 'startedAt'>,
  { failed }: Masking,
): void {
  const ms = failed.reduce((sum, { writtenMs }) => sum + writtenMs, 0);
  if (ms < NOTHING_MS) return;
  alarms.raise(`mask_failed ${id}`, {
    severity: ms < BRIEF_MS ? 'warning' : 'critical',
    why: { code: 'mask_failed', params: { call: id, at: startedAt, ms } },
    forMs: MASK_STANDS_MS,
  });
}

/** Opus lets sound before and after a stretch of silence ring into it for less than this, in ms. */
const RINGS_MS = 100;
/** Of 255. What is left of silence after Opus is less. */
const SOUND = 2;

/** Raises an alarm for sound in a masked stretch of what was sealed: `peaks` were measured in the decoded recording. */
export function tellOfLeak(
  alarms: Pick<Alarms, 'raise'>,
  id: CallId,
  masks: readonly Mask[],
  { perSecond, left, right }: Peaks,
): void {
  const point = 1_000 / perSecond;
  const loud = (of: Uint8Array, { atMs, untilMs }: Mask) =>
    of
      .subarray(Math.ceil((atMs + RINGS_MS) / point), Math.max(0, Math.floor((untilMs - RINGS_MS) / point)))
      .some((peak) => peak >= SOUND);
  const leaks = (mask: Mask) =>
    (mask.kind === 'mask' || mask.kind === 'unagreed') &&
    ((mask.side !== 'us' && loud(left, mask)) || (mask.side !== 'them' && loud(right, mask)));
  if (!masks.some(leaks)) return;
  alarms.raise(`mask_leaked ${id}`, {
    severity: 'critical',
    why: { code: 'mask_leaked', params: { call: id } },
    forMs: MASK_STANDS_MS,
  });
}
