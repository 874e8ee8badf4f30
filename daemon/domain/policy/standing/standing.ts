import { type Static, Type } from 'typebox';
import { digitsOf, lacksCountry, numberKeys } from '../../phone.js';
import { isNumber, LACKS_COUNTRY, ListedNumber } from '../lists/number-list.js';
import type { DocumentType } from './document.js';

/**
 * Standing consents and objections: what an outside party has said once for all calls with its number, such as in a contract.
 * None is removed: one that no longer holds was withdrawn, or has ended. Of one that was erased there remains that there was one,
 * without number, contact, extensions, queues or how it was given.
 */

export const standingKinds = ['consent', 'objection'] as const;
export type StandingKind = (typeof standingKinds)[number];

export const MOST_STANDING = 100_000;
/** So many are entered at once: the recorder does nothing else meanwhile. */
export const MOST_STANDING_AT_ONCE = 10_000;

const Moment = Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 });
const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 80 }), { maxItems: 50, description });

/** What is entered. Times are ms since 1970. With neither extensions nor queues it is about all calls. */
export const NewStanding = Type.Object(
  {
    kind: Type.Enum([...standingKinds]),
    number: ListedNumber,
    contact: Type.String({ maxLength: 80, description: "The contact's name, or empty." }),
    extensions: Names('Only calls in which one of these takes part.'),
    queues: Names('Only calls that come through one of these.'),
    givenAt: Moment,
    how: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'How it was given, such as "contract of 3 May".',
    }),
    /** From then on it holds no more; null for never. */
    until: Type.Union([Moment, Type.Null()]),
  },
  { additionalProperties: false },
);
export type NewStanding = Static<typeof NewStanding>;

/** A signed document that is sealed beside it. `id`: under which it is kept. `sha256`: in hex, of the document as it was uploaded. */
export type StandingDocument = {
  id: string;
  type: DocumentType;
  bytes: number;
  sha256: string;
  addedAt: number;
  /** When it was destroyed with its key, and by whom; null while it is there. */
  erasedAt: number | null;
  erasedBy: string;
};

/** `id`: its place among all that were ever entered. */
export type Standing = NewStanding & {
  id: number;
  addedAt: number;
  addedBy: string;
  withdrawnAt: number | null;
  /** Empty while it is not withdrawn. */
  withdrawnBy: string;
  document: StandingDocument | null;
  /** When its personal data was erased, by whom and why; null and empty while it is there. */
  erasedAt: number | null;
  erasedBy: string;
  erasedWhy: string;
};

/** What a decision needs to know of one that holds for a call. */
export type HoldingStanding = Pick<Standing, 'kind' | 'number' | 'extensions' | 'queues' | 'givenAt'>;

/** What stands for numbers, to be asked while calls go on. */
export type StandingOf = {
  /** Those that hold for a call with this number; `endedAt` is null while it goes on. Times are ms since 1970. */
  holding(number: string, startedAt: number, endedAt: number | null): HoldingStanding[];
  /** Whether there is an objection of any number. */
  anyObjection(): boolean;
};

/** Where nobody has entered one. */
export const NONE_STANDING: StandingOf = { holding: () => [], anyObjection: () => false };

export const standingStates = ['in_force', 'expired', 'withdrawn', 'erased'] as const;
export type StandingState = (typeof standingStates)[number];

/** How one stands at `now`, ms since 1970. */
export function stateOf({ until, withdrawnAt, erasedAt }: Standing, now: number): StandingState {
  if (erasedAt !== null) return 'erased';
  if (withdrawnAt !== null) return 'withdrawn';
  return until !== null && until <= now ? 'expired' : 'in_force';
}

/**
 * Whether one holds for a call that goes from `from` to `to`, ms since 1970; `to` is now while it goes on. An objection does that
 * held at any time of it; a consent only one that held all the time.
 */
