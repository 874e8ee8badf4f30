import { factsOf } from '../call/facts-of.js';
import type { Site } from '../days.js';
import { notStored } from '../policy/match.js';
import type { Policy } from '../policy/policy.js';
import { type Why, writeWhy } from '../reason/reason.js';
import type { CallId, CallRecord, Leg, Mark, Party } from '../recording/recording.js';
import { daysLater } from './calendar.js';
import { decideRetention } from './decide.js';

/** How long names and numbers of a call stay once there is no audio of it. */

/** Calls in the order in which they lost their audio, or ended without any. `since` in ms since 1970. */
export type NamesPlace = { since: number; id: CallId };
export const FIRST_NAMES: NamesPlace = { since: -1, id: '' };

/** A clock that is put back repeats at most so much. */
const REPEATED_MS = 3_600_000;

/** Returns the time since which a call must have had no audio for its names and numbers to be due at `now`. In ms since 1970. */
export const namesDueSince = (now: number, days: number, zone: string): number =>
  daysLater(now, -days, zone) - REPEATED_MS;

/** Whether names and numbers stay for less time by `after` than by `before`. */
export const namesShorter = (before: Policy, after: Policy): boolean =>
  (after.metadata_days ?? Number.POSITIVE_INFINITY) < (before.metadata_days ?? Number.POSITIVE_INFINITY);

/**
 * Returns what says until when names and numbers of a call have to stay because of a minimum of the policy; null for a policy
 * without one. Where a fact that a minimum asks for was not stored, the longest one counts.
 */
export function namesMinimum(
  policy: Policy,
  site: Site,
  listsOf: (number: string) => string[],
): ((call: CallRecord) => number) | null {
  const minimums = (policy.limits ?? []).filter(({ kind }) => kind === 'min');
  if (minimums.length === 0) return null;
  const longest = Math.max(...minimums.map(({ days }) => days));
  return (call) => {
    const ended = call.endedAt ?? call.startedAt;
    const facts = factsOf(call, site, listsOf);
    if (notStored(minimums, facts).length > 0) return daysLater(ended, longest, site.timeZone);
    return decideRetention(policy, facts, ended).minUntil ?? 0;
  };
}

/** What was removed in a run, and what stayed because of a legal hold or a minimum. `days`: by which rule. */
export type NamesRun = { days: number; removed: number; protected: number };

const nobody = ({ ours }: Pick<Party, 'ours'>): Party => ({ number: '', name: '', ours, removed: true });

/** Returns a call without anything that names somebody: when it was, how it went and which queue it came into is left. */
export const withoutNames = <C extends Pick<CallRecord, 'them' | 'us' | 'legs' | 'marks'>>(call: C) => ({
  them: nobody(call.them),
  us: nobody(call.us),
  ...{ dialled: '', did: '' },
  legs: call.legs.map((leg): Leg => ({ ...leg, party: nobody(leg.party), endpoint: '' })),
  marks: call.marks.map((mark): Mark => (mark.kind === 'queue' ? mark : { ...mark, text: '' })),
});

/** Texts in reasons that may quote what a PBX, a file or a person said. */
const QUOTING = ['detail', 'text'];

/** Returns a reason without words that somebody typed about one call, and without what an error has quoted. */
export function withoutWords<W extends Why | null>(why: W): W {
  if (why === null) return why;
  const params = Object.entries(why.params as Record<string, unknown>).map(([name, value]) => {
    if (name === 'whys') return [name, (value as Why[]).map(withoutWords)];
    if (name === 'why') return [name, withoutWords(value as Why | null)];
    const typed = why.code === 'erased_by_hand' && name === 'reason';
    return [name, QUOTING.includes(name) || typed ? '' : value];
  });
  return { ...why, params: Object.fromEntries(params) };
}

/** The same of a reason as it is stored. One that cannot be read goes. */
export function storedWithoutWords(stored: string, read: (text: string) => Why | null): string {
  try {
    return writeWhy(withoutWords(read(stored)));
  } catch {
    return '';
  }
}
