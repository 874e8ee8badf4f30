import { type Static, type TSchema, Type } from 'typebox';
import { type Site, wallClock } from '../days.js';
import { regionOfNumber, sameNumber } from '../phone.js';
import { type PbxId, readPbx, unqualified } from '../place.js';
import type { Direction } from '../recording/recording.js';
import { during, HOURS, WEEKDAYS } from './hours.js';

/** What is known of a call when a decision is made. */
export type CallFacts = {
  /** Extensions, queue and DID are names on this PBX. */
  pbx: PbxId;
  direction: Direction;
  /** Extensions of ours that have taken part so far. */
  extensions: string[];
  queue: string;
  did: string;
  /** The other party's number as the PBX shows it (or what was dialled, going out). */
  number: string;
  dialled: string;
  /** When it began, in ms since 1970; its day and its hour are those of the site. */
  startedAt: number;
  site: Site;
  /** A test call of Tapedeck's own: no rule is about it. */
  test?: boolean;
};

/** A kind of condition: how it is written in a rule, and which calls fit it. */
type Condition<S extends TSchema> = {
  schema: S;
  fits: (wanted: Static<S>, facts: CallFacts) => boolean;
  /** Says how it is written, to somebody who wrote something else into a policy file. */
  hint: string;
  /** It names outside parties: it is counted, not written, where it would stay for good. */
  outsiders?: true;
};
const condition = <S extends TSchema>(given: Condition<S>) => given;

/** One that lists texts, any of which may fit. */
const texts = (fits: (text: string, facts: CallFacts) => boolean, more: { outsiders?: true } = {}) =>
  condition({
    schema: Type.Array(Type.String({ minLength: 1, maxLength: 80 }), { maxItems: 500 }),
    fits: (wanted, facts) => wanted.some((text) => fits(text, facts)),
    hint: 'Write a list such as ["201", "202"]. What is on another PBX than the first is written "warehouse/201".',
    ...more,
  });

/** One that lists extensions, queues or DIDs: each is on one PBX. */
const names = (fits: (name: string, facts: CallFacts) => boolean) =>
  texts((text, facts) => {
    const { pbx, name } = unqualified(text);
    return pbx === facts.pbx && name !== '' && fits(name, facts);
  });

/** All there are, by the names that they have in a policy. */
export const CONDITIONS = {
  direction: condition({
    schema: Type.Array(Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]), {
      maxItems: 3,
    }),
    fits: (wanted, { direction }) => wanted.includes(direction),
    hint: 'Write a list of "in", "out", "internal".',
  }),
  pbx: condition({
    schema: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), {
      maxItems: 100,
      description: 'Ids of PBXs; "first" is the one without an id.',
    }),
    fits: (wanted, { pbx }) => wanted.some((text) => readPbx(text) === pbx),
    hint: 'Write a list of ids of PBXs such as ["first", "warehouse"]; "first" is the one without an id.',
  }),
  extension: names((extension, { extensions }) => extensions.includes(extension)),
  queue: names((queue, facts) => queue === facts.queue),
  did: names((did, facts) => bare(did) === bare(facts.did)),
  number: texts(
    (wanted, { number, site }) =>
      (whole(wanted) !== '' && whole(wanted) === whole(number)) || sameNumber(wanted, number, site.region),
    { outsiders: true },
  ),
  number_prefix: texts((prefix, { number }) => bare(number).startsWith(bare(prefix)), { outsiders: true }),
  region: condition({
    schema: Type.Array(Type.String({ pattern: '^([A-Z]{2}|unknown)$' }), {
      maxItems: 300,
      description:
        'Countries and territories (ISO 3166-1) of the other party\'s number; "unknown" for a number that tells none.',
    }),
    fits: (wanted, { number, site }) => wanted.includes(regionOfNumber(number, site.region) || 'unknown'),
    hint: 'Write a list of codes of countries such as ["DE", "AT"], or "unknown" for numbers that tell none.',
  }),
  weekday: condition({
    schema: Type.Array(Type.Enum([...WEEKDAYS]), {
      maxItems: 7,
      description: 'Days on which calls begin, at the site.',
    }),
    fits: (wanted, { startedAt, site }) =>
      wanted.some((day) => day === wallClock(startedAt, site.timeZone).weekday),
    hint: 'Write a list of "mon", "tue", "wed", "thu", "fri", "sat", "sun".',
  }),
  hours: condition({
    schema: Type.Array(Type.String({ pattern: HOURS }), {
      maxItems: 20,
      description:
        'When calls begin, at the site: from the first time until before the second, which may be on the next day.',
    }),
    fits: (wanted, { startedAt, site }) => {
      const { time } = wallClock(startedAt, site.timeZone);
      return wanted.some((hours) => during(hours, time));
    },
    hint: 'Write a list such as ["08:00-12:30", "13:30-18:00"]. What ends on the next day is written "22:00-06:00".',
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

/** Whether a call with these facts fits every condition. */
export const fits = (when: When, facts: CallFacts): boolean =>
  Object.entries(when).every(([name, wanted]) =>
    (CONDITIONS[name as keyof When] as Condition<TSchema>).fits(wanted, facts),
  );

/** What is left of a number without what stands for "international" before it: "+1 555 123", "001555123" and "1555123" are the same. */
const whole = (number: string): string => bare(number).replace(/^(\+|00)/, '');

/** A number without the marks that people put into it: "+1 (555) 123" and "+1555123" are the same. */
export function bare(number: string): string {
  return number.replace(/[\s().\-/]/g, '');
}
