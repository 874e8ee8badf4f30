import {
  AsYouType,
  type CountryCode,
  getCountries,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min';

/** Phone numbers as people read and write them. Regions are ISO 3166-1 codes such as "GB"; '' when it is not known. */

export const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** Anything longer is no phone number (E.164 allows 15 digits), and would only cost time. */
const LONGEST = 24;

const known = (region: string): CountryCode | undefined => (isSupportedCountry(region) ? region : undefined);

/** Parsing takes about 50 µs, and calls are with the same numbers again and again. By region, then by number. */
const parsed = new Map<string, Map<string, PhoneNumber | undefined>>();
const MOST_PARSED = 20_000;

function parse(text: string, region: string): PhoneNumber | undefined {
  if (text.length > LONGEST) return undefined;
  const of = parsed.get(region) ?? new Map<string, PhoneNumber | undefined>();
  if (of.size === 0) parsed.set(region, of);
  if (of.has(text)) return of.get(text);
  if (of.size >= MOST_PARSED) of.clear();
  const national = parsePhoneNumberFromString(text, { defaultCountry: known(region), extract: false });
  const number = national?.isValid() ? national : (withoutPlus(text) ?? national);
  of.set(text, number);
  return number;
}

/** Many trunks leave the plus sign out, and people write 00 for it. */
function withoutPlus(text: string): PhoneNumber | undefined {
  const compact = text.replace(/[\s().\-/]/g, '').replace(/^00/, '');
  if (!/^[1-9]\d{6,14}$/.test(compact)) return undefined;
  const number = parsePhoneNumberFromString(`+${compact}`, { extract: false });
  return number?.isValid() ? number : undefined;
}

/** No extension is so long. */
export const NO_EXTENSION = 7;

/**
 * Whether a number has no country code where none is assumed (`region` is ''): calls show their numbers with one, so it would never
 * be found again. Extensions have none.
 */
export const lacksCountry = (text: string, region: string): boolean =>
  region === '' && digitsOf(text).length >= NO_EXTENSION && parse(text, '') === undefined;

export const isRegion = (code: string): boolean => known(code) !== undefined;

/** Asking for the zones of all countries takes a third of a second. */
const regions = new Map([['UTC', '']]);

/** Returns the region in which an IANA time zone lies, or '' for zones of no region, such as UTC. */
export function regionOfZone(zone: string): string {
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
  const zonesOf = (code: string) =>
    (new Intl.Locale(`und-${code}`) as Intl.Locale & { timeZones?: string[] }).timeZones ?? [];
  const region =
    regions.get(timeZone) ?? getCountries().find((code) => zonesOf(code).includes(timeZone)) ?? '';
  regions.set(timeZone, region);
  return region;
}

/**
 * Returns a number with the spaces that are usual in its country. Digits are never changed, added or left out: a number
 * that cannot be written so is returned as it came.
 */
export function readableNumber(number: string, region: string): string {
  const compact = number.replace(/[\s().\-/]/g, '');
  if (!/^\+?\d{5,18}$/.test(compact)) return number;
  const same = (text: string | undefined) => text && digitsOf(text) === digitsOf(compact);
  if (compact.startsWith('+')) {
    const shown = parse(compact, '')?.formatInternational();
    return shown && same(shown) ? shown : number;
  }
  const national = parse(compact, region);
  if (national?.isValid()) {
    const ways = [national.formatNational(), national.formatInternational().slice(1)];
    return ways.find(same) ?? number;
  }
  // Many trunks leave the plus sign out.
  const international = parse(`+${compact}`, '');
  const shown = international?.isValid() ? international.formatInternational().slice(1) : '';
  return same(shown) ? shown : number;
}

/** Whether two texts are the same number, each in whatever notation. `region` is that of numbers without a country code. */
export function sameNumber(a: string, b: string, region: string): boolean {
  const [one, other] = [parse(a, region), parse(b, region)];
  return one?.isPossible() === true && one.number === other?.number;
}

/**
 * Returns what to look a number up by among many: two texts are the same number, each in whatever notation, where they share one of
 * these. Without any it is no number. `region` is that of numbers without a country code.
 */
export function numberKeys(text: string, region: string): string[] {
  const dialled = text.replace(/[\s().\-/]/g, '').replace(/^(\+|00)/, '');
  const number = parse(text, region);
  return [
    ...(dialled === '' ? [] : [dialled]),
    ...(number?.isPossible() ? [`+${digitsOf(number.number)}`] : []),
  ];
}

/**
 * Returns a number of a PBX as the site knows it. Lists and consents are of the site's numbers: where the PBX is of another region, one
 * without a country code is another number there, and gets its own.
 */
export const numberAtSite = (text: string, region: string, siteRegion: string): string =>
  region === siteRegion ? text : (numberKeys(text, region).find((key) => key.startsWith('+')) ?? text);

/** Returns what tells whether a number is one of those that are looked up by these keys, in whatever notation. */
export const oneOfKeys =
  (keys: ReadonlySet<string>, region: string) =>
  (number: string): boolean =>
    keys.size > 0 && numberKeys(number, region).some((key) => keys.has(key));

/** Of the same number in two notations, so many digits at the end are the same. */
const SAME_DIGITS = 4;
const PLAIN = /^[\d\s+().\-/]*$/;

function endOf(number: string): string {
  const end = number.slice(-SAME_DIGITS);
  return /^\d{4}$/.test(end) ? end : digitsOf(number).slice(-SAME_DIGITS);
}

/** Returns what tells whether a number is one of these, as `sameNumber` does. It parses few numbers that are none of them. */
export function comparable(numbers: readonly string[]): (number: string, region: string) => boolean {
  const ends = new Map<string, string[]>();
  for (const number of numbers) ends.set(endOf(number), [...(ends.get(endOf(number)) ?? []), number]);
  const plain = numbers.every((number) => PLAIN.test(number));
  return (number, region) => {
    // "555-HELP" and "555 123 ext. 4" have other digits at the end than they have in the international format.
    const likely = plain && PLAIN.test(number) ? (ends.get(endOf(number)) ?? []) : numbers;
    return likely.some((other) => sameNumber(other, number, region));
  };
}

/** Returns the region of a number, or '' where it tells none. `region` is that of numbers without a country code. */
export const regionOfNumber = (number: string, region: string): string =>
  parse(number, region)?.country ?? '';

/** Digits to look for: numbers that end in one of `ends`, and those that are exactly `whole`. */
export type Sought = { ends: string[]; whole: string[] };

/**
 * Returns how a typed number may stand in a call. A part of a number is found at the end of numbers only. A complete one
 * is found in the international and the national format, whichever was typed.
 */
export function sought(typed: string, region: string): Sought {
  const digits = digitsOf(typed);
  const number = parse(typed, region);
  if (!number?.isPossible()) return { ends: [digits], whole: [] };
  const whole = String(number.nationalNumber);
  const ends = [digits, digitsOf(number.number), digitsOf(number.formatNational())];
  // Without a prefix a number may be the end of one in another country.
  return { ends: [...new Set(ends)].filter((end) => end === digits || end !== whole), whole: [whole] };
}

/** Fewer digits stand in nearly every number. */
const FEWEST_INSIDE = 4;
/** A valid number may go on where a country has short ones beside long ones (030 9018 in Germany), but not when it is so long. */
const COMPLETE = 10;

/** Whether a text is so much of a number that it can be looked for anywhere in numbers, and no complete one. */
export const isPartOfNumber = (text: string, region: string): boolean =>
  /^[\d\s+().,\-/]+$/.test(text) &&
  digitsOf(text).length >= FEWEST_INSIDE &&
  (digitsOf(text).length < COMPLETE || parse(text, region)?.isValid() !== true);

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

/** Returns the area code of a number of the North American Numbering Plan, or ''. `region` is that of numbers without a country code. */
export function areaCodeOf(number: string, region: string): string {
  const parsed = parse(number, region);
  return parsed?.countryCallingCode === '1' && parsed.nationalNumber.length === 10
    ? parsed.nationalNumber.slice(0, 3)
    : '';
}
