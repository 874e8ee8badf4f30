import { plural } from '../locale.js';

/** The messages of the page on how callers are told that calls are recorded. */
export const tellingText = {
  title: 'Telling callers',
  notYet:
    'Tapedeck does not play these announcements by itself yet: they can be prepared here. Until then have your dialplan tell callers (“tapedeck-consent” in asterisk-conf/). What they answer there, Tapedeck follows.',
  notice: 'Information, not legal advice. Ask your counsel before you rely on it.',
  intro:
    'The place of the number and the place of this site decide how strictly people are told; your rules can only ask for more. A number hints at a place, and says nothing for certain: unknown numbers are treated strictly.',
  default: 'Default',
  defaultLabel: 'How people are told where no rule asks for more',
  confirm:
    'I confirm that calls may be recorded without telling anybody where the consent of one party is enough.',
  save: 'Save default',
  modes: {
    silent: 'Tell nobody',
    beep: 'Beep again and again',
    announce: 'Announce',
    announce_refusal: 'Announce, with a key to refuse',
    ask: 'Ask for a yes',
  } as Record<string, string>,
  prompts: 'Prompts',
  promptsNote: ({ refuse, agree }: { refuse: string; agree: string }) =>
    `Callers press ${refuse} to refuse and ${agree} to agree. An upload has to name the same key. Nobody hears an upload before you use it.`,
  language: 'Language',
  languages: { en: 'English', es: 'Spanish', fr: 'French', de: 'German' } as Record<string, string>,
  own: 'Included with Tapedeck',
  by: ({ who, when }: { who: string; when: string }) => `Uploaded by ${who}, ${when}`,
  active: 'In use',
  use: 'Use this prompt',
  listen: ({ name }: { name: string }) => `Listen to: ${name}`,
  seconds: ({ s }: { s: string }) => `${s} s`,
  upload: 'Upload a prompt',
  kind: 'Kind',
  name: 'Name',
  said: 'What is said in it',
  file: 'Audio file',
  fileHelp:
    'WAV, MP3, Ogg or FLAC, from half a second to 30 seconds, at most 6 MB. Its loudness is adjusted.',
  send: 'Upload prompt',
  sending: 'Uploading…',
  sent: 'Uploaded. Listen to it, then use it.',
  law: 'What the law asks for',
  lawNote: ({ n }: { n: number }) => plural(n, { one: '1 place', other: `${n} places` }),
  filter: 'Filter places',
  none: 'No place matches.',
  columns: {
    place: 'Place',
    rule: 'Rule',
    enough: 'At the least',
    source: 'Source',
    date: 'As of',
    sure: 'Confidence',
  },
  rules: {
    one_party: 'One party consents',
    all_party: 'All parties consent',
    notice: 'Notice',
    special: 'Special',
  } as Record<string, string>,
  confidence: { high: 'High', medium: 'Medium', low: 'Low' } as Record<string, string>,
  inRecording: 'The prompt has to be heard in the recording.',
  beep: ({ s }: { s: number }) => `A tone every ${s} seconds is enough.`,
  overridden: 'Changed by your policy',
};
