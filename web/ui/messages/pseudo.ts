/**
 * A language that nobody speaks, made of the English messages: letters are accented, each message is a third longer and stands
 * in brackets. What a page shows outside of brackets is no message, or not all of one.
 */
const ACCENTED: Record<string, string> = {
  ...{
    a: 'á',
    b: 'ƀ',
    c: 'ç',
    d: 'đ',
    e: 'é',
    f: 'ƒ',
    g: 'ğ',
    h: 'ĥ',
    i: 'í',
    j: 'ĵ',
    k: 'ķ',
    l: 'ł',
    m: 'ɱ',
  },
  ...{
    n: 'ñ',
    o: 'ö',
    p: 'þ',
    q: 'ɋ',
    r: 'ř',
    s: 'š',
    t: 'ţ',
    u: 'ü',
    v: 'ṽ',
    w: 'ŵ',
    x: 'ẋ',
    y: 'ý',
    z: 'ž',
  },
  ...{
    A: 'Á',
    B: 'Ɓ',
    C: 'Ç',
    D: 'Đ',
    E: 'É',
    F: 'Ƒ',
    G: 'Ğ',
    H: 'Ĥ',
    I: 'Í',
    J: 'Ĵ',
    K: 'Ķ',
    L: 'Ł',
    M: 'Ɱ',
  },
  ...{
    N: 'Ñ',
    O: 'Ö',
    P: 'Þ',
    Q: 'Ɋ',
    R: 'Ř',
    S: 'Š',
    T: 'Ţ',
    U: 'Ü',
    V: 'Ṽ',
    W: 'Ŵ',
    X: 'Ẋ',
    Y: 'Ý',
    Z: 'Ž',
  },
};
const [OPEN, CLOSE, FILLER] = ['⟦', '⟧', '·'];

/** A text as it stands in a message of the pseudo-language. */
export const accented = (text: string): string => text.replace(/[a-z]/gi, (letter) => ACCENTED[letter]!);

/** A third of a length in fillers, in groups so that lines can break. */
const filling = (length: number): string =>
  FILLER.repeat(Math.ceil(length / 3))
    .replace(/.{6}(?=.)/g, '$& ')
    .replace(/^(?=.{3})/, ' ');

/** Every text in the parameters of a message: it is data, or in brackets already. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length > 1 ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

function said(text: string, params: string[]): string {
  const given = params.sort((a, b) => b.length - a.length).map(escaped);
  const pieces = given.length === 0 ? [text] : text.split(new RegExp(`(${given.join('|')})`));
  const ours = pieces.filter((_, i) => i % 2 === 0).join('');
  if (!/\p{L}/u.test(text)) return text;
  return (
    OPEN +
    pieces.map((piece, i) => (i % 2 === 0 ? accented(piece) : piece)).join('') +
    filling(ours.length) +
    CLOSE
  );
}

function made(value: unknown, params: string[]): unknown {
  if (typeof value === 'string') return said(value, params);
  if (typeof value === 'function') return (given: unknown) => made(value(given), textsIn(given));
  if (Array.isArray(value)) return value.map((one) => made(one, params));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, made(one, params)]));
}

/** Returns the messages in the pseudo-language. Texts that are given to a message stay as they are in it. */
export const pseudo = <T>(messages: T): T => made(messages, []) as T;

/** A date or a length that Intl has written. */
export const pseudoWritten = (text: string): string => (/\p{L}/u.test(text) ? OPEN + text + CLOSE : text);
