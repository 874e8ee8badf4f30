import { endOfDay, startOfDay } from '../days.js';
import { numberKeys, oneOfKeys } from '../phone.js';
import { type PbxId, qualified, unqualified } from '../place.js';
import type { Why } from '../reason/reason.js';
import type { CallRecord, Coverage, Party, Recording } from '../recording/recording.js';
import { asksErasure, type Exclusion, extensionOf, MOST_CALLS, type PrivacyRequest } from './request.js';

/** Which calls a request is about, and what of them its person can get. */

export type Asked = Pick<PrivacyRequest, 'numbers' | 'region' | 'zone' | 'from' | 'to'>;
type Called = Pick<CallRecord, 'pbx' | 'them' | 'us' | 'legs' | 'startedAt'>;

/** When the calls that are asked for began, ms since 1970; `to` is not included. */
export const windowOf = ({ from, to, zone }: Asked): { from?: number; to?: number } => ({
  ...(from !== null && { from: startOfDay(from, zone) }),
  ...(to !== null && { to: endOfDay(to, zone) }),
});

/**
 * Returns what tells whether a party of a call is the person: by one of their numbers in whatever notation, or as who had one of these
 * extensions of ours.
 */
export function personOf({ numbers, region }: Asked): (call: { pbx: PbxId }) => (party: Party) => boolean {
  const outside = numbers.filter((number) => extensionOf(number) === null);
  const theirs = oneOfKeys(new Set(outside.flatMap((number) => numberKeys(number, region))), region);
  const extensions = new Set(numbers.map(extensionOf));
  return ({ pbx }) =>
    ({ number, ours }) =>
      number !== '' && (theirs(number) || (ours && extensions.has(qualified(pbx, number))));
}

/** Returns what tells whether a call is one of this request: somebody on it had one of the numbers, and it began in the window. */
export function matcher(asked: Asked): (call: Called) => boolean {
  const [person, window] = [personOf(asked), windowOf(asked)];
  return (call) => {
    const theirs = person(call);
    return (
      call.startedAt >= (window.from ?? Number.NEGATIVE_INFINITY) &&
      call.startedAt < (window.to ?? Number.POSITIVE_INFINITY) &&
      (theirs(call.them) || theirs(call.us) || call.legs.some(({ party }) => theirs(party)))
    );
  };
}

/**
 * What becomes of a call in the answer. `give`: it has a recording for the person; `erase`: that can be erased; `kept`: it is under
 * legal hold or has to be kept for a time; `nothing`: there is no recording, `gone`: not any more; `left_out`: somebody has decided
 * that the call is not theirs.
 */
export type Fate = 'give' | 'erase' | 'kept' | 'nothing' | 'gone' | 'left_out';
export type Matched = { fate: Fate; why: Why | null; exclusion: Exclusion | null };

/** `guard`: why the recording may not be erased, null where it may. */
export function fateOf(
  request: Pick<PrivacyRequest, 'kind'>,
  call: { coverage: Coverage; recording: Pick<Recording, 'state' | 'eraseWhy'> | null },
  exclusion: Exclusion | null,
  guard: Why | null,
): Matched {
  const { coverage, recording } = call;
  if (exclusion) return { fate: 'left_out', why: null, exclusion };
  if (!recording) return { fate: 'nothing', why: coverage.why, exclusion };
  if (recording.state !== 'sealed') return { fate: 'gone', why: recording.eraseWhy, exclusion };
  if (!asksErasure(request.kind)) return { fate: 'give', why: null, exclusion };
  return guard ? { fate: 'kept', why: guard, exclusion } : { fate: 'erase', why: null, exclusion };
}

/** One search of calls for each number of a request, as the catalogue searches: what they find is not yet what matches. */
export const searchesFor = (asked: Asked) =>
  asked.numbers.map((number) => ({
    ...windowOf(asked),
    ...{ text: textOf(number), region: asked.region, limit: MOST_CALLS + 1 },
  }));

function textOf(number: string): string {
  const extension = extensionOf(number);
  return extension === null ? number.replace(/[\s().\-/]/g, '') : unqualified(extension).name;
}

/**
 * Returns the calls of a request among those that were found, newest first: at most `MOST_CALLS`, `more` where there are others.
 */
export function matching<C extends Called & { id: string }>(
  asked: Asked,
  found: readonly C[],
): { calls: C[]; more: boolean } {
  const one = new Map(found.filter(matcher(asked)).map((call) => [call.id, call]));
  const calls = [...one.values()].toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  return { calls: calls.slice(0, MOST_CALLS), more: calls.length > MOST_CALLS };
}
