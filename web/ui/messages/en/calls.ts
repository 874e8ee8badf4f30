import { count, plural } from '../locale.js';

/** The messages of the list of calls, of a call, of the player and of the keys. */
export const callsText = {
  title: 'Calls',
  search: 'Name, number or its last digits',
  clear: 'Clear the search',
  direction: 'Direction',
  all: 'All',
  directions: { in: 'In', out: 'Out', internal: 'Internal' },
  directionLong: { in: 'Incoming call', out: 'Outgoing call', internal: 'Internal call' },
  dates: 'Date',
  ranges: { any: 'Any day', today: 'Today', yesterday: 'Yesterday', week: '7 days', custom: 'Dates…' },
  from: 'From',
  to: 'To',
  coverage: 'Coverage',
  anyCoverage: 'Any coverage',
  now: 'Now',
  withheld: 'Number withheld',
  removed: 'Name removed',
  nobody: 'Nobody',
  /** Who our side was, behind the name of the other party. */
  with: ({ us }: { us: string }) => `with ${us}`,
  /** The same in the line of the list, as a screen reader reads it. */
  rowUs: ({ us }: { us: string }) => `, with ${us}`,
  rowDirection: ({ direction }: { direction: string }) => `${direction}, `,
  between: ({ them, us, when }: { them: string; us: string; when: string }) => `${them} with ${us}, ${when}`,
  older: 'Show older',
  olderBusy: 'Loading older calls…',
  end: 'No more calls.',
  endFiltered: 'No more matching calls.',
  inside: ({ q }: { q: string }) => `No number ends with “${q}”. These numbers contain it.`,
  alsoInside: ({ q }: { q: string }) => `Show numbers that contain “${q}”`,
  /** `more`: there are more than were counted. */
  found: ({ n, more }: { n: number; more: boolean }) => {
    if (n === 0) return 'No calls match.';
    const calls = plural(n, { one: 'call', other: 'calls' });
    return more ? `${count(n)} or more ${calls}.` : `${count(n)} ${calls}.`;
  },
  emptyTitle: 'No calls yet',
  empty: 'Tapedeck is connected to the PBX. Make a call and it appears here.',
  emptyDown: 'Tapedeck is not connected to the PBX. Calls appear here once the problem above is fixed.',
  noMatchTitle: 'No calls match',
  noMatch:
    'Try the last digits of the number, part of the name, or another date. Four digits or more are found anywhere in a number, fewer at its end. A complete number is found with or without its country code.',
  clearFilters: 'Show all calls',
  chooseTitle: 'Choose a call',
  choose: 'Its timeline and recording open here.',
  chooseKeys: [
    [['/'], 'search'],
    [['↑', '↓'], 'move in the list'],
    [['Enter'], 'open the call'],
    [['Esc'], 'close it'],
    [['Space'], 'play or pause'],
    [['?'], 'keyboard shortcuts'],
  ] as [keys: string[], does: string][],
};

export const badgeText = {
  ringing: 'Ringing',
  live: 'Live',
  making: 'Processing',
  recorded: 'Recorded',
  partial: 'Partial',
  excluded: 'Excluded',
  declined: 'Declined',
  not_kept: 'Not kept',
  not_recorded: 'Not recorded',
  imported: 'Imported',
  erased: 'Erased',
  erasing: 'Being erased',
  outcomes: {
    answered: 'Answered',
    no_answer: 'No answer',
    busy: 'Busy',
    cancelled: 'Cancelled',
    failed: 'Failed',
  },
};

/** Legal holds, on the list and on the page of a call. */
export const heldText = {
  badge: 'Legal hold',
  badgeHelp: 'This recording is under legal hold. Nothing erases it.',
  onCall: 'Under legal hold',
  onCallWhy: ({ why, day }: { why: 'query' | 'picked'; day: string }) =>
    why === 'query' ? `matches the query, since ${day}` : `picked by hand, since ${day}`,
  fromSearch: 'Open a legal hold for this search',
};

