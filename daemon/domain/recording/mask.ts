import { type Directive, type DirectiveWay, directed, masks } from '../call/directive.js';
import type { Gap, Mark, Segment } from './recording.js';

/**
 * A stretch of the timeline in which a side of the recording is silent on purpose: `mask` while somebody had the recording of the
 * call masked, `unagreed` while nobody watched and somebody may have joined who had to agree first, `hold` while that side waited on
 * hold, `redacted` by a redaction. Times are ms since the answer.
 */
export type Mask = {
  atMs: number;
  untilMs: number;
  side: Gap['side'];
  kind: MaskKind;
  /** Of `mask` and `unagreed`: how much of it the PBX had written all the same, in ms. It was silenced before sealing. */
  writtenMs: number;
};
export const maskKinds = ['mask', 'unagreed', 'hold', 'redacted'] as const;
export type MaskKind = (typeof maskKinds)[number];

/** A mask that was asked for, on the timeline, and how. */
export type AskedMask = { fromMs: number; untilMs: number; how: DirectiveWay };

/** The first sample of a file comes up to so much after the stamp of its beginning, in ms: what is masked may lie earlier in it. */
const STAMP_MS = 40;
/** How long the PBX may take to do as it is told, in ms. */
const OBEYS_MS = 150;
/** A rule sees a burst of digits when it is over, and masks it from its first digit on. In ms. */
const SEEN_LATE_MS = 20_000;
/** So much may be missing of a file unnoticed (see `lost`), which moves what was said after the mask into it. In ms. */
const MOVED_MS = 200;

/** When the audio of a call was not to be written; one that nobody ended lasts to `endMs`. */
export function askedMasks(directives: readonly Directive[], answeredAt: number, endMs: number): AskedMask[] {
  return directed(directives, []).masks.flatMap(({ from, until }) => {
    const how = directives.find((d) => masks(d) && d.at === from)?.how ?? 'button';
    const fromMs = Math.max(0, from - answeredAt - STAMP_MS);
    const untilMs = until === null ? endMs : Math.min(endMs, until - answeredAt);
    return untilMs > fromMs ? [{ fromMs, untilMs, how }] : [];
  });
}

/**
 * Where a mask that the PBX has carried out leaves nothing but digital silence; null where it was too short to tell, or where nobody
 * could ask the PBX for it.
 */
export function surelySilent({
  fromMs,
  untilMs,
  how,
}: AskedMask): { fromMs: number; untilMs: number } | null {
  if (how === 'unwatched') return null;
  const from = fromMs + STAMP_MS + (how === 'rule' ? SEEN_LATE_MS : OBEYS_MS);
  return untilMs - MOVED_MS > from ? { fromMs: from, untilMs: untilMs - MOVED_MS } : null;
}

/**
 * The stretches in which somebody waited on hold, on the side on which they are heard: whose leg pressed hold is on the other. Of
 * a hold whose leg is not known both sides may be who waits.
 */
export function holdMasks(
  marks: readonly Mark[],
  captured: readonly (Pick<Segment, 'legId' | 'swapped'> & { atMs: number; untilMs: number })[],
  endMs: number,
): Mask[] {
  const holds = marks.filter((mark) => mark.kind === 'hold');
  return captured.flatMap((segment) =>
    holds.flatMap((hold): Mask[] => {
      const atMs = Math.max(hold.atMs, segment.atMs);
      const untilMs = Math.min(hold.untilMs ?? endMs, segment.untilMs);
      if (untilMs <= atMs) return [];
      const holder = (hold.legId === segment.legId) === segment.swapped ? 'us' : 'them';
      const side = hold.legId === null ? 'both' : holder === 'us' ? 'them' : 'us';
      return [{ atMs, untilMs, side, kind: 'hold', writtenMs: 0 }];
    }),
  );
}

/** A capture that ends or begins with a mask may do so by this much more or less, in ms. */
const SEAM_MS = 300;

/** Whether nothing could be missing in a gap, because it lies in a mask. */
export const isMaskedGap = (gap: Pick<Gap, 'atMs' | 'untilMs'>, masks: readonly AskedMask[]): boolean =>
  masks.some((m) => m.fromMs - SEAM_MS <= gap.atMs && gap.untilMs <= m.untilMs + SEAM_MS);

/** Why nothing was captured where nothing was to be: such a gap is told, and makes no recording partial. */
const MEANT: ReadonlySet<string> = new Set([
  ...['masked', 'not_asked_for_until_then', 'consent_awaited', 'declined_until_then', 'rule_open'],
  'nobody_to_tell',
]);
export const isMeantGap = ({ why }: Pick<Gap, 'why'>): boolean => why !== null && MEANT.has(why.code);
