import { readableNumber } from '../../../daemon/domain/phone.js';
import { region } from '../state/session.js';
import { written } from './language.js';
import { localeNow } from './locale.js';

/** A number with the spaces that are usual in its country. Digits are never changed, added or left out. */
export const readable = (number: string): string => readableNumber(number, region());

/** What a region (ISO 3166-1) is called. */
export function regionName(code: string): string {
  try {
    return written(new Intl.DisplayNames(localeNow(), { type: 'region' }).of(code) ?? code);
  } catch {
    return clean(code);
  }
}

const LONGEST = 500;

/**
 * Text from the PBX as it may be shown: no control characters, and none of the marks that turn the direction of
 * what follows (Unicode Bidirectional Algorithm, UAX 9). What is taken out leaves a visible sign. Of marks that pile up on a
 * letter a few are kept: more than any script needs would be a letter as wide as the page. What nobody would read to its end
 * is cut: it keeps a browser busy for minutes.
 */
export function clean(text: string): string {
  return (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, '\ufffd')
    .trim();
}
