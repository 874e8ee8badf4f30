import type { DirectiveKind } from './directive.js';

/**
 * Hears what people say by keys: codes, and that somebody types a long number. Nothing is remembered of a key beyond what
 * the longest code needs, since people type card numbers.
 */

/** The keys for each thing that can be said; empty where it cannot be said by keys. */
export type Codes = Readonly<Record<DirectiveKind, string>>;

/** What is remembered of the keys of one leg. */
export type Keys = {
  /** The newest keys, as far as a code begins with them. */
  tail: string;
  /** ms since 1970. */
  lastAt: number;
  /** How many digits followed each other, and when the first of them was let go. */
  count: number;
  firstAt: number;
};

export type Heard = {
  keys: Keys;
  /** The code that was completed, if this party may say it. */
  said: DirectiveKind | null;
  /** A number as long as a card's is being typed: since when, ms since 1970. Told with each digit from the last that it needs. */
  burst: { from: number } | null;
};

/** The keys of one code follow each other within this time, in ms. */
export const CODE_GAP = 3_000;
/** Who reads a number off a card looks up after each group: the digits of one number follow each other within this time, in ms. */
export const BURST_GAP = 10_000;
/** The shortest card numbers have 13 digits (ISO/IEC 7812-1 allows 8 to 19; those in use have 13 or more). */
export const BURST = 13;

/** Only our own side may say these: who pays must not keep what is said from the record, nor have it kept. */
export const OURS_ALONE: ReadonlySet<DirectiveKind> = new Set(['mask', 'resume', 'keep']);

export const noKeys: Keys = { tail: '', lastAt: Number.NEGATIVE_INFINITY, count: 0, firstAt: 0 };

/**
 * Whether keys have to be heard at all: digits are sensitive, and where nothing is said by them the PBX is asked for none.
 */
export const anyCode = (codes: Codes): boolean => Object.values(codes).some((code) => code !== '');

/** A key was pressed on a leg, whose `keys` are those of before (`noKeys` at first). `ours`: the leg is of our own side. */
export function pressed(
  keys: Keys,
  { digit, at }: { digit: string; at: number },
  codes: Codes,
  ours: boolean,
): Heard {
  const known = wanted(codes);
  const typed = (at - keys.lastAt <= CODE_GAP ? keys.tail : '') + digit;
  const meant = known.find(([, code]) => typed.endsWith(code));
  const isDigit = /^[0-9]$/.test(digit) && !meant;
  const follows = isDigit && keys.count > 0 && at - keys.lastAt <= BURST_GAP;
  const count = isDigit ? (follows ? keys.count : 0) + 1 : 0;
  const firstAt = follows ? keys.firstAt : at;
  return {
    // A key of a code that was completed begins no other one.
    keys: { tail: meant ? '' : beginning(typed, known), lastAt: at, count, firstAt },
    said: meant && (ours || !OURS_ALONE.has(meant[0])) ? meant[0] : null,
    burst: count >= BURST ? { from: firstAt } : null,
  };
}

const wanted = (codes: Codes) =>
  (Object.entries(codes) as [DirectiveKind, string][]).filter(([, code]) => code !== '');

/** The longest end of what was typed with which a code begins. */
function beginning(typed: string, known: [DirectiveKind, string][]): string {
  const ends = Array.from(typed, (_, from) => typed.slice(from));
  return ends.find((end) => known.some(([, code]) => code.startsWith(end))) ?? '';
}

/**
 * What is wrong with a set of codes: one code for two things, or one that contains another, which would always be heard first
 * or instead. Returns the two kinds of each such pair.
 */
export function clashes(codes: Codes): [DirectiveKind, DirectiveKind][] {
  const known = wanted(codes);
  return known.flatMap(([a, one], i) =>
    known
      .slice(i + 1)
      .filter(([, other]) => one.includes(other) || other.includes(one))
      .map(([b]): [DirectiveKind, DirectiveKind] => [a, b]),
  );
}
