import { asksErasure, type PrivacyKind, type PrivacyLaw, type RefusalGround } from './request.js';

/** Letters to people who made a request: texts with names in braces, which are replaced by what is known of the request. */

export const letterKinds = ['access', 'erasure', 'refusal', 'extension'] as const;
export type LetterKind = (typeof letterKinds)[number];

/** A template that was saved here. */
export type SavedLetter = { letter: LetterKind; text: string; by: string; at: number };

export const LONGEST_LETTER = 10_000;

/** The letters that can answer a request of this kind. An objection may be answered by erasing, or by showing what there is. */
export const lettersFor = (kind: PrivacyKind): LetterKind[] =>
  letterKinds.filter((letter) =>
    letter === 'access' ? !asksErasure(kind) : letter !== 'erasure' || (kind !== 'access' && kind !== 'know'),
  );

/** What stands in braces. */
export const letterNames = [
  'name',
  'contact',
  'request',
  'received',
  'numbers',
  'period',
  'answer_by',
  'extended_until',
  'today',
  'site',
  'reasons',
  'rights',
  'complaint',
] as const;
type LetterName = (typeof letterNames)[number];
export type LetterFacts = Record<LetterName, string>;

const HEAD = `{name}
{contact}

{today}

Your request of {received} (request {request})

Dear {name},
`;
const FOOT = `
{complaint}

Yours sincerely,
{site}
`;

export const LETTERS: Record<LetterKind, string> = {
  access: `${HEAD}
You asked us for the recordings of your telephone calls. We looked for calls with {numbers}, {period}.

The enclosed file calls.csv, and the page index.html, list these calls: when they took place, how long they were, what we keep the recording for, and until when. The folder "recordings" has what you said. Everybody else is silent in these files, because what they said is personal information about them. Where we withhold a recording, the list says why.

{rights}
${FOOT}`,
  erasure: `${HEAD}
You asked us to erase the recordings of your telephone calls. We looked for calls with {numbers}, {period}.

We have erased the recordings that the enclosed list shows as erased. Each was encrypted with a key of its own; we destroyed the key and removed the file. Where we still have to keep a recording, the list says why, and for how long if that is known.
${FOOT}`,
  refusal: `${HEAD}
You asked us about the recordings of your telephone calls. We cannot do what you asked for, for these reasons:

{reasons}
${FOOT}`,
  extension: `${HEAD}
We received your request on {received} and should answer it by {answer_by}. We need more time, for this reason:

{reasons}

We will answer by {extended_until}.
${FOOT}`,
};

/** The grounds of a refusal, in words for the person who asked. */
export const groundsForPerson: Record<RefusalGround, Record<PrivacyLaw, string>> = {
  identity: same('We could not verify that the request comes from the person whom the recordings are about.'),
  no_data: same('We have no recordings of calls with these numbers.'),
  legal_hold: {
    gdpr: 'We have to keep these recordings because they are needed for a legal claim (GDPR Article 17(3)(e)).',
    ccpa: 'We have to keep these recordings because they are needed for a legal claim or to comply with a legal obligation (Cal. Civ. Code 1798.145(a)).',
  },
  minimum: {
    gdpr: 'The law requires us to keep these recordings for a time (GDPR Article 17(3)(b)).',
    ccpa: 'The law requires us to keep these recordings for a time (Cal. Civ. Code 1798.105(d)(8)).',
  },
  other_people: {
    gdpr: 'Giving them to you would adversely affect the rights of other people (GDPR Article 15(4)).',
    ccpa: 'Giving them to you would adversely affect the rights of other people (Cal. Civ. Code 1798.145(k)).',
  },
  excessive: {
    gdpr: 'The request is manifestly unfounded or excessive (GDPR Article 12(5)).',
    ccpa: 'The request is manifestly unfounded or excessive (Cal. Civ. Code 1798.145(h)(3)).',
  },
  exempt: same('The law exempts these recordings from the request.'),
  other: same('[Write the reason here.]'),
};

function same(text: string): Record<PrivacyLaw, string> {
  return { gdpr: text, ccpa: text };
}

export const rightsForPerson: Record<PrivacyLaw, string> = {
  gdpr: 'You have the right to ask us to rectify or erase these recordings, to restrict their processing, and to object to it.',
  ccpa: 'You have the right to ask us to correct or delete this information. We do not treat you differently because you asked.',
};

/** GDPR articles 12(4), 77 and 79; under the CCPA, the agency and the attorney general take complaints. */
export const complaintForPerson: Record<PrivacyLaw, string> = {
  gdpr: 'If you disagree, you may lodge a complaint with a data protection supervisory authority, for example where you live or work, and seek a judicial remedy (GDPR Articles 77 and 79).',
  ccpa: 'If you disagree, you may lodge a complaint with the California Privacy Protection Agency or the California Attorney General.',
};

const NAME = /\{(\w+)\}/g;

/** What of a template cannot be filled in, in one sentence; null where all of it can. */
export function letterFault(text: string): string | null {
  if (text.trim() === '') return 'The letter is empty.';
  const known = new Set<string>(letterNames);
  const strange = [...text.matchAll(NAME)].map(([, name]) => name!).find((name) => !known.has(name));
  return strange === undefined
    ? null
    : `{${strange}} stands for nothing. Use ${letterNames.map((name) => `{${name}}`).join(', ')}.`;
}

/** A template with what is known. What is put in is not looked through for names again. */
export const filledLetter = (template: string, facts: LetterFacts): string =>
  template
    .replace(NAME, (found, name: string) => (Object.hasOwn(facts, name) ? facts[name as LetterName] : found))
    // Nothing is known of where the answer goes, for example.
    .replace(/\n{3,}/g, '\n\n')
    .trim();