export const callText = {
  title: ({ who }: { who: string }) => `Call with ${who}`,
  whoHeard: 'Who listened to this call',
  kept: {
    purpose: 'Purpose',
    basis: 'Legal basis',
    notBefore: 'Not erased before',
    version: 'Retention decided by',
    older: 'Recorded before versions were kept',
    versionOf: ({ v }: { v: number }) => `Policy version ${v}`,
  },
  namesRemoved: 'Names and numbers removed',
  back: 'All calls',
  sentence: {
    in: ({ them, us }: { them: string; us: string }) => `${them} called ${us}`,
    out: ({ them, us }: { them: string; us: string }) => `${us} called ${them}`,
    internal: ({ them, us }: { them: string; us: string }) => `${them} called ${us}`,
  },
  imported: {
    title: ({ recorder }: { recorder: string }) => `Imported from ${recorder}`,
    when: ({ when, by }: { when: string; by: string }) => `Imported ${when} by ${by}.`,
    vouched: 'Tapedeck did not capture this call: it vouches for the original file as it was then.',
    mixed: 'Mixed recording: both sides are in one channel.',
    recorders: {
      freepbx: 'FreePBX',
      issabel: 'Issabel',
      oreka: 'Oreka',
      voipmonitor: 'VoIPmonitor',
      mixmonitor: 'MixMonitor',
    },
    file: 'Original file',
    format: 'Original format',
    sha: 'SHA-256 of the original',
    cdrs: 'CDRs used',
  },
  play: 'Play',
  pause: 'Pause',
  download: 'Download',
  story: 'Story',
  happened: 'What happened',
  lasted: ({ length }: { length: string }) => `${length} long`,
  queue: ({ queue }: { queue: string }) => `through queue ${queue}`,
  did: ({ number }: { number: string }) => `on ${number}`,
  marks: {
    ring: 'Ringing',
    answer: 'Answered',
    queue: 'Waited in queue',
    agent: 'Agent answered',
    hold: 'On hold',
    transfer: 'Transferred',
    park: 'Parked',
    pickup: 'Picked up',
    joined: 'Joined',
    left: 'Left',
    gap: 'Not recorded',
    mask: 'Masked',
    unheard: 'Silent for you',
    unwatched: 'Keys not heard',
    end: 'Ended',
  } as Record<string, string>,
  forLength: ({ length }: { length: string }) => `for ${length}`,
  bracketed: ({ length }: { length: string }) => `(${length})`,
  moment: ({ ms }: { ms: number }) => `${count(Math.round(ms / 10) / 100)} s`,
  /** What happened, with what was special about it. */
  named: ({ mark, text }: { mark: string; text: string }) => `${mark}: ${text}`,
  /** `lasted` is "for 0:12", or empty. */
  seekTo: ({ name, at, lasted }: { name: string; at: string; lasted: string }) =>
    lasted ? `${name}, at ${at}, ${lasted}` : `${name}, at ${at}`,
  on: ({ name, from, to }: { name: string; from: string; to: string }) =>
    `${name}: on the call from ${from} to ${to}`,
  stillOn: ({ name, from }: { name: string; from: string }) => `${name}: on the call since ${from}`,
  rang: ({ name, from, to }: { name: string; from: string; to: string }) =>
    `${name}: rang from ${from} to ${to}, not answered`,
  rings: ({ name, from }: { name: string; from: string }) => `${name}: ringing since ${from}`,
  heldAt: ({ at, lasted }: { at: string; lasted: string }) =>
    `put the others on hold at ${at} ${lasted}`.trim(),
  /** What one party did, for reading aloud. */
  stays: ({ parts }: { parts: string[] }) => parts.join('; '),
  noLegs: 'The PBX did not report who took part.',
  controls: {
    title: 'Recording of this call',
    masked: 'Masked: neither side is being written.',
    kept: 'The recording of this call will be kept.',
    stopped:
      'The rest of this call is not recorded, because too many calls were declined within an hour. What was recorded before is kept.',
    undoable:
      'Recording has stopped. What was recorded of this call is destroyed five seconds after you declined, or when the call ends.',
    theirs:
      'Somebody on the call has refused on their phone. Only they can take that back, with the key to agree.',
    words: {
      mask: 'Mask',
      resume: 'Resume recording',
      keep: 'Keep this call',
      decline: 'Caller declines',
      allow: 'Caller allows recording',
      undo: 'Undo decline',
    },
    help: {
      mask: 'Before a card number is read out: neither side is written until you resume.',
      resume: 'Both sides are written again.',
      keep: 'Without this, the audio is destroyed a minute after the call.',
      decline:
        'The recording stops at once. Everything recorded of this call is destroyed five seconds later, and you can undo it until then. The call itself continues.',
      allow: 'The caller has told you that they agree. That you said so stands in the ledger of consent.',
      undo: 'What was recorded is kept, and the call is recorded again.',
    },
    done: {
      mask: 'Masked',
      resume: 'Recording again',
      keep: 'The call will be kept',
      decline: 'Recording declined. You can undo that for five seconds.',
      allow: 'Your statement is recorded',
      undo: 'Decline undone. Recording again.',
    },
  },
  consultation: 'Consultation: another call was on hold during this one.',
  toMain: 'View that call',
  consultations: 'Consultations while this call was on hold:',
  consultationAt: ({ call, at }: { call: string; at: string }) => `${call} at ${at}`,
  why: {
    nobody: {
      no_answer: 'Nobody answered, so there is no recording.',
      busy: 'The line was busy, so there is no recording.',
      cancelled: 'The caller hung up before anyone answered, so there is no recording.',
      failed: 'The call failed, so there is no recording.',
      answered: 'There is no recording.',
    },
    ringing: 'Ringing. If somebody answers, the recording appears here after the call.',
    live: 'This call is in progress. Its recording appears here shortly after it ends.',
    liveDeclined: 'This call is in progress. Its recording was declined, so none will appear here.',
    liveExcluded: 'This call is in progress and is not being recorded.',
    making: 'The recording is being processed. It appears here within a few seconds.',
    excluded: ({ rule }: { rule: string }) => `Not recorded: the rule “${rule}” excludes this call.`,
    excludedNoRule: 'Not recorded: the policy excludes this call.',
    declined: 'Not recorded: somebody on the call declined.',
    notKept: ({ rule }: { rule: string }) =>
      `Not kept: the audio was destroyed after the call, as the rule “${rule}” says.`,
    notKeptNoRule: 'Not kept: nobody asked for the recording, so the audio was destroyed after the call.',
    notRecorded: 'This call was answered but not recorded.',
    partial: 'Part of this call is missing from its recording.',
    erased: ({ when }: { when: string }) => `The recording was erased on ${when}.`,
    certificate: 'Certificate of erasure',
    erasing: 'The recording is being erased.',
    gone: 'There is no recording of this call.',
    because: ({ reason }: { reason: string }) => `Reason: ${reason}`,
  },
  details: 'Details',
  maskSides: { both: 'Masked', them: 'Them masked', us: 'Us masked' } as Record<string, string>,
  /** Why a stretch is silent. `written`: how much of it the PBX had written all the same, such as "0.04 s"; empty for nothing. */
  maskText: ({ kind, written }: { kind: string; written: string }) => {
    if (kind === 'hold') return 'waiting on hold';
    if (kind === 'unagreed') return 'somebody who had not agreed may have joined while nobody watched';
    if (kind === 'redacted') return 'redacted afterwards';
    return written ? `${written} of it had been written, silenced before sealing` : '';
  },
  gapSides: { both: 'Not recorded', them: 'Them not recorded', us: 'Us not recorded' } as Record<
    string,
    string
  >,
  fields: {
    coverage: 'Coverage',
    reason: 'Reason',
    rule: 'Record rule',
    noRule: 'None; recorded by default',
    keepUntil: 'Kept until',
    policyVersion: 'Policy version',
    asShipped: 'the one that Tapedeck comes with',
    keepRule: 'Retention rule',
    noKeepRule: 'None; kept by default',
    keepReason: 'Retention reason',
    started: 'Started',
    answered: 'Answered',
    ended: 'Ended',
    outcome: 'Outcome',
    dialled: 'Dialled',
    did: 'Number called (DID)',
    queue: 'Queue',
    sealed: 'Sealed',
    erased: 'Erased',
    size: 'Size (Ogg Opus)',
    sound: 'Sound',
    soundThem: 'Their sound',
    soundUs: 'Our sound',
    length: 'Length',
    sha: 'SHA-256 of the audio',
    sealedSha: 'SHA-256 of the sealed file',
    callId: 'Call id',
    recordingId: 'Recording id',
  },
};

