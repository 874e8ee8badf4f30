import { count, plural } from '../locale.js';

const messagesWaiting = (n: number) =>
  n === 0 ? '' : ` ${plural(n, { one: '1 message waiting.', other: `${count(n)} messages waiting.` })}`;

/** The messages of the health page. */
export const healthText = {
  title: 'Health',
  green: 'All is well: every connection is up and calls are recorded.',
  unwatched: 'No known problems, but a new one could go unnoticed.',
  problems: ({ n }: { n: number }) =>
    plural(n, {
      one: 'One thing needs your attention.',
      other: `${count(n)} things need your attention, the most serious first.`,
    }),
  critical: 'Critical',
  warning: 'Warning',
  callsTitle: 'Current calls',
  callsNone: 'No calls in progress.',
  recorded: 'Recorded',
  notRecorded: 'Not recorded',
  ringing: 'Ringing',
  columns: { call: 'Call', with: 'Our side', for: 'Duration', recorded: 'Recorded' },
  pbxTitle: 'PBX',
  pbxNamed: ({ name }: { name: string }) => `PBX: ${name}`,
  ari: 'Calls and audio (ARI)',
  ami: 'Transfers and queues (AMI)',
  up: 'Connected',
  down: 'Not connected',
  version: 'Asterisk',
  unknown: 'not known',
  lastEvent: 'Last event',
  never: 'none yet',
  ago: ({ length }: { length: string }) => `${length} ago`,
  recordingTitle: 'Recording',
  captures: 'Captures',
  capturesText: ({ begun, failed }: { begun: number; failed: number }) =>
    `${count(begun)} started, ${count(failed)} failed since the recorder started`,
  failedLately: ({ n }: { n: number }) => `${count(n)} failed in the last 15 minutes`,
  queue: 'Waiting to be processed',
  queueNone: 'Nothing waiting',
  encoder: 'Encoder (ffmpeg)',
  encoders: {
    separate: 'Runs as a separate user',
    recorder: "Runs as the recorder's own user",
  },
  /** `oldest`: how long the first has been waiting, or null. */
  queueText: ({ n, oldest }: { n: number; oldest: string | null }) =>
    `${plural(n, { one: '1 recording waiting', other: `${count(n)} recordings waiting` })}${oldest === null ? '' : `, the oldest for ${oldest}`}`,
  processor: 'Processor time',
  processorEnough: 'Enough for calls and recordings',
  processorShort: 'Short: calls need the processor. No recording is waiting.',
  processorUnknown: 'Not monitored: the kernel does not report CPU pressure',
  processorWaiting: ({ n }: { n: number }) =>
    `Recordings wait for processor time: ${count(n)}, the oldest since`,
  processorHint:
    'Calls are recorded first. Recordings are processed when the processor is less busy, after 2 hours at the latest. If this happens often, move other programs to another machine or add processor cores.',
  testCall: 'Last test call',
  testOutcomes: { ok: 'Good', failed: 'Failed', skipped: 'Skipped', not_set_up: 'Not set up' },
  testNone: 'None yet',
  machineTitle: 'Machine',
  disk: 'Disk',
  /** `days`: until it is full at the current rate, or null. */
  diskText: ({ free, total, days }: { free: string; total: string; days: number | null }) => {
    const room = `${free} free of ${total}`;
    if (days === null) return room;
    if (days > 365) return `${room}; room for more than a year`;
    return `${room}; ${plural(days, { one: 'full in about 1 day', other: `full in about ${count(days)} days` })} at the current rate`;
  },
  diskUnknown: 'Not measured yet',
  hot: 'Recordings on this machine',
  archive: 'Recordings in the archive',
  held: ({ recordings, size }: { recordings: number; size: string }) =>
    `${plural(recordings, { one: '1 recording', other: `${count(recordings)} recordings` })}, ${size}`,
  archiveText: ({ held, free }: { held: string; free: string | null }) =>
    free === null ? held : `${held}; ${free} free`,
  archiveLeft: (n: number) =>
    plural(n, {
      one: 'The file of 1 erased recording will be removed when the archive can be reached.',
      other: `The files of ${count(n)} erased recordings will be removed when the archive can be reached.`,
    }),
  backups: { made: 'Last backup', checked: 'Backup verified', drilled: 'Restore drill' },
  backupNever: 'Never',
  backupAge: ({ days }: { days: number }) =>
    plural(days, { one: '(1 day ago)', other: `(${count(days)} days ago)` }),
  backupLate: 'Overdue',
  since: 'Recorder up since',
  loop: 'Event loop delay',
  ms: ({ n }: { n: number }) => `${count(n)} ms (99th percentile)`,
  blindTitle: 'Monitoring gaps',
  blindNone: 'None in the last 7 days.',
  blindIntro: 'Tapedeck was not monitoring the PBX at these times: calls that began then may be missing.',
  blindNow: ({ length }: { length: string }) => `${length} (still)`,
  blindColumns: { from: 'From', length: 'Duration', reason: 'Reason' },
  alarmsTitle: 'Alarms',
  alarmsNone: 'No alarm has been raised yet.',
  alarmsColumns: { what: 'Alarm', since: 'Since', until: 'Until' },
  stands: 'active',
  alertsTitle: 'Alert recipients',
  alertsNone:
    'Nobody is alerted when something goes wrong. Configure [alerts] in tapedeck.toml, restart the recorder and run “tapedeck alert test”.',
  channel: { mail: 'Mail', webhook: 'Webhook' } as Record<string, string>,
  alertGood: 'Working',
  alertIdle: ({ waiting }: { waiting: number }) =>
    `Nothing sent since the recorder started.${messagesWaiting(waiting)}`,
  alertSent: ({ when, waiting }: { when: string; waiting: number }) =>
    `Last delivered ${when}.${messagesWaiting(waiting)}`,
  alertFails: ({ since }: { since: string }) => `Failing since ${since}`,
  alertWaiting: ({ n }: { n: number }) => messagesWaiting(n).trim(),
  downNote: 'Nothing else is known while the recorder is not responding.',
  runbook: 'Step-by-step instructions',
  asOf: ({ when }: { when: string }) => `As of ${when}.`,
};
