import type { Party } from '../state/api.js';
import { t } from './language.js';
import { clean, readable } from './numbers.js';

/** What to call a party: its name, else its number as people write it. */
export function nameOf(party: Party): string {
  if (party.removed) return t.calls.removed;
  return (
    clean(party.name) || readable(clean(party.number)) || (party.ours ? t.calls.nobody : t.calls.withheld)
  );
}

/** Whether a party's name or number is known: what `nameOf` returns is then theirs. */
export const isNamed = (party: Party): boolean => Boolean(clean(party.name) || clean(party.number));

/** The number to show beside a name, or nothing when the name is the number. */
export function numberBeside(party: Party): string {
  if (!clean(party.name) || clean(party.name) === clean(party.number)) return '';
  return readable(clean(party.number));
}

/** Name and number exactly as they came, for a hover. */
export function exactParty(party: Party): string {
  if (party.removed) return t.calls.removed;
  return [clean(party.name), clean(party.number)].filter(Boolean).join(' · ') || t.calls.withheld;
}
