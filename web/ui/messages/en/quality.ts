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
  filterAny: 'With problems',
  of: (kind: string, name: string) => (kind === 'line' ? `Line ${name}` : `Extension ${name}`),
  onlyOf: (who: string) => `Only ${who}: show all`,
  sides: { them: 'Them', us: 'Us', both: 'Both sides' } as Record<string, string>,
  flag: (side: string, flag: string) => `${side}: ${flag}`,
  good: 'No problems found',
  silence: 'nothing said',
  figures: (speech: string, noise: string) => `speech ${speech} dB, pauses ${noise} dB`,
  clippedShare: (share: string) => `${share} at the limit`,
  lostShare: (share: string) => `about ${share} lost`,
  echo: (db: string, ms: string) => `the other side repeats ${ms} ms later, ${db} dB quieter`,
  period: 'Period',
  periods: { '7': 'Last 7 days', '30': 'Last 30 days', '90': 'Last 90 days' } as Record<string, string>,
  none: 'No recordings in this period.',
  allGood: (n: string, one: boolean) =>
    `No sound problems on ${one ? 'the phone or line' : `the ${n} phones and lines`} in this period.`,
  worst: (who: string, what: string, bad: string, of: string, n: number) =>
    `${who}: ${what} in ${bad} of ${of} ${calls(n)}.`,
  more: (n: string, one: boolean) =>
    `${n} ${one ? 'other phone or line has' : 'other phones and lines have'} problems too.`,
  extensions: 'Phones',
  lines: 'Outside lines',
  noLines: 'No outside lines in this period.',
  noExtensions: 'No phones in this period.',
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
    ['distorted', 'The voice is louder than the scale allows.'],
    ['too quiet', 'The voice is more than 38 dB below the loudest possible.'],
  ] as [string, string][],
};
