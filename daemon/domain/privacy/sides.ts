import type { Audible } from '../people/reach.js';
import type { CallRecord, Leg, Segment } from '../recording/recording.js';

/**
 * Where in a recording a person alone is heard, by side. Of each stretch that was captured, one side is the voice of one leg and the
 * other all that this leg heard: the voices of everybody else who was connected.
 */
export type OwnSides = { them: Audible[]; us: Audible[] };

/** Times of the PBX and of its audio differ by less than this: so much is cut off beside the voice of another person, in ms. */
const MARGIN_MS = 500;

type Span = { from: number; until: number };
type Call = Pick<CallRecord, 'answeredAt' | 'startedAt' | 'endedAt' | 'legs'>;
type Captured = Pick<Segment, 'legId' | 'inStartedAt' | 'outStartedAt' | 'swapped' | 'state'>;

/**
 * Returns the stretches of each side of a recording, in ms from its beginning, in which nobody is heard but this person. Where the
 * PBX did not tell who was connected, there is none.
 */
export function ownSides(
  call: Call,
  segments: readonly Captured[],
  theirs: (party: Leg['party']) => boolean,
  durationMs: number,
): OwnSides {
  const zero = call.answeredAt ?? call.startedAt;
  const end = call.endedAt ?? zero + durationMs;
  const isTheirs = ({ party }: Leg) => party.number !== '' && theirs(party);
  const up = call.legs.filter(({ upAt }) => upAt !== null);
  const captures = segments
    .filter(({ state }) => state !== 'dropped' && state !== 'damaged')
    .flatMap(({ inStartedAt, outStartedAt, ...segment }) => {
      const began = [inStartedAt, outStartedAt].filter((at) => at !== null);
      return began.length === 0 ? [] : [{ ...segment, began: Math.min(...began) }];
    })
    .toSorted((a, b) => a.began - b.began);
  const found: { side: keyof OwnSides; span: Span }[] = [];
  for (const [i, { legId, swapped, began }] of captures.entries()) {
    const near = call.legs.find(({ id }) => id === legId);
    if (!near) continue;
    const span = { from: began, until: captures[i + 1]?.began ?? end };
    const [voice, heard] = swapped ? (['us', 'them'] as const) : (['them', 'us'] as const);
    const beside = [captures[i - 1], captures[i + 1]].map(
      (other) => other !== undefined && (other.legId !== legId || other.swapped !== swapped),
    );
    const inner = {
      from: span.from + (beside[0] ? MARGIN_MS : 0),
      until: span.until - (beside[1] ? MARGIN_MS : 0),
    };
    if (isTheirs(near)) found.push({ side: voice, span: inner });
    const others = up.filter((leg) => leg.id !== legId);
    const strangers = others.filter((leg) => !isTheirs(leg)).map((leg) => connected(leg, end, MARGIN_MS));
    for (const leg of others.filter(isTheirs))
      for (const left of without(overlap(connected(leg, end, 0), inner), strangers))
        found.push({ side: heard, span: left });
  }
  const audible = (side: keyof OwnSides): Audible[] =>
    found
      .filter((one) => one.side === side)
      .map(({ span }) => ({
        fromMs: Math.max(0, span.from - zero),
        untilMs: Math.min(durationMs, span.until - zero),
      }))
      .filter(({ fromMs, untilMs }) => fromMs < untilMs);
  return { them: audible('them'), us: audible('us') };
}

const connected = ({ upAt, goneAt }: Leg, end: number, margin: number): Span => ({
  from: (upAt ?? end) - margin,
  until: (goneAt ?? end) + margin,
});

const overlap = (a: Span, b: Span): Span => ({
  from: Math.max(a.from, b.from),
  until: Math.min(a.until, b.until),
});

/** What is left of a span outside of these. */
function without(span: Span, taken: readonly Span[]): Span[] {
  return taken
    .reduce<Span[]>(
      (left, { from, until }) =>
        left.flatMap((one) => [
          { from: one.from, until: Math.min(one.until, from) },
          { from: Math.max(one.from, until), until: one.until },
        ]),
      [span],
    )
    .filter(({ from, until }) => from < until);
}
