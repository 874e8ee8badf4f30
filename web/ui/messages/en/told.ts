import { count, listAnd, plural } from '../locale.js';

/** The people of a sentence, "Ada and Bob". */
type People = { people: string[] };

/** The messages on how the people of a call were told that it is recorded. */
export const toldText = {
  title: 'How people were told',
  results: {
    all: 'Everybody who spoke on this call was told that it is recorded.',
    some: ({ people }: People) =>
      plural(people.length, {
        one: `${listAnd(people)} spoke on this call and was not told that it is recorded.`,
        other: `${listAnd(people)} spoke on this call and were not told that it is recorded.`,
      }),
    nobody: 'Nobody was told that this call is recorded.',
    live: 'This call is in progress. Who was told will be known when it has ended.',
    pending: 'Not everybody was told. Whether the call is recorded will be known shortly.',
    silent: 'Nobody had to be told: the policy tells nobody in calls like this one.',
    unrecorded: 'Nobody had to be told: this call was not recorded.',
    alone: 'Nobody had to be told: nobody spoke with anybody.',
  },
  findings: {
    not_found: 'An announcement was played, and the recording does not have it.',
    not_agreed: 'People are asked for a yes, nobody said yes, and there is a recording.',
    refused_kept: 'Somebody refused, and there is a recording.',
    keys_unheard:
      'Nobody’s answer is on record, and for a part of this call keys were not heard, because Tapedeck did not monitor the PBX.',
  },
  announced: {
    announce: ({ language, people }: People & { language: string }) =>
      `Announced in ${language} to ${listAnd(people)}`,
    announce_refusal: ({ language, people }: People & { language: string }) =>
      `Announced in ${language}, with a key to refuse, to ${listAnd(people)}`,
    ask: ({ language, people }: People & { language: string }) =>
      `Asked in ${language} for a yes: ${listAnd(people)}`,
  },
  unheard: ({ language }: { language: string }) =>
    `Announced in ${language}, and nobody was there for all of it`,
  cut: ({ language }: { language: string }) =>
    `The announcement in ${language} was cut short, so nobody counts as told by it`,
  unplayed: ({ language }: { language: string }) => `The announcement in ${language} could not be played`,
  because: ({ what, reason }: { what: string; reason: string }) => `${what}: ${reason}`,
  dialplan: ({ name, people }: People & { name: string }) =>
    `Your dialplan played “${name}” to ${listAnd(people)} before the call was connected`,
  dialplanCut: ({ name }: { name: string }) =>
    `Your dialplan played “${name}” before the call was connected, but not all of it`,
  beeps: ({ n, people }: People & { n: number }) =>
    plural(n, {
      one: `A tone was played to ${listAnd(people)}`,
      other: `A repeated tone was played to ${listAnd(people)}`,
    }),
  beepsCut: ({ n }: { n: number }) =>
    plural(n, {
      one: 'A tone was not played to its end',
      other: `${count(n)} tones were not played to their end`,
    }),
  /** What the PBX reported: when it was played. */
  reported: ({ from, until }: { from: string; until: string }) => `${from} to ${until}, as the PBX reports`,
  found: {
    both: ({ from, until }: { from: string; until: string }) => `Heard in the recording, ${from} to ${until}`,
    them: ({ from, until }: { from: string; until: string }) =>
      `Heard in the recording on their side, ${from} to ${until}`,
    us: ({ from, until }: { from: string; until: string }) =>
      `Heard in the recording on our side, ${from} to ${until}`,
  },
  lacks: 'Played, and not found in the recording',
  excused: 'Not in the recording, which is masked or incomplete there',
  notLooked: 'Not looked for in the recording yet',
  tenth: ({ length, tenth }: { length: string; tenth: number }) => `${length}.${tenth}`,
  joined: {
    told: ({ who, at }: { who: string; at: string }) => `${who} joined, and was told at ${at}`,
    untold: ({ who }: { who: string }) => `${who} joined, and was not told`,
  },
  answers: {
    decline: {
      key: ({ key }: { key: string }) => `Refused with key ${key}`,
      who: ({ who }: { who: string }) => `Refused, noted by ${who}`,
      plain: 'Refused',
    },
    allow: {
      key: ({ key }: { key: string }) => `Agreed with key ${key}`,
      who: ({ who }: { who: string }) => `Agreed, noted by ${who}`,
      plain: 'Agreed',
    },
    /** Our own side says that the others agree. */
    stated: {
      key: ({ key }: { key: string }) => `Stated with key ${key} that the others agree`,
      who: ({ who }: { who: string }) => `Stated that the others agree, noted by ${who}`,
      plain: 'Stated that the others agree',
    },
  },
  /** How somebody answered where no key or name says it. */
  ways: {
    digits: 'by keys',
    button: 'on the dashboard',
    api: 'over the API',
    user_event: 'by a code or a program on the PBX',
    dialplan: 'in the dialplan',
    rule: 'by a rule',
    timer: 'by time',
    unwatched: 'because somebody may have joined while nobody watched',
  },
  by: ({ answer, who }: { answer: string; who: string }) => `${answer}, by ${who}`,
  nothing: 'Nothing was played, and nobody answered anything.',
  whyTitle: 'Why people were told this way',
  mode: ({ mode, language }: { mode: string; language: string }) =>
    `“${mode}”, in ${language}: the least strict way that meets all of these:`,
  modeSilent: ({ mode }: { mode: string }) => `“${mode}”: the least strict way that meets all of these:`,
  wants: {
    default: ({ mode }: { mode: string }) => `Your policy’s default is “${mode}”.`,
    rule: ({ rule, mode }: { rule: string; mode: string }) => `Your rule “${rule}” asks for “${mode}”.`,
    ruleUnnamed: ({ mode }: { mode: string }) => `A rule of yours asks for “${mode}”.`,
    standing: 'They have agreed once for all calls, so they are told and not asked.',
    unconfirmed:
      'The policy would have nobody told, but no admin has confirmed that this is allowed, so people are told.',
    number: ({ place, mode }: { place: string; mode: string }) =>
      `${place} (by the number) needs at least “${mode}”.`,
    site: ({ place, mode }: { place: string; mode: string }) =>
      `${place} (this site) needs at least “${mode}”.`,
    unknownNumber: ({ mode }: { mode: string }) =>
      `The number tells no place that Tapedeck knows, so it is treated strictly: at least “${mode}”.`,
    unknownSite: ({ mode }: { mode: string }) =>
      `The state or province of this site is not known, so it is treated strictly: at least “${mode}”.`,
  },
  asOf: ({ date }: { date: string }) => `As of ${date}.`,
  own: 'As your policy has it.',
  purposeSaid:
    'One of these places asks that people hear who records, and what for. The announcement says so, according to the person who added it.',
  purposeUnsaid:
    'The law of a place on this call asks that people hear who records, and what for. The announcement did not say so.',
  inRecording: 'One of these places asks that the announcement can be heard in the recording.',
  number: ({ number }: { number: string }) =>
    `The number is ${number}. A number hints at a place, and proves none.`,
  withheld: 'The number is withheld, so its place is unknown and treated strictly.',
  version: ({ n }: { n: string }) => `Policy version ${n}.`,
  shipped: 'The policy that Tapedeck comes with.',
};
