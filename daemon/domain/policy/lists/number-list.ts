import { type Static, Type } from 'typebox';
import { endOfDay, momentOf } from '../../days.js';
import { numberKeys } from '../../phone.js';
import type { Policy } from '../policy.js';

/** Lists of numbers that rules name, such as "VIP": kept apart from the policy, because they change far more often. */

export const MOST_LISTS = 100;
export const MOST_ON_A_LIST = 100_000;
/** So many are put on a list at once: the recorder does nothing else meanwhile. */
export const MOST_AT_ONCE = 10_000;

export const ListName = Type.String({
  default: 'VIP',
  pattern: '^[^\\s\\x00-\\x1f\\x7f]([^\\x00-\\x1f\\x7f]{0,78}[^\\s\\x00-\\x1f\\x7f])?$',
  description: 'What rules call it; it is never changed.',
});
export const ListNote = Type.String({ maxLength: 200 });
export const ListedNumber = Type.String({ minLength: 1, maxLength: 40 });

/** What is put on a list. `until`: when it leaves the list by itself, in ms since 1970; null for never. */
export const NewListed = Type.Object(
  {
    number: ListedNumber,
    note: ListNote,
    until: Type.Union([Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 }), Type.Null()]),
  },
  { additionalProperties: false },
);
export type NewListed = Static<typeof NewListed>;

export type NumberList = { name: string; note: string; addedAt: number; addedBy: string };
/** A number on a list. `id`: its place among all that was ever put on any list. */
export type Listed = NewListed & { id: number; list: string; addedAt: number; addedBy: string };

/** Whether a text can be a telephone number: nothing but what people write in one, and two digits or more. */
export const isNumber = (text: string): boolean =>
  /^\+?[\d\s().\-/*#]+$/.test(text) && text.replace(/\D/g, '').length >= 2;

/** What is wrong with a number for which `lacksCountry` holds, and what to do. */
export const LACKS_COUNTRY =
  'has no country code, and the country of this site is not set, so no call would match it. Write it with its country code, such as +44 20 7946 0123, or set region in the section [site] of tapedeck.toml.';

/** How a number looks that a spreadsheet has rounded: 4.42079E+11. */
export const isRounded = (text: string): boolean => /^\d([.,]\d+)?E\+?\d+$/i.test(text);

/**
 * When an entry ends that says so: "2027-01-31" at the end of that day in the zone, "2027-01-31 18:00" at that time. Null for what
 * is neither.
 */
export function endOf(text: string, zone: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return momentOf(text, zone);
  return momentOf(`${text} 12:00`, zone) === null ? null : endOfDay(text, zone);
}

type Found = Pick<Listed, 'id' | 'list' | 'until'>;

/** The numbers of all lists, to be found by any notation of them. `region` is that of numbers without a country code. */
export function createNumberIndex(region: string) {
  const byKey = new Map<string, Map<number, Found>>();
  const keysById = new Map<number, string[]>();

  /** Those of a number that have not ended at `now` (ms since 1970). */
  function* of(number: string, now: number): Generator<Found> {
    for (const key of numberKeys(number, region))
      for (const found of byKey.get(key)?.values() ?? [])
        if (found.until === null || found.until > now) yield found;
  }

  return {
    /** Returns what its number is looked up by. */
    add({ id, list, number, until }: Pick<Listed, 'id' | 'list' | 'number' | 'until'>): string[] {
      const keys = numberKeys(number, region);
      keysById.set(id, keys);
      for (const key of keys) {
        const there = byKey.get(key);
        if (there) there.set(id, { id, list, until });
        else byKey.set(key, new Map([[id, { id, list, until }]]));
      }
      return keys;
    },

    /** Returns what its number was looked up by; nothing for one that there is not. */
    remove(id: number): string[] {
      const keys = keysById.get(id) ?? [];
      for (const key of keys) {
        const there = byKey.get(key);
        there?.delete(id);
        if (there?.size === 0) byKey.delete(key);
      }
      keysById.delete(id);
      return keys;
    },

    /** The names of the lists that have this number now, in the order of the alphabet. */
    listsOf: (number: string, now: number): string[] =>
      [...new Set([...of(number, now)].map(({ list }) => list))].sort(),

    /** The id of the entry that a list has for this number now; null where it has none. */
    on: (list: string, number: string, now: number): number | null =>
      [...of(number, now)].find((found) => found.list === list)?.id ?? null,
  };
}
export type NumberIndex = ReturnType<typeof createNumberIndex>;

/** The names of the rules that name a list, in a condition of whatever kind that is called "list". */
export const rulesNaming = ({ record, retention, keep = [] }: Policy, list: string): string[] =>
  [...record, ...retention, ...keep]
    .filter(({ when }) => {
      const wanted: unknown = (when as Record<string, unknown>).list;
      return Array.isArray(wanted) && wanted.includes(list);
    })
    .map(({ name }) => name);
