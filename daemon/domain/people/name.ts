import { clean } from '../call/party.js';
import { fail } from '../error.js';
import { LONGEST_NAME } from './person.js';

/** Scripts in modern use (Unicode UAX 31, table 5). Others have letters that look exactly like these (Cherokee, Lisu). */
const SCRIPTS =
  'Latin Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'.split(
    ' ',
  );
/** Scripts that are written together (Unicode UTS 39, 5.2, highly restrictive). */
const TOGETHER = ['Han Hiragana Katakana Latin', 'Han Bopomofo Latin', 'Han Hangul Latin'];
let writings: RegExp[] | null = null;
/** Made with the first name that is checked: most commands check none, and they are 32 large classes. */
function writingsOf(): RegExp[] {
  writings ??= [...SCRIPTS, ...TOGETHER].map((scripts) => {
    const classes = ['Common', 'Inherited', ...scripts.split(' ')].map((script) => `\\p{scx=${script}}`);
    return new RegExp(`^[${classes.join('')}]*$`, 'u');
  });
  return writings;
}

/** Characters that nobody sees, or that turn the direction of what stands around them. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2800]/u;

/** A name as it is kept: one form of each letter (NFKC), single spaces. */
export const tidyName = (given: string): string => clean(given.normalize('NFKC'), LONGEST_NAME);

/** Why a name cannot be told from others by looking at it; null when it can. */
export function nameFault(given: string): string | null {
  const [hidden] = INVISIBLE.exec(given) ?? [];
  if (hidden !== undefined)
    return `It contains an invisible character (U+${hidden.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}).`;
  const name = tidyName(given);
  if (!/[\p{L}\p{N}]/u.test(name)) return 'It has no letter or digit.';
  if (!writingsOf().some((writing) => writing.test(name)))
    return 'It mixes letters of different scripts, or has letters of one that is no longer in use.';
  return null;
}

/** Letters, and what they look like: pairs, before and after. */
const PAIRS = [
  // Cyrillic, Greek and Armenian letters that look like Latin ones.
  'аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwѵvАAВBЕEКKМMНHОOРPСCТTУYХXЈJЅSЗ3',
  'αaιiκkνvοoρpτtυuχxγyΑAΒBΕEΖZΗHΚKΜMΝNΟOΡPΤTΥYΧX',
  'օoսuոnհhյjցgզqՕOՍUՏSԼL',
  // Within Latin, and digits.
  'ıiɑaɡgɩi0o1lIl|lІlӀlӏlΙl',
  // Marks.
  "‐-‑-‒-–-—-−-’'‘'ʼ'ʹ'`'´'",
];
const LOOKS = new Map<string, string>();
for (const pairs of PAIRS) {
  const letters = [...pairs];
  for (let at = 0; at < letters.length; at += 2) LOOKS.set(letters[at]!, letters[at + 1]!);
}

/** What names have in common that look the same on a screen: of the people here no two may have it (after UTS 39, 4). */
export const skeleton = (name: string): string =>
  [...tidyName(name.replace(new RegExp(INVISIBLE, 'gu'), ''))]
    .map((letter) => LOOKS.get(letter) ?? letter)
    .join('')
    .toLowerCase();

/** The name of a person as it is kept. Throws `name_unclear` for one that looks like another than it is. */
export function personName(given: string): string {
  const fault = nameFault(given);
  if (fault !== null) throw fail('name_unclear', fault);
  return tidyName(given);
}

/** The name of a thing as it is kept. Throws `request_invalid` for one that nobody could read or type. */
export function nameOf(given: string): string {
  const name = clean(given, LONGEST_NAME);
  if (name === '') throw fail('request_invalid', 'name: must have a letter');
  return name;
}
