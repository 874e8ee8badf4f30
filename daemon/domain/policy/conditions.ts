import { type Static, type TSchema, Type } from 'typebox';
import { sha256 } from '../assurance/canonical.js';
import { wallClock } from '../days.js';
import { comparable, regionOfNumber } from '../phone.js';
import { readPbx, unqualified } from '../place.js';
import type { CallFacts, LateFact } from './facts.js';
import { during, HOURS, WEEKDAYS } from './hours.js';

export type Group = { name: string; extensions: string[] };
export type Holiday = { date: string; name: string };

/** What a condition may need besides itself: its rule, and what the policy has for all rules. */
export type Around = { rule: string; groups: readonly Group[]; holidays: readonly Holiday[] };

type Test = (facts: CallFacts) => boolean;

/** A kind of condition: how it is written in a rule, and which calls fit it. */
type Condition<S extends TSchema> = {
  schema: S;
  /** Returns what tells whether calls fit: it is made once for a rule. */
  fits: (wanted: Static<S>, around: Around) => Test;
  /** Says how it is written, to somebody who wrote something else into a policy file. */
  hint: string;
  /** It names outside parties: it is counted, not written, where it would stay for good. */
  outsiders?: true;
  /** What it asks for, if that may become known late. */
  needs?: LateFact;
  /** A call that fits keeps fitting, also while what is needed may still become known. */
  stays?: true;
  /** Whether a call has what it asks for: older calls were stored without. */
  stored?: (facts: CallFacts) => boolean;
};
const condition = <S extends TSchema>(given: Condition<S>) => given;

const HINT =
  'Write a list such as ["201", "202"]. What is on another PBX than the first is written "warehouse/201".';
type More = Partial<Pick<Condition<TSchema>, 'hint' | 'outsiders' | 'needs' | 'stays' | 'stored'>>;

/** One that lists texts, any of which may fit. */
const texts = (fits: (wanted: string[], around: Around) => Test, more: More = {}) =>
  condition({
    schema: Type.Array(Type.String({ minLength: 1, maxLength: 80 }), { maxItems: 500 }),
    fits,
    hint: HINT,
    ...more,
  });

/** Names on a PBX as they are in a policy, by their PBX. */
function byPbx(wanted: string[]): (pbx: string) => ReadonlySet<string> {
  const sets = new Map<string, Set<string>>();
  for (const text of wanted) {
    const { pbx, name } = unqualified(text);
    if (name !== '') sets.set(pbx, (sets.get(pbx) ?? new Set()).add(name));
  }
  const none = new Set<string>();
  return (pbx) => sets.get(pbx) ?? none;
}

function someExtension(wanted: string[]): Test {
  const on = byPbx(wanted);
  return ({ pbx, extensions }) => {
    const set = on(pbx);
    return extensions.some((extension) => set.has(extension));
  };
}

/** One about the numbers of outside parties: any of them may fit. */
const ofNumbers = { outsiders: true, needs: 'number' } as const;
const someNumber = (fits: (number: string, facts: CallFacts) => boolean): Test => {
  return (facts) => fits(facts.number, facts) || facts.added.some((number) => fits(number, facts));
};

