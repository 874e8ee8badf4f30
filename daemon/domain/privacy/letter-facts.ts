import { dates } from '../days.js';
import type { Organisation } from '../report/processing.js';
import { confirmBy, lastDay } from './deadline.js';
import {
  complaintForPerson,
  filledLetter,
  groundsForPerson,
  LETTERS,
  type LetterFacts,
  type LetterKind,
  LONGEST_LETTER,
  rightsForPerson,
} from './letters.js';
import { extensionOf, lawOf, type PrivacyRequest, type RefusalGround } from './request.js';

/** A day in words: 3 May 2026. */
const dayWords = (day: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
    Date.parse(`${day}T00:00:00Z`),
  );

function periodWords({ from, to }: Pick<PrivacyRequest, 'from' | 'to'>): string {
  if (from && to) return `from ${dayWords(from)} to ${dayWords(to)}`;
  if (from) return `since ${dayWords(from)}`;
  return to ? `until ${dayWords(to)}` : 'on any day';
}

function numbersWords(given: readonly string[]): string {
  const numbers = given.filter((number) => extensionOf(number) === null);
  const extensions = given.map(extensionOf).filter((extension) => extension !== null);
  const named = (what: string, these: readonly string[]) =>
    these.length === 0 ? [] : [`the ${what}${these.length === 1 ? '' : 's'} ${these.join(', ')}`];
  return [...named('number', numbers), ...named('extension', extensions)].join(' and ');
}

/** GDPR article 15(1)(c): what the office entered for the record of processing, besides its own people. */
function recipientsWords(site: string, { recipients, transfers }: Recipients): string {
  const given = (text: string, asked: string) => (text.trim() === '' ? asked : text.trim());
  const others = given(
    recipients,
    '[name the other recipients, or their categories; write "nobody else" where there are none]',
  );
  const away = given(transfers, '[name the countries and the safeguards, or write "none"]');
  return `Who has received your data or may receive it: people of ${site} whose work needs it, and: ${others}\nTransfers to other countries: ${away}`;
}

type Recipients = Pick<Organisation, 'recipients' | 'transfers'>;
type Given = {
  grounds: readonly RefusalGround[];
  site: string;
  now: number;
  /** What was entered of the organisation for the record of processing. */
  organisation: Recipients;
};

/** GDPR article 15(1)(g). */
const SOURCE =
  'Where your data comes from: the sound from the calls themselves; numbers, names and times from our telephone system, which has them from the network and from our own settings.';

/** What a letter to the person can say of their request. */
export function letterFacts(
  request: PrivacyRequest,
  { grounds, site, now, organisation }: Given,
): LetterFacts {
  const law = lawOf(request.kind);
  const reasons = [
    ...(request.extended ? [request.extended.reason] : []),
    ...grounds.map((ground) => groundsForPerson[ground][law]),
  ];
  return {
    ...{ name: request.name, contact: request.contact, request: String(request.number), site },
    numbers: numbersWords(request.numbers),
    period: periodWords(request),
    received: dayWords(request.received),
    answer_by: dayWords(lastDay(request, false)),
    extended_until: dayWords(lastDay(request, true)),
    today: dayWords(dates(request.zone)(now)),
    confirm_by: dayWords(confirmBy(request) ?? lastDay(request, false)),
    recipients: recipientsWords(site, organisation),
    source: SOURCE,
    reasons:
      reasons.length === 0 ? '[Write the reason here.]' : reasons.map((text) => `- ${text}`).join('\n'),
    rights: rightsForPerson[law],
    complaint: complaintForPerson[law],
  };
}

/** A letter to the person, to be looked at and changed before it is sent. */
export const letterFor = (
  request: PrivacyRequest,
  letter: LetterKind,
  given: Given & { template?: string },
): string => filledLetter(given.template ?? LETTERS[letter], letterFacts(request, given));

/** Text of several lines as it is kept and drawn: no control characters but line ends, and no more than fits into a letter. */
export const cleanLetter = (text: string): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/(?!\n)[\p{Cc}\p{Co}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ')
    .replace(/\n{3,}/g, '\n\n')
    .slice(0, LONGEST_LETTER)
    .trim();
