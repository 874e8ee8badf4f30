import { isRegion } from '../../../daemon/domain/phone.js';
import { readPbx, writePbx } from '../../../daemon/domain/place.js';
import { type Weekday, HOURS as wellFormedHours } from '../../../daemon/domain/policy/hours.js';
import { t } from '../messages/language.js';
import { clean, regionName } from '../messages/numbers.js';
import { placeName } from '../messages/places.js';
import { weekdays } from '../messages/when.js';
import type { When } from '../state/api.js';
import { pbxes, pbxName } from '../state/pbxes.js';
import { groupNames } from './use-policy.js';

const HOURS = new RegExp(wellFormedHours);
/** Of a text in a rule. */
const LONGEST = 80;

type Choices<C extends keyof When> =
  NonNullable<When[C]> extends (infer T extends string)[] ? T : 'yes' | 'no';
type Entry<C extends keyof When> =
  /** Texts, with commas between them: how each is written in a rule, and why it cannot be. */
  | {
      kind: 'texts';
      help?: () => string;
      read?: (text: string) => string;
      fault?: (text: string) => string | undefined;
    }
  /** Some of a few, which have labels; with only one of them there is nothing to choose. */
  | { kind: 'choices'; labels: () => Record<Choices<C>, string> };

/** How each condition is entered, in the order in which the form has them. */
export const CONDITIONS: { [C in keyof When]-?: Entry<C> } = {
  direction: { kind: 'choices', labels: () => t.calls.directions },
  pbx: {
    kind: 'choices',
    labels: () => Object.fromEntries(pbxes().map(({ id, name }) => [writePbx(id), clean(name)])),
  },
  extension: { kind: 'texts' },
  group: {
    kind: 'texts',
    help: () => t.policy.form.helps.group,
    fault: (text) =>
      groupNames().includes(text) ? undefined : t.policy.form.bad.group({ text: clean(text) }),
  },
  queue: { kind: 'texts' },
  did: { kind: 'texts' },
  trunk: { kind: 'texts', help: () => t.policy.form.helps.trunk },
  account: { kind: 'texts' },
  variable: {
    kind: 'texts',
    help: () => t.policy.form.helps.variable,
    fault: (text) =>
      /^[A-Za-z_][\w()-]*=.+$/.test(text) ? undefined : t.policy.form.bad.variable({ text: clean(text) }),
  },
  list: { kind: 'texts' },
  number: { kind: 'texts', help: () => t.policy.form.helps.number },
  number_prefix: { kind: 'texts' },
  region: {
    kind: 'texts',
    read: (text) => (/^unknown$/i.test(text) ? 'unknown' : text.toUpperCase()),
    help: () => t.policy.form.helps.region,
    fault: (text) =>
      text === 'unknown' || isRegion(text) ? undefined : t.policy.form.bad.region({ text: clean(text) }),
  },
  weekday: { kind: 'choices', labels: () => weekdays() },
  holiday: { kind: 'choices', labels: () => t.policy.form.holidays },
  hours: {
    kind: 'texts',
    read: (text) => text.replace(/\s*[-–]\s*/, '-').replace(/(?<!\d)(\d:)/g, '0$1'),
    help: () => t.policy.form.helps.hours,
    fault: (text) => (HOURS.test(text) ? undefined : t.policy.form.bad.hours({ text: clean(text) })),
  },
  percentage: {
    kind: 'texts',
    read: (text) => text.replace(/\s*%$/, ''),
    help: () => t.policy.form.helps.percentage,
    fault: (text) => (/^[1-9]\d?$/.test(text) ? undefined : t.policy.form.bad.percentage),
  },
};

/** What a condition asks for, as texts. */
export function textsOf(wanted: When[keyof When]): string[] {
  if (wanted === undefined) return [];
  if (typeof wanted === 'boolean') return [wanted ? 'yes' : 'no'];
  return [wanted].flat().map(String);
}

/** What can be chosen for a condition, with its label: also what was chosen and is not there any more. Empty for texts. */
export function choicesOf(name: keyof When, chosen: readonly string[]): [choice: string, label: string][] {
  const entry = CONDITIONS[name];
  if (entry.kind === 'texts') return [];
  const labels: Record<string, string> = entry.labels();
  const gone = [...new Set(chosen)].filter((choice) => !Object.hasOwn(labels, choice));
  return [...Object.entries(labels), ...gone.map((choice): [string, string] => [choice, clean(choice)])];
}

/** What was entered for each condition: what of the choices, or a text. */
export type Entered = Record<keyof When, { chosen: string[]; text: string }>;

const each = Object.keys(CONDITIONS) as (keyof When)[];

export const enteredOf = (when: When): Entered =>
  Object.fromEntries(
    each.map((name) => [name, { chosen: textsOf(when[name]), text: textsOf(when[name]).join(', ') }]),
  ) as Entered;

/** The conditions that were entered: those that were left empty are none. */
export function conditionsOf(entered: Entered): When {
  const given = each.map((name) => [name, listed(name, entered)] as const);
  return Object.fromEntries(
    given.flatMap(([name, list]): [string, unknown][] => {
      if (list.length === 0) return [];
      // Holidays and other days are all days.
      if (name === 'holiday') return list.length > 1 ? [] : [[name, list[0] === 'yes']];
      return [[name, name === 'percentage' ? Number(list[0]) : list]];
    }),
  );
}

export function listed(name: keyof When, entered: Entered): string[] {
  const entry = CONDITIONS[name];
  const { chosen, text } = entered[name];
  if (entry.kind === 'choices')
    return choicesOf(name, chosen).flatMap(([choice]) => (chosen.includes(choice) ? [choice] : []));
  const { read = (one) => one } = entry;
  const texts = text.split(/[,;\n]+/).map((one) => read(one.trim()));
  return [...new Set(texts.filter(Boolean))];
}

/** What is wrong with the texts that were entered for a condition. */
export function faultOf(name: keyof When, entered: Entered): string | undefined {
  const entry = CONDITIONS[name];
  if (entry.kind !== 'texts') return undefined;
  const texts = listed(name, entered);
  if (texts.some((text) => text.length > LONGEST)) return t.policy.form.tooLong;
  if (name === 'percentage' && texts.length > 1) return t.policy.form.bad.percentage;
  return texts.map((text) => entry.fault?.(text)).find((fault) => fault !== undefined);
}

const PLACES: readonly string[] = ['extension', 'queue', 'did', 'trunk'];
const shown = (name: string): ((text: string) => string) => {
  if (name === 'pbx') return (text) => clean(pbxName(readPbx(text) ?? text));
  if (name === 'region') return (text) => (text === 'unknown' ? t.policy.unknownRegion : regionName(text));
  if (name === 'weekday') return (text) => weekdays()[text as Weekday];
  return PLACES.includes(name) ? placeName : clean;
};

/** Conditions as they may be shown. */
export const cleaned = (when: When): Partial<Record<keyof When, string[]>> =>
  Object.fromEntries(Object.entries(when).map(([name, wanted]) => [name, textsOf(wanted).map(shown(name))]));