/** All there are, by the names that they have in a policy. A rule's are tried in this order: what takes longest comes last. */
export const CONDITIONS = {
  direction: condition({
    schema: Type.Array(Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]), {
      maxItems: 3,
    }),
    fits:
      (wanted) =>
      ({ direction }) =>
        wanted.includes(direction),
    hint: 'Write a list of "in", "out", "internal".',
    needs: 'number',
  }),
  pbx: condition({
    schema: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), {
      maxItems: 100,
      description: 'Ids of PBXs; "first" is the one without an id.',
    }),
    fits: (wanted) => {
      const ids = new Set(wanted.map(readPbx));
      return ({ pbx }) => ids.has(pbx);
    },
    hint: 'Write a list of ids of PBXs such as ["first", "warehouse"]; "first" is the one without an id.',
  }),
  extension: texts(someExtension, { needs: 'extension', stays: true }),
  group: texts(
    (wanted, { groups }) =>
      someExtension(groups.flatMap(({ name, extensions }) => (wanted.includes(name) ? extensions : []))),
    {
      hint: 'Write a list of names of groups such as ["Sales"]; [[groups]] has the extensions of each.',
      needs: 'extension',
      stays: true,
    },
  ),
  queue: texts(
    (wanted) => {
      const on = byPbx(wanted);
      return ({ pbx, queue }) => on(pbx).has(queue);
    },
    { needs: 'queue', stays: true },
  ),
  did: texts((wanted) => {
    const places = wanted.map(unqualified).filter(({ name }) => name !== '');
    const numbers = new Set(places.map(({ pbx, name }) => `${pbx}/${bare(name)}`));
    return ({ pbx, did }) => numbers.has(`${pbx}/${bare(did)}`);
  }),
  trunk: texts(
    (wanted) => {
      const on = byPbx(wanted);
      return ({ pbx, trunks }) => trunks?.some((trunk) => on(pbx).has(trunk)) ?? false;
    },
    { needs: 'number', stored: ({ trunks }) => trunks !== null },
  ),
  account: texts(
    (wanted) => {
      const codes = new Set(wanted);
      return ({ account }) => account !== null && codes.has(account);
    },
    {
      hint: 'Write a list of account codes such as ["4711"].',
      needs: 'account',
      stays: true,
      stored: ({ account }) => account !== null,
    },
  ),
  variable: condition({
    schema: Type.Array(
      Type.String({ minLength: 3, maxLength: 80, pattern: '^[A-Za-z_][A-Za-z0-9_()-]*=[^\\r\\n]+$' }),
      {
        maxItems: 100,
        description:
          'Channel variables of the leg that began the call, as NAME=value. `channelvars` in ari.conf must have the name.',
      },
    ),
    fits: (wanted) => {
      const pairs = wanted.map((text) => [
        text.slice(0, text.indexOf('=')),
        text.slice(text.indexOf('=') + 1),
      ]);
      return ({ variables }) =>
        variables !== null &&
        pairs.some(([name, value]) => Object.hasOwn(variables, name!) && variables[name!] === value);
    },
    hint: 'Write a list such as ["CAMPAIGN=spring"], and add the name to channelvars in ari.conf.',
    needs: 'variable',
    stays: true,
    stored: ({ variables }) => variables !== null,
  }),
  list: texts(
    (wanted) => {
      const names = new Set(wanted);
      return ({ lists }) => lists.some((list) => names.has(list));
    },
    { hint: 'Write a list of names of number lists such as ["Do not record"].', needs: 'number' },
  ),
  number: texts((wanted) => {
    const written = new Set(wanted.map(whole).filter(Boolean));
    const same = comparable(wanted);
    return someNumber(
      (number, { site }) => number !== '' && (written.has(whole(number)) || same(number, site.region)),
    );
  }, ofNumbers),
  number_prefix: texts((wanted) => {
    const prefixes = wanted.map(bare);
    return someNumber((number) => {
      const digits = bare(number);
      return prefixes.some((prefix) => digits.startsWith(prefix));
    });
  }, ofNumbers),
  weekday: condition({
    schema: Type.Array(Type.Enum([...WEEKDAYS]), {
      maxItems: 7,
      description: 'Days on which calls begin, at the site.',
    }),
    fits:
      (wanted) =>
      ({ startedAt, site }) =>
        (wanted as string[]).includes(wallClock(startedAt, site.timeZone).weekday),
    hint: 'Write a list of "mon", "tue", "wed", "thu", "fri", "sat", "sun".',
  }),
  holiday: condition({
    schema: Type.Boolean({
      description:
        'Whether calls begin on one of the days in `holidays`, at the site: true, on one of them; false, on any other day.',
    }),
    fits: (wanted, { holidays }) => {
      const days = new Set(holidays.map(({ date }) => date));
      return ({ startedAt, site }) => {
        const { date } = wallClock(startedAt, site.timeZone);
        return (days.has(date) || days.has(date.slice(5))) === wanted;
      };
    },
    hint: 'Write true or false; [[holidays]] has the days.',
  }),
  hours: condition({
    schema: Type.Array(Type.String({ pattern: HOURS }), {
      maxItems: 20,
      description:
        'When calls begin, at the site: from the first time until before the second, which may be on the next day.',
    }),
    fits: (wanted) => {
      const any = wanted.map(during);
      return ({ startedAt, site }) => {
        const { time } = wallClock(startedAt, site.timeZone);
        return any.some((hours) => hours(time));
      };
    },
    hint: 'Write a list such as ["08:00-12:30", "13:30-18:00"]. What ends on the next day is written "22:00-06:00".',
  }),
  region: condition({
    schema: Type.Array(Type.String({ pattern: '^([A-Z]{2}|unknown)$' }), {
      maxItems: 300,
      description:
        'Countries and territories (ISO 3166-1) of the other party\'s number; "unknown" for a number that tells none.',
    }),
    fits: (wanted) => {
      const regions = new Set(wanted);
      return someNumber((number, { site }) => regions.has(regionOfNumber(number, site.region) || 'unknown'));
    },
    hint: 'Write a list of codes of countries such as ["DE", "AT"], or "unknown" for numbers that tell none.',
    needs: 'number',
  }),
  percentage: condition({
    schema: Type.Integer({
      minimum: 1,
      maximum: 99,
      description:
        "So many of 100 calls. Which ones follows from the rule's name and the call's first id (SHA-256 of both): the same whenever it is decided.",
    }),
    fits:
      (wanted, { rule }) =>
      ({ firstId }) =>
        shareOf(rule, firstId) < wanted,
    hint: 'Write a whole number from 1 to 99.',
  }),
};

type Schemas = { [C in keyof typeof CONDITIONS]: (typeof CONDITIONS)[C]['schema'] };
const schemas = Object.fromEntries(
  Object.entries(CONDITIONS).map(([name, { schema }]) => [name, schema]),
) as Schemas;

export const When = Type.Partial(Type.Object(schemas), {
  additionalProperties: false,
  description: 'Every condition given must match; in a list, any entry may match.',
});
export type When = Static<typeof When>;

/** Where a call stands among 100, for a rule: 0 to 99. Another rule has the calls in another order. */
const shareOf = (rule: string, firstId: string): number =>
  Number.parseInt(sha256(`${rule}\n${firstId}`).slice(0, 12), 16) % 100;

/** What is left of a number without what stands for "international" before it: "+1 555 123", "001555123" and "1555123" are the same. */
function whole(number: string): string {
  const digits = bare(number);
  return digits.startsWith('+') ? digits.slice(1) : digits.startsWith('00') ? digits.slice(2) : digits;
}

/** A number without the marks that people put into it: "+1 (555) 123" and "+1555123" are the same. */
export function bare(number: string): string {
  return MARKS.test(number) ? number.replace(/[\s().\-/]/g, '') : number;
}
const MARKS = /[\s().\-/]/;
