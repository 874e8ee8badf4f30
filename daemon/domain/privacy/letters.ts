import type { PrivacyKind, PrivacyLaw, RefusalGround } from './request.js';

/** Letters to people who made a request: texts with names in braces, which are replaced by what is known of the request. */

export const letterKinds = [
  ...(['access', 'portability', 'rectification', 'erasure', 'restriction'] as const),
  ...(['refusal', 'extension', 'receipt'] as const),
] as const;
export type LetterKind = (typeof letterKinds)[number];

/** A template that was saved here. */
export type SavedLetter = { letter: LetterKind; text: string; by: string; at: number };

export const LONGEST_LETTER = 10_000;

/** What a request of each kind is answered by. An objection may be answered by erasing, or by showing what there is. */
const CARRIED_OUT: Record<PrivacyKind, LetterKind[]> = {
  access: ['access'],
  know: ['access'],
  rectification: ['rectification'],
  correct: ['rectification'],
  erasure: ['erasure'],
  delete: ['erasure'],
  restriction: ['restriction'],
  portability: ['portability'],
  objection: ['access', 'erasure'],
};

/** The letters that can answer a request of this kind, the one that does what was asked first. */
export const lettersFor = (kind: PrivacyKind): LetterKind[] => [
  ...CARRIED_OUT[kind],
  ...(['refusal', 'extension', 'receipt'] as const),
];

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
  'confirm_by',
  'recipients',
  'source',
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

{recipients}

{source}

{rights}
${FOOT}`,
  erasure: `${HEAD}
You asked us to erase the recordings of your telephone calls. We looked for calls with {numbers}, {period}.

We have erased the recordings that the enclosed list shows as erased. Each was encrypted with a key of its own; we destroyed the key and removed the file. Where we still have to keep a recording, the list says why, and for how long if that is known.
${FOOT}`,
  portability: `${HEAD}
You asked us for your personal data in a format that you can give to somebody else. We looked for calls with {numbers}, {period}.

The enclosed file calls.csv lists these calls in a format that programs can read (CSV, UTF-8). The folder "recordings" has what you said, as Ogg Opus files, which common players and programs open. Everybody else is silent in these files, because what they said is personal information about them. Where we withhold a recording, the list says why.

The right to portability is about data that you have given us, and that we process by consent or to perform a contract with you. You may ask for access to everything else that we have about you.

{rights}
${FOOT}`,
  rectification: `${HEAD}
You asked us to correct what we have about your telephone calls with {numbers}, {period}.

[Write what you corrected, such as a name or a number that we show with the calls.]

A recording has what was said in the call. We do not change it, because it would no longer be a record of the call. [Where you say that what was said was wrong, we keep your statement with it: write where.]

[We have told those to whom we had given the data, as far as that is possible: name them, or write that there are none.]
${FOOT}`,
  restriction: `${HEAD}
You asked us to restrict the use of the recordings of your telephone calls. We looked for calls with {numbers}, {period}.

The enclosed list has these calls. From {today} we keep their recordings and do not erase them. We use them only with your consent, for legal claims, to protect the rights of another person, or for important reasons of public interest. We will tell you before we lift the restriction.

[We have told those to whom we had given the recordings, as far as that is possible: name them, or write that there are none.]
${FOOT}`,
  receipt: `${HEAD}
We have received your request of {received} about recordings of your telephone calls. Its number is {request}; please give it when you write to us.

We verify first that the request comes from the person whom the recordings are about. [Write how, such as by a call to the number in question.] Then we look for the calls with {numbers}, {period}, and answer by {answer_by}. If we need more time, we will tell you by then, and why.
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
