import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { When } from '../state/api.js';

type Entry<C extends keyof When> =
  /** Texts, with commas between them. */
  | { kind: 'texts' }
  /** Some of a few, which have labels. */
  | { kind: 'choices'; labels: () => Record<NonNullable<When[C]>[number], string> };

/** How each condition is entered, in the order in which the form has them. */
export const CONDITIONS: { [C in keyof When]-?: Entry<C> } = {
  direction: { kind: 'choices', labels: () => t.calls.directions },
  extension: { kind: 'texts' },
  queue: { kind: 'texts' },
  did: { kind: 'texts' },
  number_prefix: { kind: 'texts' },
};

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
    return Object.keys(entry.labels()).filter((choice) => chosen.includes(choice));
  const texts = text.split(/[,;\n]+/).map((one) => one.trim());
  return [...new Set(texts.filter(Boolean))];
}

/** Conditions as they may be shown. */
export const cleaned = (when: When): When =>
  Object.fromEntries(Object.entries(when).map(([name, list]) => [name, list.map(clean)]));
