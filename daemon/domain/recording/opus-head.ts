/**
 * The head of an Ogg Opus stream (RFC 7845, 5.1) as recordings have it: two channels, left and right, either in one
 * coupled stream (mapping family 0, made until 0.1) or in a mono stream for each side (family 1).
 */
export type Layout = 'coupled' | 'apart';

const MAGIC = 'OpusHead';
const VERSION = 1;
const CHANNELS = 2;
const RATE_AT = 12;
const FAMILY_AT = 18;
/** Two streams, none of them coupled; the first is the left channel, the second the right. */
const APART = Buffer.of(2, 0, 0, 1);
/** What a coupled stream's head is long, and one with a table of streams and channels. */
const BYTES = { coupled: 19, apart: 19 + APART.length };

/** How the two channels of this head are laid out; null for any head that recordings do not have. */
export function layoutOf(head: Buffer): Layout | null {
  if (!isOurs(head)) return null;
  const family = head[FAMILY_AT];
  if (family === 0 && head.length === BYTES.coupled) return 'coupled';
  return family === 1 && hasApartTable(head) ? 'apart' : null;
}

/**
 * Names the meaning of the two mono streams in a head that ffmpeg has written: with `-mapping_family 255` it makes them, and
 * leaves open what they are; family 1 says left and right. Changes nothing and returns false when it is any other head.
 */
export function declareSides(head: Buffer): boolean {
  if (!isOurs(head) || head[FAMILY_AT] !== 255 || !hasApartTable(head)) return false;
  head[FAMILY_AT] = 1;
  return true;
}

/** The rate of what was encoded, in Hz, by the first page of a file; null for a head that recordings do not have. */
export function rateIn(page: Buffer): number | null {
  const at = page.indexOf(MAGIC, 0, 'latin1');
  const head = page.subarray(Math.max(0, at));
  return at >= 0 && isOurs(head) ? head.readUInt32LE(RATE_AT) : null;
}

const isOurs = (head: Buffer): boolean =>
  head.length >= BYTES.coupled &&
  head.toString('latin1', 0, MAGIC.length) === MAGIC &&
  head[8] === VERSION &&
  head[9] === CHANNELS;

const hasApartTable = (head: Buffer): boolean =>
  head.length === BYTES.apart && head.subarray(FAMILY_AT + 1).equals(APART);
