import { readPbx, writePbx } from '../../../daemon/domain/place.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { placeName } from '../messages/places.js';
import type { When } from '../state/api.js';
import { pbxes, pbxName } from '../state/pbxes.js';

type Entry<C extends keyof When> =
  /** Texts, with commas between them. */
  | { kind: 'texts' }
  /** Some of a few, which have labels; with only one of them there is nothing to choose. */
  | { kind: 'choices'; labels: () => Record<NonNullable<When[C]>[number], string> };

/** How each condition is entered, in the order in which the form has them. */
export const CONDITIONS: { [C in keyof When]-?: Entry<C> } = {
  direction: { kind: 'choices', labels: () => t.calls.directions },
  pbx: {
    kind: 'choices',
    labels: () => Object.fromEntries(pbxes().map(({ id, name }) => [writePbx(id), clean(name)])),
  },
  extension: { kind: 'texts' },
  queue: { kind: 'texts' },
  did: { kind: 'texts' },
  number_prefix: { kind: 'texts' },
};

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
    each.map((name) => [name, { chosen: when[name] ?? [], text: (when[name] ?? []).join(', ') }]),
  ) as Entered;

/** The conditions that were entered: those that were left empty are none. */
export function conditionsOf(entered: Entered): When {
  const given = each.map((name) => [name, listed(name, entered)] as const);
  return Object.fromEntries(given.filter(([, list]) => list.length > 0));
}

export function listed(name: keyof When, entered: Entered): string[] {
  const entry = CONDITIONS[name];
  const { chosen, text } = entered[name];
  if (entry.kind === 'choices')
    return choicesOf(name, chosen).flatMap(([choice]) => (chosen.includes(choice) ? [choice] : []));
  const texts = text.split(/[,;\n]+/).map((one) => one.trim());
  return [...new Set(texts.filter(Boolean))];
}

const PLACES: readonly string[] = ['extension', 'queue', 'did'];
const shown = (name: string): ((text: string) => string) => {
  if (name === 'pbx') return (text) => clean(pbxName(readPbx(text) ?? text));
  return PLACES.includes(name) ? placeName : clean;
};

/** Conditions as they may be shown. */
export const cleaned = (when: When): When =>
  Object.fromEntries(Object.entries(when).map(([name, list]) => [name, list.map(shown(name))]));
