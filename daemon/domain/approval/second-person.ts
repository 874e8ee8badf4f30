import { mayDo, type Person } from '../people/person.js';
import { APPROVER, type ApprovalAct, DAY_MS } from './approval.js';

/**
 * What one person has done to the account of another. Whoever did one of these may know how to sign in as them, or has made them what
 * they are, so for a while the two are not independent.
 */
export const tieKinds = ['made', 'invited', 'rights'] as const;
export type Tie = { actor: string; subject: string; what: (typeof tieKinds)[number]; at: number };

/** How long a tie counts, and how old a second factor has to be. */
export const INDEPENDENT_AFTER_MS = 7 * DAY_MS;

/** Why somebody cannot approve. `until`: when that ends by itself, ms since 1970. */
export type SecondPersonFault =
  | { code: 'own'; until: null }
  | { code: 'tied'; until: number }
  | { code: 'factor_missing'; until: null }
  | { code: 'factor_new'; until: number };

/**
 * Returns why `approver` is no second person for what `asker` asked for; null where they are. Both are ids. `ties` may have those of
 * others too. Somebody who may approve now may also approve at any later time, unless another tie is added.
 */
export function mayApprove({
  asker,
  approver,
  ties,
  now,
}: {
  asker: string;
  approver: string;
  ties: readonly Tie[];
  now: number;
}): SecondPersonFault | null {
  if (asker === approver) return { code: 'own', until: null };
  const until = Math.max(
    0,
    ...ties
      .filter(
        ({ actor, subject }) =>
          (actor === asker && subject === approver) || (actor === approver && subject === asker),
      )
      .map(({ at }) => at + INDEPENDENT_AFTER_MS),
  );
  return now < until ? { code: 'tied', until } : null;
}

/**
 * Returns why the second factors of somebody do not let them approve. Whoever has read a password can add a first factor with it, and
 * whoever has seen one code another factor, so a new one proves no more than these. `since`: when each of those that could be given, or
 * the one that was given, was added, ms since 1970. Recovery codes are none of them.
 */
export function factorFault(since: readonly number[], now: number): SecondPersonFault | null {
  if (since.length === 0) return { code: 'factor_missing', until: null };
  const until = Math.min(...since) + INDEPENDENT_AFTER_MS;
  return now < until ? { code: 'factor_new', until } : null;
}

/** Whether somebody has the right to approve anything. */
export const isApprover = (person: Person): boolean =>
  Object.values(APPROVER).some((right) => mayDo(person, right));

type Account = Person & { disabledAt: number | null; source: string; passwordHash: string };

/** Whether anybody but this person could approve such an act: a local account with the right that somebody can sign in to. */
export const othersCanApprove = (people: readonly Account[], asker: string, act: ApprovalAct): boolean =>
  people.some(
    (one) =>
      one.id !== asker &&
      one.disabledAt === null &&
      one.source === 'local' &&
      one.passwordHash !== '' &&
      mayDo(one, APPROVER[act]),
  );
