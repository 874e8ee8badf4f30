import { dates } from '../days.js';
import { lastDay } from './deadline.js';
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
import { lawOf, type PrivacyRequest, type RefusalGround } from './request.js';

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

type Given = { grounds: readonly RefusalGround[]; site: string; now: number };

/** What a letter to the person can say of their request. */
export function letterFacts(request: PrivacyRequest, { grounds, site, now }: Given): LetterFacts {
  const law = lawOf(request.kind);
  const reasons = [
    ...(request.extended ? [request.extended.reason] : []),
    ...grounds.map((ground) => groundsForPerson[ground][law]),
  ];
  return {
    ...{ name: request.name, contact: request.contact, request: String(request.number), site },
    numbers:
      request.numbers.length === 1
        ? `the number ${request.numbers[0]}`
        : `the numbers ${request.numbers.join(', ')}`,
    period: periodWords(request),
    received: dayWords(request.received),
    answer_by: dayWords(lastDay(request, false)),
    extended_until: dayWords(lastDay(request, true)),
    today: dayWords(dates(request.zone)(now)),
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
