import type { StandingKind, StandingState } from '../../../../daemon/domain/policy/standing/standing.js';
import type { StandingFaultCode } from '../../../../daemon/domain/policy/standing/standing-file.js';
import { count, listAnd, plural } from '../locale.js';

type Text = { text: string };
/** The columns of a file, as people write them: these are never translated. */
const STANDING_COLUMNS = 'kind, number, contact, extensions, queues, given, how, until';

/** What is wrong with something that was to be entered, and what to do about it. */
const faults: Record<StandingFaultCode, (about: Text) => string> = {
  csv_broken: ({ text }) => `This is not CSV: ${text}. Check the quotation marks of this line.`,
  columns_wrong: ({ text }) =>
    `The columns are “${text}”. The first line must name the columns: ${STANDING_COLUMNS}. Only kind, number, given and how are required.`,
  empty: () =>
    'The file contains no entries. Put one consent or objection in each line below the column names.',
  too_many: () => `The file has more than ${count(10_000)} entries. Split it into several files.`,
  cells_many: () =>
    'The line has more cells than columns. Put text that contains a comma in quotation marks.',
  kind_bad: ({ text }) => `“${text}” is neither “consent” nor “objection”.`,
  number_country: ({ text }) =>
    `“${text}” has no country code, and the country of this site is not set, so no call would match it. Enter it with its country code, such as +44 20 7946 0123.`,
  number_rounded: ({ text }) =>
    `“${text}” was rounded by a spreadsheet. Format the column as text and enter the number again.`,
  number_missing: () => 'Enter a number.',
  number_bad: ({ text }) =>
    `“${text}” is not a telephone number. Use digits with or without the country code, such as +44 20 7946 0123.`,
  contact_long: () => `The name is longer than ${count(80)} characters. Shorten it.`,
  names_many: () =>
    `Enter at most ${count(50)} extensions and ${count(50)} queues, separated by spaces, each of at most ${count(80)} characters.`,
  given_bad: ({ text }) =>
    text
      ? `“${text}” is not a day. Use 2026-05-03 or 2026-05-03 14:30.`
      : 'Enter the day on which it was given.',
  given_future: () => 'That day is in the future. Enter the day on which it was given.',
  how_missing: () => 'Enter how it was given, such as “contract of 3 May” or “letter”.',
  how_long: () => `The text is longer than ${count(200)} characters. Shorten it.`,
  until_bad: ({ text }) => `“${text}” is not a date.`,
  until_past: () => 'That day is in the past, or before it was given. Choose a later day.',
};

const entries = (n: number) => plural(n, { one: '1 entry', other: `${count(n)} entries` });

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
    erased: ({ day, who }: { day: string; who: string }) => `Erased by ${who} on ${day}`,
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
  erase: {
    button: 'Erase personal data',
    of: ({ kind, number }: { kind: StandingKind; number: string }) =>
      `Erase the personal data of the ${kind} of ${number}`,
    title: ({ kind, number }: { kind: StandingKind; number: string }) =>
      `Erase the personal data of the ${kind} of ${number}?`,
    what: 'The number, the contact, the extensions and queues, how it was given and the signed document are erased and cannot be restored. That there was an entry, its dates and the reason stay.',
    ends: {
      consent: 'This consent is in force. It no longer holds from now on.',
      objection:
        'This objection is in force. From now on, calls with the number are recorded again if a rule says so.',
    } satisfies Record<StandingKind, string>,
    reason: 'Reason',
    reasonHelp:
      'Such as “erasure request of 3 May”. It stays in the audit log: leave out the number and the name.',
    noReason: 'Enter why it is erased.',
    busy: 'Erasing…',
    done: 'The personal data was erased.',
  },
  gone: 'Erased',
  import: {
    open: 'Import from CSV',
    title: 'Import consents and objections',
    help: `The first line names the columns: ${STANDING_COLUMNS}. Only kind, number, given and how are required. Kind is “consent” or “objection”.`,
    button: 'Import entries',
    skip: ({ right, wrong }: { right: number; wrong: number }) =>
      `Import the ${entries(right)} without mistakes and leave out ${plural(wrong, { one: '1 line', other: `${count(wrong)} lines` })}`,
    done: ({ right, wrong }: { right: number; wrong: number }) =>
      wrong > 0
        ? `${entries(right)} imported. ${plural(wrong, { one: '1 line was', other: `${count(wrong)} lines were` })} left out.`
        : `${entries(right)} imported.`,
  },
  add: {
    open: 'Enter a consent or objection',
    title: 'New entry',
    kind: 'Kind',
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
    fileHelp: 'Optional. PDF, PNG or JPEG, at most 5 MB. It is stored encrypted.',
    tooLarge: 'The file is larger than 5 MB.',
    button: 'Save entry',
    busy: 'Saving…',
    done: ({ number }: { number: string }) => `${number}: saved.`,
  },
  faults,
};