export const playerText = {
  label: 'Player',
  position: 'Position in the recording',
  /** For reading aloud; `mark` is what holds there, or empty. */
  at: ({ at, of, mark }: { at: string; of: string; mark: string }) =>
    mark ? `${at} of ${of}, ${mark}` : `${at} of ${of}`,
  what: ({ us, when }: { us: string; when: string }) => `with ${us}, ${when}`,
  of: ({ length }: { length: string }) => `/ ${length}`,
  play: 'Play',
  pause: 'Pause',
  back: ({ s }: { s: number }) => `Back ${s} seconds`,
  forward: ({ s }: { s: number }) => `Forward ${s} seconds`,
  speed: 'Speed',
  times: ({ n }: { n: number }) => `${count(n)}×`,
  volume: 'Volume',
  download: 'Download this recording',
  close: 'Close the player',
  them: 'Them',
  us: 'Us',
  mixed: 'Mixed',
  noPeaks: 'No waveform',
  unsupported:
    'This browser can’t play recordings: use a current Chrome, Edge or Firefox, or Safari 18.4 or newer.',
  unsupportedDownload:
    'This browser can’t play recordings: use a current Chrome, Edge or Firefox, or Safari 18.4 or newer, or download the recording and play it in another program.',
};

export const keysText = {
  title: 'Keyboard shortcuts',
  intro: 'Shortcuts work when you are not typing in a field.',
  single: 'Use single-key shortcuts',
  singleHelp: 'Turn this off if you use speech input or press keys by accident.',
  groups: {
    everywhere: 'Everywhere',
    list: 'In the list of calls',
    player: 'In the player',
  },
  lines: {
    everywhere: [
      [['/'], 'Search calls'],
      [['?'], 'Show keyboard shortcuts'],
      [['Esc'], 'Close the open panel'],
    ],
    list: [
      [['↑', '↓'], 'Previous or next call'],
      [['Home', 'End'], 'First or last call'],
      [['Enter'], 'Open the call'],
    ],
    player: [
      [['Space', 'K'], 'Play or pause'],
      [['←', '→'], 'Back or forward 5 seconds'],
      [['J', 'L'], 'Back or forward 15 seconds'],
      [['[', ']'], 'Slower or faster'],
    ],
  } as Record<string, [keys: string[], does: string][]>,
};
