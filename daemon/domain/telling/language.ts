import type { CallFacts } from '../policy/facts.js';
import { fits } from '../policy/match.js';
import { type Place, regionOf } from './region.js';
import type { Language, Telling } from './schema.js';

/** Countries where most people speak one of the languages that Tapedeck has prompts in. */
const SPOKEN: Record<Exclude<Language, 'en'>, string> = {
  de: 'DE AT LI',
  es: 'ES MX AR CL CO PE VE EC GT CU BO DO HN PY SV NI CR PA UY PR',
  fr: 'FR MC',
};
const byCountry = new Map(
  Object.entries(SPOKEN).flatMap(([language, countries]) =>
    countries.split(' ').map((country) => [country, language as Language] as const),
  ),
);

/**
 * Returns the language in which the people of a call are told: what the policy has for a call like this, else the language of the
 * number's country, else the policy's own, else English.
 */
export function languageOf(telling: Telling, facts: CallFacts): Language {
  const chosen = telling.languages?.find(({ when }) => fits(when, facts));
  if (chosen) return chosen.language;
  const place = facts.direction === 'internal' ? NOWHERE : regionOf(facts.number, facts.site.region);
  return languageOfPlace(place) ?? telling.language ?? 'en';
}

/** Returns the language that most people of a place speak, of those that there are prompts in; null for any other. */
export const languageOfPlace = ({ region, subdivision }: Place): Language | null =>
  region === 'CA' && subdivision === 'QC' ? 'fr' : (byCountry.get(region) ?? null);

const NOWHERE = { region: '', subdivision: '' };
