import { count, plural } from '../../locale.js';

const calls = (n: number) => plural(n, { one: '1 call', other: `${count(n)} calls` });
const requests = (n: number) => plural(n, { one: '1 open request', other: `${count(n)} open requests` });

/** The messages of the desk for requests of people about recordings of themselves. */
export const requestsText = {
  title: 'Requests',
  summary: ({ open, over, soon }: { open: number; over: number; soon: number }) =>
    open === 0
      ? 'No open requests.'
      : `${[
          requests(open),
          over > 0 ? `${count(over)} overdue` : '',
          soon > 0 ? `${count(soon)} due within 7 days` : '',
        ]
          .filter(Boolean)
          .join(', ')}.`,
  intro:
    'People may ask for recordings of themselves, for their erasure, correction or restriction, or object to them (GDPR articles 15 to 18, 20 and 21; CCPA). Enter each request here: Tapedeck counts the deadline and finds the calls. It sends nothing by itself.',
  emptyHelp: 'Enter a request on the day when it arrives, also before you know who the person is.',
  columns: { request: 'Request', received: 'Received', due: 'Answer by', state: 'State' },
  closedColumns: { request: 'Request', received: 'Received', due: 'Answered', state: 'Answer' },
  closedTitle: 'Closed',
  more: 'Show more',
  number: ({ n }: { n: number }) => `Request ${count(n)}`,
  forgotten: 'Name removed',
  kinds: {
    access: 'Access (GDPR 15)',
    rectification: 'Rectification (GDPR 16)',
    erasure: 'Erasure (GDPR 17)',
    restriction: 'Restriction (GDPR 18)',
    portability: 'Portability (GDPR 20)',
    objection: 'Objection (GDPR 21)',
    know: 'Right to know (CCPA)',
    delete: 'Right to delete (CCPA)',
    correct: 'Right to correct (CCPA)',
  },
  manners: {
    email: 'Email',
    phone: 'Telephone',
    letter: 'Letter',
    form: 'Web form',
    in_person: 'In person',
    other: 'Other',
  },
  states: { open: 'Open', extended: 'Extended', closed: 'Closed' },
  outcomes: {
    given: 'Answered in full',
    erased: 'Erased',
    partly: 'Refused in part',
    refused: 'Refused',
    withdrawn: 'Withdrawn by the person',
  },
  grounds: {
    identity: 'Identity could not be verified',
    no_data: 'No recordings of this person',
    legal_hold: 'Legal hold',
    minimum: 'Has to be kept for a time',
    other_people: 'Rights of other people',
    excessive: 'Manifestly unfounded or excessive',
    exempt: 'Exempt by law',
    other: 'Other',
  },
  urgency: { none: '', soon: 'Due within 7 days', over: 'Overdue' },
  back: 'All requests',
  due: {
    by: ({ day }: { day: string }) => `Answer by ${day}.`,
    soon: ({ day }: { day: string }) => `Answer by ${day}: 7 days or less are left.`,
    over: ({ day }: { day: string }) => `Overdue: the last day was ${day}.`,
    done: ({ day, outcome }: { day: string; outcome: string }) => `Closed on ${day}: ${outcome}.`,
    late: 'The answer was late.',
  },
  counting: {
    gdpr: 'One month from the day it was received, three if extended.',
    ccpa: '45 days from the day it was received, 90 if extended.',
  },
  confirmBy: ({ day }: { day: string }) =>
    `Confirm it to the person by ${day}: 10 business days, public holidays not considered.`,
  confirmedOn: ({ day }: { day: string }) => `Confirmed to the person on ${day}`,
  toConfirm: {
    soon: ({ day }: { day: string }) => `Confirm receipt by ${day}`,
    over: ({ day }: { day: string }) => `Receipt was to be confirmed by ${day}`,
  },
  facts: {
    kind: 'Request',
    name: 'Name',
    contact: 'Contact',
    identity: 'Identity check',
    numbers: 'Telephone numbers',
    window: 'Calls',
    received: 'Received',
    deadline: 'Counted',
    confirm: 'Receipt',
    extended: 'Extended',
    answer: 'Answer',
    note: 'Note',
    kept: 'Record',
  },
  noIdentity: 'Not checked yet',
  noContact: 'None',
  receivedBy: ({ day, manner, who }: { day: string; manner: string; who: string }) =>
    `${day}, ${manner}; entered by ${who}`,
  extendedBy: ({ who, day, reason }: { who: string; day: string; reason: string }) =>
    `${day} by ${who}: ${reason}`,
  window: {
    all: 'Of any day',
    from: ({ day }: { day: string }) => `From ${day}`,
    to: ({ day }: { day: string }) => `Until ${day}`,
    both: ({ from, to }: { from: string; to: string }) => `From ${from} to ${to}`,
  },
  answered: ({ outcome, grounds, who }: { outcome: string; grounds: string; who: string }) =>
    `${outcome}${grounds ? ` (${grounds})` : ''}; written down by ${who}`,
  forgetOn: ({ day }: { day: string }) => `Name, contact and numbers are removed on ${day}.`,
  forgottenOn: ({ day }: { day: string }) => `Name, contact and numbers were removed on ${day}.`,
  form: {
    open: 'Enter a request',
    title: 'Enter a request',
    change: 'Change',
    changeTitle: 'Change the request',
    kind: 'What the person asks for',
    name: 'Name',
    nameMissing: 'Enter the name of the person.',
    contact: 'Contact',
    contactHelp: 'Where the answer goes: a postal or email address.',
    identity: 'How their identity was checked',
    identityHelp:
      'For example, “called back on the number in question”. You can fill this in later; nothing can be given before.',
    numbers: 'Telephone numbers of the person',
    numbersHelp:
      'Complete numbers, in any notation. For an employee, their extension, such as “ext. 201”. Separate several by commas.',
    numbersMissing: 'Enter at least one telephone number.',
    from: 'Calls from',
    to: 'Calls until',
    windowHelp: 'Leave both empty for all calls.',
    manner: 'How it arrived',
    received: 'Received on',
    receivedHelp: 'The deadline is counted from this day.',
    receivedMissing: 'Enter the day on which it was received.',
    confirmed: 'Receipt confirmed on',
    confirmedHelp: 'Leave this empty until you have told the person that you received their request.',
    send: 'Save request',
    busy: 'Saving…',
  },
  extend: {
    button: 'Extend deadline',
    title: 'Extend the deadline',
    what: ({ day }: { day: string }) =>
      `The new last day is ${day}. You have to tell the person of the extension and the reason before the first deadline. It can be extended once.`,
    reason: 'Reason',
    reasonHelp: 'For example, “many calls to go through”.',
    send: 'Extend deadline',
    busy: 'Extending…',
    done: 'The deadline was extended.',
  },
  answer: {
    button: 'Prepare answer',
    title: 'Prepare the answer',
    what: 'Tapedeck makes a ZIP file for the person, signed like an evidence pack. It sends nothing: you send the file, and close the request afterwards.',
    letter: 'Letter',
    letters: {
      access: 'Access: the calls and what the person said',
      portability: 'Portability: the calls and what the person said',
      rectification: 'Rectification: what was corrected',
      erasure: 'Erasure carried out',
      restriction: 'Restriction: recordings are kept and not used',
      refusal: 'Refusal',
      extension: 'Extension of the deadline',
      receipt: 'Confirmation of receipt',
    },
    grounds: 'Why it is refused',
    text: 'Text of the letter',
    textHelp: 'Change it as you need. Choosing another letter or reason replaces your text.',
    withSound:
      'The file has this letter, the list of the calls, and a recording of each in which only the person is heard.',
    withList: 'The file has this letter and the list of the calls, and no recordings.',
    letterOnly: 'The file has this letter only.',
    send: 'Save answer',
    busy: 'Creating…',
    done: 'The answer was saved.',
  },
  templates: {
    button: 'Edit letters',
    title: 'Letters',
    what: ({ names }: { names: string }) =>
      `The text from which each letter begins. A name in braces is filled in: ${names}.`,
    text: 'Text',
    own: ({ who, day }: { who: string; day: string }) => `Changed by ${who} on ${day}.`,
    standard: 'This is the letter that comes with Tapedeck.',
    restore: 'Restore the standard letter',
    send: 'Save letter',
    busy: 'Saving…',
    done: 'The letter was saved.',
    restored: 'The standard letter was restored.',
  },
  erase: {
    button: ({ n }: { n: number }) => (n === 1 ? 'Erase 1 recording…' : `Erase ${count(n)} recordings…`),
    admin: 'Only an admin can erase these recordings.',
  },
  close: {
    button: 'Close request',
    title: 'Close the request',
    what: 'Write down how you answered. Nothing is sent or erased by this, and the request cannot be changed any more.',
    outcome: 'Answer',
    day: 'Answered on',
    grounds: 'Why it was refused',
    note: 'Note',
    noteHelp: 'What the person was told, in a sentence or two.',
    send: 'Close request',
    busy: 'Closing…',
    done: 'The request was closed.',
  },
  calls: {
    title: 'Calls',
    help: 'Somebody on these calls had one of the numbers. Listen before you give anything out: a line can be shared.',
    none: 'No call matches these numbers and days.',
    removed: 'The numbers were removed, so the calls are not known any more.',
    more: 'More than 500 calls match, and only the newest 500 are shown. Narrow the days.',
    summary: ({ n, of }: { n: number; of: string }) => `${calls(n)}: ${of}.`,
    counted: {
      give: ({ n }: { n: number }) => `${count(n)} with a recording`,
      erase: ({ n }: { n: number }) => `${count(n)} can be erased`,
      kept: ({ n }: { n: number }) => `${count(n)} cannot be erased`,
      nothing: ({ n }: { n: number }) => `${count(n)} without a recording`,
      gone: ({ n }: { n: number }) => `${count(n)} erased`,
      left_out: ({ n }: { n: number }) => `${count(n)} left out`,
    },
    columns: { call: 'Call', when: 'When', fate: 'Recording', act: 'Decision' },
    fates: {
      give: 'Recorded',
      erase: 'Can be erased',
      kept: 'Cannot be erased',
      nothing: 'No recording',
      gone: 'Erased',
      left_out: 'Left out',
    },
    because: ({ fate, reason }: { fate: string; reason: string }) => `${fate}: ${reason}`,
    leftOutBy: ({ who }: { who: string }) => `by ${who}`,
    parties: ({ them, us }: { them: string; us: string }) => `${them} and ${us}`,
    side: {
      button: 'Save their side',
      busy: 'Saving…',
      done: 'Saved. Only the person who asks is heard in the file.',
    },
    out: {
      button: 'Leave out',
      title: 'Leave this call out',
      what: 'The call is not about the person who asks, such as when somebody else was on a shared line.',
      reason: 'Reason',
      send: 'Leave out',
      busy: 'Saving…',
      done: 'The call was left out.',
    },
    in: { button: 'Take in again', done: 'The call was taken in again.' },
  },
};

