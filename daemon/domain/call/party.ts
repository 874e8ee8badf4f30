/** Longest text from the PBX that is kept. */
const CAP = 128;

/**
 * Text from the PBX made fit to keep and show: control characters, lone surrogates and direction overrides go,
 * white space is single, and it is at most 128 characters long.
 */
export function clean(value: unknown, cap = CAP): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, cap * 8)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\p{Co}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, cap)
    .replace(/[\ud800-\udbff]$/, '');
}

/** A caller's number: as `clean`, and empty for what PBXs write when they know none. */
export function cleanNumber(value: unknown): string {
  const number = clean(value, 64);
  return /^(<unknown>|unknown|anonymous|unavailable|s)$/i.test(number) ? '' : number;
}
