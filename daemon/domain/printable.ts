/** What a terminal acts on or does not show: C0 but tabs and line ends, DEL, C1, directions, and other format characters. */
const ACTIVE = /(?!\t|\r?\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text as it may be sent to a terminal. What is not plain is written as `\u` and four digits for each UTF-16 unit, which is
 * the same text again for who reads JSON or TOML.
 */
export const printable = (text: string): string =>
  text.replace(ACTIVE, (found) =>
    Array.from({ length: found.length }, (_, at) => escaped(found.charCodeAt(at))).join(''),
  );

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