type Entry = { detail: Record<string, unknown> };
/** A request, which no entry of the audit log says who made. */
const request = ({ number }: Entry['detail']): string => `request ${String(number)}`;

/** Entries of the audit log, as the rest of a sentence: "Ada …". */
export const requestEntries = {
  privacy_add: ({ detail }: Entry) => `entered ${request(detail)}, received on ${String(detail.received)}`,
  privacy_change: ({ detail }: Entry) => `changed ${request(detail)}`,
  privacy_extend: ({ detail }: Entry) => `extended the deadline of ${request(detail)}`,
  privacy_exclude: ({ detail }: Entry) =>
    detail.change === 'in'
      ? `took a call in again for ${request(detail)}`
      : `left a call out of ${request(detail)}`,
  privacy_close: ({ detail }: Entry) =>
    `closed ${request(detail)}, answered on ${String(detail.answered)} (${String(detail.outcome)})`,
  privacy_letter: ({ detail }: Entry) =>
    detail.change === 'own'
      ? `changed the letter “${String(detail.letter)}” to people who make requests`
      : `restored the standard letter “${String(detail.letter)}” to people who make requests`,
  privacy_forget: ({ detail }: Entry) => `removed the name and numbers from ${request(detail)}`,
};

/** The same as what somebody was refused: "… a request". */
export const requestDeeds = {
  privacy_add: 'entering a request',
  privacy_change: 'changing a request',
  privacy_extend: 'extending the deadline of a request',
  privacy_exclude: 'leaving a call out of a request',
  privacy_close: 'closing a request',
  privacy_letter: 'changing a letter to people who make requests',
  privacy_forget: 'removing the name from a request',
};