export function holdsFor(
  { kind, givenAt, until, withdrawnAt }: Pick<Standing, 'kind' | 'givenAt' | 'until' | 'withdrawnAt'>,
  from: number,
  to: number,
): boolean {
  const end = Math.min(until ?? Number.POSITIVE_INFINITY, withdrawnAt ?? Number.POSITIVE_INFINITY);
  return kind === 'objection' ? givenAt <= to && end > Math.max(from, givenAt) : givenAt <= from && end > to;
}

export const MOST_ERASE_REASON = 200;
/** So many digits of a number tell whose it is. */
const TELLING_DIGITS = 5;

/**
 * Whether a text names somebody who is to be erased, by a part of the number or by the contact's name: it would stay in the audit
 * log for good.
 */
export function namesErased(
  { number, contact }: Pick<Standing, 'number' | 'contact'>,
  text: string,
): boolean {
  const end = digitsOf(number).slice(-TELLING_DIGITS);
  const name = contact.trim().toLowerCase();
  return (
    (end.length > 1 && digitsOf(text).includes(end)) || (name.length > 2 && text.toLowerCase().includes(name))
  );
}

/**
 * Returns what is wrong with one that is to be entered at `now`, in one sentence; null for nothing. `region` is that of numbers without
 * a country code.
 */
export function standingFault(
  { number, givenAt, until, how, extensions, queues }: NewStanding,
  now: number,
  region: string,
): string | null {
  if (!isNumber(number)) return 'It is not a telephone number.';
  if (lacksCountry(number, region)) return `The number ${LACKS_COUNTRY}`;
  if (how === '') return 'It is not said how it was given.';
  // One without a name would be about no call, or about all of them.
  if ([...extensions, ...queues].includes('')) return 'An extension or a queue has no name.';
  if (givenAt > now) return 'The day on which it was given is in the future.';
  if (until !== null && until <= givenAt) return 'It ends before it was given.';
  if (until !== null && until <= now) return 'It has ended already.';
  return null;
}

type Found = HoldingStanding & Pick<Standing, 'id' | 'until' | 'withdrawnAt'>;

/** All of them, to be found by any notation of their number. `region` is that of numbers without a country code. */
export function createStandingIndex(region: string) {
  const byKey = new Map<string, Map<number, Found>>();
  /** Ids of objections that are not withdrawn. */
  const objections = new Set<number>();
  const keysById = new Map<number, string[]>();

  function erase({ id, withdrawnAt }: Standing): string[] {
    const keys = keysById.get(id) ?? [];
    for (const key of keys) {
      const there = byKey.get(key);
      const found = there?.get(id);
      if (found) there!.set(id, { ...found, withdrawnAt });
    }
    objections.delete(id);
    return keys;
  }

  return {
    /**
     * Takes one up, in place of what was known of it. Returns what its number is looked up by. One that is erased is withdrawn here:
     * until the next start it stays known for which calls it held, so that none of them is captured after all.
     */
    put(standing: Standing): string[] {
      if (standing.erasedAt !== null) return erase(standing);
      const { id, kind, number, extensions, queues, givenAt, until, withdrawnAt } = standing;
      const found: Found = { id, kind, number, extensions, queues, givenAt, until, withdrawnAt };
      const keys = numberKeys(number, region);
      keysById.set(id, keys);
      for (const key of keys) {
        const there = byKey.get(key);
        if (there) there.set(id, found);
        else byKey.set(key, new Map([[id, found]]));
      }
      if (kind === 'objection' && withdrawnAt === null) objections.add(id);
      else objections.delete(id);
      return keys;
    },

    /** Those that hold for a call with this number, see `holdsFor`, each with the number as the call has it. */
    holding(number: string, from: number, to: number): HoldingStanding[] {
      const found = new Map<number, HoldingStanding>();
      for (const key of numberKeys(number, region))
        for (const { id, until, withdrawnAt, ...one } of byKey.get(key)?.values() ?? [])
          if (!found.has(id) && holdsFor({ ...one, until, withdrawnAt }, from, to))
            found.set(id, { ...one, number });
      return [...found.values()];
    },

    /** Whether there is an objection that was not withdrawn, of whatever number. */
    anyObjection: (): boolean => objections.size > 0,
  };
}
export type StandingIndex = ReturnType<typeof createStandingIndex>;
