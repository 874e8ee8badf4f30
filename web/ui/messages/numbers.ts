/** Two-digit country calling codes (ITU-T E.164 assigned codes); +1 and +7 have one digit and all others three. */
const TWO = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** A number with spaces that help reading. Digits are never changed, added or left out. */
export function readable(number: string): string {
  const compact = number.replace(/[\s().\-/]/g, '');
  if (!/^\+?\d{6,18}$/.test(compact)) return number;
  if (!compact.startsWith('+')) return grouped(compact);
  const digits = compact.slice(1);
  const code = /^[17]/.test(digits) ? 1 : TWO.test(digits) ? 2 : 3;
  return `+${digits.slice(0, code)} ${grouped(digits.slice(code))}`;
}

/** From the right: four, then threes; a first group of one joins its neighbour. */
function grouped(digits: string): string {
  if (digits.length < 6) return digits;
  const groups = [digits.slice(-4)];
  let rest = digits.slice(0, -4);
  while (rest.length > 4) {
    groups.unshift(rest.slice(-3));
    rest = rest.slice(0, -3);
  }
  if (rest) groups.unshift(rest);
  return groups.join(' ');
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
