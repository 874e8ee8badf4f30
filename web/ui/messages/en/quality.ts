import { count, plural } from '../locale.js';

/** The messages of the quality page, and of what a recording sounds like. */
export const qualityText = {
  title: 'Quality',
  flags: {
    silent: 'silent',
    one_way: 'one-way audio',
    quiet: 'too quiet',
    clipped: 'distorted',
    noisy: 'noisy',
    echo: 'echo',
    lossy: 'breaks up',
  } as Record<string, string>,
  filter: 'Sound',
  filterAll: 'Any sound',
  /** What the list of calls can be narrowed to. */
  filters: {
    any: 'With problems',
    silent: 'Silent',
    one_way: 'One-way audio',
    quiet: 'Too quiet',
    clipped: 'Distorted',
    noisy: 'Noisy',
    echo: 'Echo',
    lossy: 'Breaks up',
  },
  of: ({ kind, name }: { kind: string; name: string }) =>
    kind === 'line' ? `Line ${name}` : `Extension ${name}`,
  onlyOf: ({ who }: { who: string }) => `Only ${who}: show all`,
  sides: { them: 'Them', us: 'Us', both: 'Both sides' } as Record<string, string>,
  flag: ({ side, flag }: { side: string; flag: string }) => `${side}: ${flag}`,
  good: 'No problems found',
  /** A link to the help, beside what is wrong with the sound of a call. */
  ifBreaksUp: 'If a voice breaks up',
  silence: 'nothing said',
  figures: ({ speech, noise }: { speech: string; noise: string }) =>
    `speech ${speech} dB, pauses ${noise} dB`,
  clippedShare: ({ share }: { share: string }) => `${share} at the limit`,
  lostShare: ({ share }: { share: string }) => `about ${share} lost`,
  echo: ({ db, ms }: { db: string; ms: number }) =>
    `the other side repeats ${count(ms)} ms later, ${db} dB quieter`,
  period: 'Period',
  periods: { '7': 'Last 7 days', '30': 'Last 30 days', '90': 'Last 90 days' } as Record<string, string>,
  none: 'No recordings in this period.',
  allGood: ({ n }: { n: number }) =>
    plural(n, {
      one: 'No sound problems on the phone or line in this period.',
      other: `No sound problems on the ${count(n)} phones and lines in this period.`,
    }),
  worst: ({ who, what, bad, of }: { who: string; what: string; bad: number; of: number }) =>
    plural(of, {
      one: `${who}: ${what} in ${count(bad)} of 1 call.`,
      other: `${who}: ${what} in ${count(bad)} of ${count(of)} calls.`,
    }),
  more: ({ n }: { n: number }) =>
    plural(n, {
      one: '1 other phone or line has problems too.',
      other: `${count(n)} other phones and lines have problems too.`,
    }),
  extensions: 'Phones',
  lines: 'Outside lines',
  noLines: 'No outside lines in this period.',
  noExtensions: 'No phones in this period.',
  listed: ({ n }: { n: number }) => `These are the ${count(n)} worst.`,
  showAll: ({ n }: { n: number }) => `Show all ${count(n)}`,
  columns: { who: 'Phone or line', calls: 'Calls', faults: 'With problems', what: 'Problems' },
  how: 'Measured in every recording, for each side separately. A problem counts for the phone or line on whose side it is heard, which is where it comes from, including echo.',
  help: 'Definitions',
  means: [
    [
      'one-way audio',
      'One side is silent throughout while the other speaks: a muted headset, or RTP passing one way only.',
    ],
    ['silent', 'Both sides are silent.'],
    ['noisy', 'Noise in the pauses is less than 25 dB below the voice.'],
    ['echo', 'One side’s voice is repeated on the other.'],
    ['breaks up', 'Short gaps in speech, typical of packet loss. An estimate.'],
    ['distorted', 'The voice is clipped: it is louder than a recording can hold.'],
    ['too quiet', 'The voice is more than 38 dB below the loudest possible.'],
  ] as [string, string][],
};
