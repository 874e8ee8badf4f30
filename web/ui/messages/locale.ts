/** How the chosen language counts, lists and writes numbers. */

/** As Intl takes it: the language, of the reader's own country where the browser names one. */
let locale = 'en-GB';
let rules = new Intl.PluralRules(locale);

export const localeNow = (): string => locale;

export function setLocale(tag: string): void {
  locale = tag;
  rules = new Intl.PluralRules(tag);
}

/** A word or sentence for each plural category of a language that it tells apart (Unicode CLDR); all have `other`. */
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Returns the form for this number. */
export const plural = (n: number, forms: Forms): string => forms[rules.select(n)] ?? forms.other;

export const count = (n: number): string => new Intl.NumberFormat(locale).format(n);

export const percent = (share: number): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);

/** Returns a figure that is in percent already, with all of its digits: 99.99 is not 100%. */
export const percentage = (figure: number): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 6 }).format(figure / 100);

/** A level in whole decibels. */
export const db = (level: number): string =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(level);

/** "101, 102 and 103" */
export const listAnd = (items: string[]): string =>
  new Intl.ListFormat(locale, { type: 'conjunction' }).format(items);

/** "101, 102 or 103" */
export const listOr = (items: string[]): string =>
  new Intl.ListFormat(locale, { type: 'disjunction' }).format(items);
