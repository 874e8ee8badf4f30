import { areaCodeOf, regionOfNumber } from '../phone.js';
import { placeOfAreaCode } from './area-codes.js';

/** A country (ISO 3166-1) and its state or province (ISO 3166-2, without the country); '' where it is not known. */
export type Place = { region: string; subdivision: string };

/** In these countries the law differs by state, and only a state is a place. */
export const BY_STATE = ['US'];

/**
 * Returns the place that a number hints at. It is no location: numbers are ported, and mobile phones travel. A toll-free number,
 * and an area code that is not known, tell nothing at all: even their country would be a guess.
 */
export function regionOf(number: string, siteRegion: string): Place {
  const code = areaCodeOf(number, siteRegion);
  const place = placeOfAreaCode(code);
  if (place !== '') return { region: place.slice(0, 2), subdivision: place.slice(3) };
  const region = regionOfNumber(number, siteRegion);
  return { region: BY_STATE.includes(region) ? '' : region, subdivision: '' };
}
