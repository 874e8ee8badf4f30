const calls = (n: number) => (n === 1 ? 'call' : 'calls');

/** The strings of the quality page, and of what a recording sounds like. */
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
  filterAny: 'With a fault',
  of: (kind: string, name: string) => (kind === 'line' ? `Line ${name}` : `Extension ${name}`),
  onlyOf: (who: string) => `Only ${who}: show all`,
  sides: { them: 'Them', us: 'Us', both: 'Both sides' } as Record<string, string>,
  flag: (side: string, flag: string) => `${side}: ${flag}`,
  good: 'Nothing is wrong with it',
  silence: 'nothing said',
  figures: (speech: string, noise: string) => `speech ${speech} dB, pauses ${noise} dB`,
  clippedShare: (share: string) => `${share} at the limit`,
  lostShare: (share: string) => `about ${share} lost`,
  echo: (db: string, ms: string) => `the other side is heard again ${ms} ms later, ${db} dB fainter`,
  period: 'Period',
  periods: { '7': 'Last 7 days', '30': 'Last 30 days', '90': 'Last 90 days' } as Record<string, string>,
  none: 'No recordings were made in this time.',
  allGood: (n: string, one: boolean) =>
    `Nothing is wrong with the sound of ${one ? 'the phone or line' : `${n} phones and lines`} heard in this time.`,
  worst: (who: string, what: string, bad: string, of: string, n: number) =>
    `${who}: ${what} in ${bad} of ${of} ${calls(n)}.`,
  more: (n: string, one: boolean) =>
    `${n} ${one ? 'other phone or line has' : 'other phones and lines have'} faults too.`,
  extensions: 'Phones',
  lines: 'Lines to the outside',
  noLines: 'No line was heard in this time.',
  noExtensions: 'No phone was heard in this time.',
  columns: { who: 'Who', calls: 'Calls', faults: 'With a fault', what: 'What' },
  how: 'Measured in each recording while it is made, each side on its own. A fault counts for the phone or line on whose side it is heard: that is where it comes from, an echo too.',
  help: 'What the words mean',
  means: [
    [
      'one-way audio',
      'One side says nothing from beginning to end while the other speaks: a muted headset, or RTP that passes one way only.',
    ],
    ['silent', 'Neither side is heard.'],
    ['noisy', 'Noise in the pauses is less than 25 dB below the voice.'],
    ['echo', 'The voice of one side is heard again in the other.'],
    ['breaks up', 'Short holes in speech, as lost packets leave them. An estimate.'],
    ['distorted', 'The voice is louder than the scale allows.'],
    ['too quiet', 'The voice is more than 38 dB below the loudest possible.'],
  ] as [string, string][],
};
