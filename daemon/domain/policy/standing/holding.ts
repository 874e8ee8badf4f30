import { dates } from '../../days.js';
import { NO_EXTENSION } from '../../phone.js';
import { bare, CONDITIONS } from '../conditions.js';
import type { CallFacts } from '../facts.js';
import type { HoldingStanding } from './standing.js';

/** What standing consents and objections come to in a call. */

/** No extension or queue of a consent names a group. */
const AROUND = { rule: '', groups: [], holidays: [] };

/** The numbers of the outside parties so far. One that is withheld is none. */
const outside = ({ direction, number, added }: CallFacts): string[] =>
  [...(direction === 'internal' ? [] : [number]), ...added].filter((text) => text !== '');

function isAbout({ extensions, queues }: HoldingStanding, facts: CallFacts): boolean {
  if (extensions.length === 0 && queues.length === 0) return true;
  return CONDITIONS.extension.fits(extensions, AROUND)(facts) || CONDITIONS.queue.fits(queues, AROUND)(facts);
}

/** The objection of an outside party that holds for the call; undefined where there is none. */
export function objectionTo(facts: CallFacts): HoldingStanding | undefined {
  const { holding } = facts.standing;
  if (holding.length === 0) return undefined;
  const numbers = outside(facts);
  return holding.find(
    (one) => one.kind === 'objection' && numbers.includes(one.number) && isAbout(one, facts),
  );
}

/** Whether it may turn out that an objection holds. `later`: the facts once everybody who is being rung has answered, or null. */
export function mayBeObjected(facts: CallFacts, later: CallFacts | null): boolean {
  const { direction, dialled, known, standing } = facts;
  if (!standing.anyObjection) return false;
  if (!known.number) return true;
  // What was dialled inside may still go to a line outside if it is so long.
  if (direction === 'internal' && !known.extension && bare(dialled).length >= NO_EXTENSION) return true;
  if (standing.holding.length === 0) return false;
  const then = later ?? facts;
  const numbers = outside(then);
  return standing.holding.some(
    (one) =>
      one.kind === 'objection' &&
      numbers.includes(one.number) &&
      (isAbout(one, then) ||
        (one.extensions.length > 0 && !known.extension) ||
        (one.queues.length > 0 && !known.queue)),
  );
}

/**
 * The consent of the first outside party, where every one of them has given one that holds for the call; else undefined. Who hides
 * their number may be anybody.
 */
export function consentTo(facts: CallFacts): HoldingStanding | undefined {
  const { holding } = facts.standing;
  const hidden = facts.addedHidden || (facts.direction !== 'internal' && facts.number === '');
  if (holding.length === 0 || hidden) return undefined;
  const given = outside(facts).map((number) =>
    holding.find((one) => one.kind === 'consent' && one.number === number && isAbout(one, facts)),
  );
  return given.every((one) => one !== undefined) ? given[0] : undefined;
}

/** The day on which one was given, as people at the site read it. */
export const dayOf = ({ givenAt }: HoldingStanding, { site }: CallFacts): string =>
  dates(site.timeZone)(givenAt);
