import { count, listAnd, plural } from '../../locale.js';

const FACTS = {
  number: 'their number',
  extension: 'the extension',
  queue: 'the queue',
  account: 'the account code',
  variable: 'the channel variable',
};
type Fact = keyof typeof FACTS;

/** The messages of what would happen to a call: what is still open, and how its people are told. */
export const wouldText = {
  open: ({ facts }: { facts: Fact[] }) =>
    `Not decided until ${listAnd(facts.map((fact) => FACTS[fact]))} ${facts.length > 1 ? 'are' : 'is'} known.`,
  meanwhile: {
    wait: 'Until then it waits: nothing is captured.',
    capture: 'Until then it is captured, and destroyed if it may not be kept.',
  },
  otherwise: 'If nothing more becomes known:',
  told: ({ how, language }: { how: string; language: string }) =>
    language === '' ? `How people are told: ${how}.` : `How people are told: ${how}, in ${language}.`,
  how: {
    silent: 'not at all',
    beep: 'by a repeated tone',
    announce: 'by an announcement',
    announce_refusal: 'by an announcement with a key to refuse',
    ask: 'by a question with a key to agree',
  },
  tone: ({ s }: { s: number }) => `by a tone every ${s} seconds`,
  tellsNobody: 'Tapedeck tells nobody: the policy says that people are told in another way.',
  byRule: ({ name }: { name: string }) => `Rule “${name}” asks for it.`,
  default: 'This is the default.',
  silent_not_confirmed: 'Nobody has confirmed that people need not be told.',
  standing_consent: 'They have agreed once for all calls, so they are told and not asked.',
  place: ({ name, from, how }: { name: string; from: 'number' | 'site'; how: string }) =>
    `${name}, by ${from === 'number' ? 'their number' : 'the place of this site'}: ${how}.`,
  needs: {
    silent: 'nobody has to be told',
    beep: 'at least a repeated tone',
    announce: 'at least an announcement',
    announce_refusal: 'at least an announcement with a key to refuse',
    ask: 'a question with a key to agree',
  },
  /** `days` null: forever. */
  retention: ({ days }: { days: number | null }) =>
    days === null
      ? 'Then it is kept forever.'
      : plural(days, {
          one: 'Then it is kept for 1 day.',
          other: `Then it is kept for ${count(days)} days.`,
        }),
};
