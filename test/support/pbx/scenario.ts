import type { Extension } from './pbx.js';
import type { Call, PhoneOptions } from './phone.js';
import type { Actor, Stage, Voice } from './stage.js';

/**
 * Who is heard on a side, in order, and for how many seconds: "b3 ~2 c3" is b, then something that is no phone (music,
 * ringing, a prompt), then c. "." is digital silence, "-" either of the two, "a+b" both at once. What lasts less than a second
 * is a change-over and does not count; lengths may be off by a second and a half.
 */
export type Side = string;

/** A call as it has to stand in the catalogue. Times are seconds since the answer, off by a second and a half at most. */
export type Expected = {
  direction: 'in' | 'out' | 'internal';
  /** answered, when it is left out */
  outcome?: 'no_answer' | 'busy' | 'cancelled' | 'failed';
  them: string;
  us: string;
  dialled?: string;
  did?: string;
  queue?: string;
  /** "hold 103 3-6 by 103": kind, text, from-until, and whose leg it is about, where it is about one. */
  marks?: string[];
  left?: Side;
  right?: Side;
  /** The place in the list of the call that this was a consultation for. */
  consultFor?: number;
  /** Hz; 8000 when it is left out */
  rate?: 16_000;
  /** Frequencies that must be in it, by side, in Hz. */
  high?: { left: number; right: number };
};

export type Scenario = {
  name: string;
  /** How many phones, or which. */
  phones: number | Extension[];
  options?: (index: number, voice: Voice) => Partial<PhoneOptions>;
  /** What this PBX is known to do to its sound, so that its sides are not judged; or null. */
  flaw?: (stage: Pick<Stage, 'pbx'>) => string | null;
  /** Why this PBX cannot play it, or null. */
  hindrance?: (stage: Pick<Stage, 'pbx'>) => Promise<string | null>;
  play: (stage: Stage) => Promise<void>;
  /** Its calls in the order in which they began. */
  expected: (stage: Stage) => Expected[];
};

/** One phone calls another and is answered. */
export async function connect(from: Actor, to: Actor, number: string = to.user): Promise<[Call, Call]> {
  const out = await from.phone.call(number);
  const incoming = await to.phone.incoming();
  if (!(await out.answered)) throw new Error(`${from.user} was not answered by ${to.user}`);
  return [out, incoming];
}

/** The outside calls a phone of ours and is answered. */
export async function connectIn(stage: Stage, to: Actor): Promise<[Call, Call]> {
  const out = await stage.outside(`5554${to.user}`);
  const incoming = await to.phone.incoming();
  if (!(await out.answered)) throw new Error(`the outside was not answered by ${to.user}`);
  return [out, incoming];
}

/** One phone calls another, they speak for three seconds, and the caller hangs up. `number`: dialled instead of the other's own. */
export const talk = (number?: (to: Actor) => string) => async (stage: Stage) => {
  const [a, b] = stage.actors;
  const [call] = await connect(a!, b!, number?.(b!));
  await stage.seconds(3);
  await call.hangup();
};

/** How a call between two of our phones stands in the catalogue. */
export const internal = (from: Actor, to: Actor) => ({
  direction: 'internal' as const,
  them: from.user,
  us: to.user,
});

/** The mark of a hold; `span` is "from-until". */
export const hold = (who: Actor, span: string): string => `hold ${who.user} ${span} by ${who.user}`;

/** The mark of a transfer. */
export const transfer = (from: Actor, to: string, at: number): string =>
  `transfer ${from.user} → ${to} ${at} by ${from.user}`;
