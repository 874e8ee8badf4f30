import { count, plural } from '../locale.js';

const calls = (n: number) => plural(n, { one: '1 call', other: `${count(n)} calls` });

/** What may be asked for, besides `exceptions`. */
const kinds = {
  untold: 'Somebody was not told',
  not_found: 'Not in the recording',
  not_agreed: 'Recorded without a yes',
  refused_kept: 'Recorded although refused',
  keys_unheard: 'Keys not heard',
  purpose_unsaid: 'Who records was not said',
  refused: 'Refused',
  agreed: 'Agreed',
  stated: 'Stated by our own side',
  told: 'Told',
  told_in_part: 'Not everybody told',
  not_told: 'Nobody told',
  not_required: 'Not required',
  pending: 'Not yet known',
  all: 'Every call',
};

/** The messages of the report on how people were told. */
export const consentText = {
  title: 'Consent',
  all: ({ n }: { n: number }) =>
    plural(n, {
      one: 'In the one call of this period, everybody who had to be told was told.',
      other: `In all ${count(n)} calls of this period, everybody who had to be told was told.`,
    }),
  untold: ({ n, untold }: { n: number; untold: number }) =>
    `In ${count(untold)} of ${calls(n)} somebody was not told that the call was recorded.`,
  nothing: 'In this period no call was answered.',
  unknown: 'Tapedeck has no data for this period.',
  installed: ({ since }: { since: string }) =>
    `Tapedeck has monitored calls since ${since}. Earlier calls are not in this report.`,
  onlyInCdrs: ({ n }: { n: number }) =>
    plural(n, {
      one: 'One more answered call is known only from the PBX’s CDRs: Tapedeck told nobody in it, and recorded nothing.',
      other: `${count(n)} more answered calls are known only from the PBX’s CDRs: Tapedeck told nobody in them, and recorded nothing.`,
    }),
  rest: {
    not_found: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'has', other: 'have' })} an announcement that is not in the recording`,
    not_agreed: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} recorded without the consent that was asked for`,
    refused_kept: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'was', other: 'were' })} recorded although somebody refused`,
    keys_unheard: ({ n }: { n: number }) =>
      `in ${calls(n)} without an answer, keys were not heard for a time`,
    purpose_unsaid: ({ n }: { n: number }) =>
      `in ${calls(n)} the announcement did not say who records and what for, where the law asks for it`,
    refused: ({ n }: { n: number }) => `${calls(n)} ${plural(n, { one: 'has', other: 'have' })} a refusal`,
    agreed: ({ n }: { n: number }) => `${calls(n)} ${plural(n, { one: 'has', other: 'have' })} an agreement`,
    stated: ({ n }: { n: number }) =>
      `${calls(n)} ${plural(n, { one: 'has', other: 'have' })} an agreement that only our own side stated`,
    pending: ({ n }: { n: number }) => `${calls(n)} cannot be judged yet`,
  },
  /** The sentences of `rest`, each a link. */
  allOfRest: ({ parts }: { parts: string[] }) => `${parts.join('; ')}.`,
  filters: { exceptions: 'All exceptions', ...kinds },
  listTitle: { exceptions: 'Exceptions', ...kinds },
  listNone: 'None in this period.',
  exceptionsNone: 'No exceptions in this period.',
  refresh: 'Refresh',
  working: 'Reading the calls of this period…',
  columns: {
    call: 'Call',
    started: 'Started',
    told: 'Told',
    answer: 'Answer',
    found: 'In the recording',
    mode: 'Mode',
  },
  told: {
    all: 'Everybody',
    some: 'Not everybody',
    nobody: 'Nobody',
    pending: 'Not yet known',
    not_needed: 'Not needed',
  },
  notTold: ({ people }: { people: string[] }) => `Not told: ${people.join(', ')}`,
  answers: {
    refused: 'Refused',
    agreed: 'Agreed',
    some: 'Not everybody agreed',
    stated: 'Stated by our own side',
    none: 'None',
  },
  found: {
    yes: 'Found',
    no: 'Not found',
    excused: 'Masked or missing there',
    not_looked: 'Not looked for yet',
    none: 'Nothing to look for',
  },
  purposeTitle: 'Who records, what for',
  purpose: {
    said: 'Said',
    unsaid: 'Not said',
    none: 'Does not apply',
  },
  byRule: ({ mode, rule }: { mode: string; rule: string }) => `${mode}, by the rule “${rule}”`,
  page: ({ page, pages }: { page: string; pages: string }) => `Page ${page} of ${pages}`,
  pagesLabel: 'Pages of calls',
  newer: 'Newer calls',
  older: 'Older calls',
  statusesTitle: 'By consent',
  statusColumn: 'Consent',
  undecided: 'Not decided',
  modesTitle: 'By mode',
  modesColumns: {
    mode: 'Mode',
    calls: 'Calls',
    all: 'Everybody told',
    some: 'Not everybody',
    nobody: 'Nobody',
    pending: 'Not yet known',
    not_needed: 'Not needed',
  },
  total: 'Total',
  resultsTitle: 'By answer and by announcement',
  howTitle: 'How this report is made',
  how: 'It has every answered call that has ended, as many as the coverage report counts for the same days; each counts under “By consent” once. “Not decided” are calls for which nothing in the policy said how people are told. Somebody was told if they were on the call from the start of an announcement to its end (in the mode “Repeated tone”: of a tone), as the PBX reports. People who spoke with somebody count; phones that only rang, waited in a queue, were parked or had the others on hold all the time do not. Nobody has to be told in calls that are not recorded. An answer counts for whoever gave it on their own phone: a key, a button or a program of our own side states what others said, and is counted apart. “In the recording” is what Tapedeck found in the sealed audio, not what the PBX reported. “Who records, what for” is about recorded calls in which the law of a place asks that an announcement says so: it is “Said” where every announcement that was heard to its end does. “Keys not heard” are recorded calls in which people may answer by a key and no answer is on record, while nobody monitored the PBX for a part of the call. Test calls and imported ones are not counted.',
};
