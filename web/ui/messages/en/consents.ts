import type { StandingKind, StandingState } from '../../../../daemon/domain/policy/standing/standing.js';
import type { StandingFaultCode } from '../../../../daemon/domain/policy/standing/standing-file.js';
import { count, listAnd, plural } from '../locale.js';

type Text = { text: string };

/** What is wrong with something that was to be entered, and what to do about it. */
const faults: Partial<Record<StandingFaultCode, (about: Text) => string>> = {
  number_missing: () => 'Enter a number.',
  number_bad: ({ text }) =>
    `“${text}” is not a telephone number. Use digits with or without the country code, such as +44 20 7946 0123.`,
  contact_long: () => `The name is longer than ${count(80)} characters. Shorten it.`,
  names_many: () =>
    `Enter at most ${count(50)} extensions and ${count(50)} queues, separated by spaces, each of at most ${count(80)} characters.`,
  given_bad: () => 'Enter the day on which it was given.',
  given_future: () => 'That day is in the future. Enter the day on which it was given.',
  how_missing: () => 'Enter how it was given, such as “contract of 3 May” or “letter”.',
  how_long: () => `The text is longer than ${count(200)} characters. Shorten it.`,
  until_bad: ({ text }) => `“${text}” is not a date.`,
  until_past: () => 'That day is in the past, or before it was given. Choose a later day.',
};

/** The messages of standing consents and objections. */
export const consentsText = {
  title: 'Consents and objections',
  intro:
    'What outside parties have said once for all their calls. Calls with a number that objects are not recorded, whatever the rules say. A consent counts as the yes where a rule asks first. A refusal in the call always wins.',
  summary: ({ n }: { n: number }) =>
    n === 0
      ? 'No consents or objections yet.'
      : plural(n, { one: '1 consent or objection.', other: `${count(n)} consents and objections.` }),
  emptyHelp: 'Enter what customers have agreed to in a contract, or written to you.',
  noMatch: ({ digits }: { digits: string }) =>
    `No consent or objection for a number that contains ${digits}.`,
  search: 'Find a number',
  searchHelp: 'Any digits in a row.',
  export: 'Export as CSV',
  more: 'Show more',
  columns: {
    number: 'Number',
    kind: 'What',
    given: 'Given',
    until: 'Holds',
    document: 'Document',
    act: 'Action',
  },
  kinds: { consent: 'Consent', objection: 'Objection' } satisfies Record<StandingKind, string>,
  scope: ({ extensions, queues }: { extensions: string[]; queues: string[] }) =>
    listAnd([
      ...(extensions.length > 0
        ? [plural(extensions.length, { one: 'extension ', other: 'extensions ' }) + listAnd(extensions)]
        : []),
      ...(queues.length > 0
        ? [plural(queues.length, { one: 'queue ', other: 'queues ' }) + listAnd(queues)]
        : []),
    ]),
  onlyFor: ({ scope }: { scope: string }) => `Only ${scope}`,
  givenOn: ({ day }: { day: string }) => day,
  enteredBy: ({ who, day }: { who: string; day: string }) => `Entered by ${who} on ${day}`,
  states: {
    in_force: ({ until }: { until: string }) => (until ? `Until ${until}` : 'Until withdrawn'),
    expired: ({ until }: { until: string }) => `Ended ${until}`,
    withdrawn: ({ day, who }: { day: string; who: string }) => `Withdrawn by ${who} on ${day}`,
  } satisfies Record<StandingState, (about: never) => string>,
  document: {
    save: ({ size }: { size: string }) => `Save document (${size})`,
    saveOf: ({ number, size }: { number: string; size: string }) =>
      `Save the document of ${number} (${size})`,
    erased: ({ day, who }: { day: string; who: string }) => `Erased by ${who} on ${day}`,
    none: 'None',
    erase: 'Erase document',
    eraseOf: ({ number }: { number: string }) => `Erase the document of ${number}`,
    eraseTitle: 'Erase this document?',
    eraseWhat:
      'The document and its key are destroyed and cannot be restored. The entry and the SHA-256 of the document stay.',
    erasing: 'Erasing…',
  },
  withdraw: {
    button: 'Withdraw',
    of: ({ kind, number }: { kind: StandingKind; number: string }) => `Withdraw the ${kind} of ${number}`,
    title: ({ kind, number }: { kind: StandingKind; number: string }) => `Withdraw the ${kind} of ${number}?`,
    what: 'It no longer holds from now on. The entry and its document stay as proof.',
    busy: 'Withdrawing…',
    done: ({ number }: { number: string }) => `${number}: withdrawn.`,
  },
  add: {
    open: 'Enter a consent or objection',
    title: 'New entry',
    kind: 'What was said',
    kindOf: {
      consent: 'Agrees to recording',
      objection: 'Objects to recording',
    } satisfies Record<StandingKind, string>,
    number: 'Number',
    numberHelp: 'With or without the country code.',
    contact: 'Contact',
    contactHelp: 'Optional. Who gave it.',
    extensions: 'Only for extensions',
    queues: 'Only for queues',
    scopeHelp: 'Optional. Several with a space between them. Without either, it is about all calls.',
    given: 'Given on',
    how: 'How it was given',
    howHelp: 'Such as “contract of 3 May” or “letter”.',
    until: 'Until',
    untilHelp: 'Optional. It ends at the end of this day.',
    file: 'Signed document',
    fileHelp: 'Optional. PDF, PNG or JPEG, at most 5 MB. It is encrypted with a key of its own.',
    tooLarge: 'The file is larger than 5 MB.',
    button: 'Save entry',
    busy: 'Saving…',
    done: ({ number }: { number: string }) => `${number}: saved.`,
  },
  faults,
};
