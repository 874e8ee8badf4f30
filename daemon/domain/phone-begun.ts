import { AsYouType } from 'libphonenumber-js/min';
import { digitsOf, FEWEST_INSIDE, isPartOfNumber, known, LONGEST } from './phone.js';

/**
 * Returns the digits with which a number has this in it, as its beginning or further on: as they were typed, and with the country code
 * in place of what is dialled within the country. Empty for what is too short.
 */
export function insides(typed: string, region: string): string[] {
  if (!isPartOfNumber(typed, region) || typed.length > LONGEST) return [];
  const typing = new AsYouType(known(region));
  typing.input(typed);
  return [...new Set([digitsOf(typed), digitsOf(typing.getNumberValue() ?? '')])].filter(
    (digits) => digits.length >= FEWEST_INSIDE,
  );
}
