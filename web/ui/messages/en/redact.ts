import type { ApprovalState } from '../../../../daemon/domain/approval/approval.js';
import { count, plural } from '../locale.js';

/** The messages of redacting a recording. */
export const redactText = {
  button: 'Redact…',
  title: 'Redact recording',
  intro:
    'Silences stretches of the recording in a new version, for everyone who plays, downloads or exports it from now on.',
  from: 'From',
  until: 'To',
  timeHelp: 'Minutes and seconds from the beginning, such as 1:05 or 1:05.5.',
  drag: 'Drag over the recording to choose a stretch, or move its ends with the arrow keys: 0.1 seconds, with Shift 1 second.',
  stretch: ({ n, of }: { n: number; of: number }) => `Stretch ${n} of ${of}`,
  startOf: ({ n, of }: { n: number; of: number }) =>
    of > 1 ? `Start of stretch ${n}` : 'Start of the stretch',
  endOf: ({ n, of }: { n: number; of: number }) => (of > 1 ? `End of stretch ${n}` : 'End of the stretch'),
  instant: ({ minutes, seconds }: { minutes: number; seconds: number }) =>
    [
      ...(minutes === 0 ? [] : [plural(minutes, { one: '1 minute', other: `${count(minutes)} minutes` })]),
      plural(seconds, { one: `${count(seconds)} second`, other: `${count(seconds)} seconds` }),
    ].join(' '),
  add: 'Add a stretch',
  remove: ({ n }: { n: number }) => `Remove stretch ${n}`,
  listen: 'Listen to it',
  here: 'Use player position',
  badTime: 'Enter a time within the recording, such as 1:05.',
  badOrder: 'The end has to come after the beginning.',
  side: 'Side',
  sides: { both: 'Both sides', them: 'Them (left)', us: 'Us (right)' } as Record<string, string>,
  preview: ({ side, from, until }: { side: string; from: string; until: string }) =>
    `Becomes silent: ${side.toLowerCase()}, ${from} to ${until}`,
  label: 'Reason',
  help: 'For example, “card number”. It appears in the audit log and in what is signed. Do not enter what was said.',
  missing: 'Enter a reason.',
  keep: 'Keep the version before. Nobody can play it unless a second person approves.',
  rule: {
    destroy: 'The policy says that the version before is destroyed. This cannot be undone.',
    two_people:
      'The policy says that the version before is kept. Nobody can play it unless a second person approves.',
  },
  undo: 'Without that, the version before is destroyed. This cannot be undone.',
  make: 'Redact recording',
  busy: 'Redacting…',
  done: ({ version }: { version: number }) => `The recording was redacted. Version ${version} is now played.`,
  left: 'The versions before were given out. These copies stay where they are:',
  none: 'Nobody had played, downloaded or exported a version before.',
  took: {
    play: 'played it',
    download: 'downloaded it',
    export: 'exported it',
  } as Record<string, string>,
  earlier: {
    title: 'Earlier versions',
    version: ({ version }: { version: number }) => `Version ${version}.`,
    silenced: 'Silenced since:',
    stretch: ({ side, from, until }: { side: string; from: string; until: string }) =>
      `${side.toLowerCase()}, ${from} to ${until}`,
    kept: 'Kept. Nobody can play or export it unless a second person approves.',
    destroyed: 'Destroyed.',
    erased: ({ when }: { when: string }) => `Destroyed on ${when}.`,
    access: {
      waiting: () => 'Your request is waiting for a second person.',
      cooling: () => 'Your request was approved. You can listen once the cool-off is over.',
      approved: ({ until }) => `Your request was approved. You can listen until ${until}.`,
      used: () => 'Your access has ended.',
      withdrawn: () => 'Your request was withdrawn.',
      expired: () => 'Your request has expired.',
    } satisfies Record<ApprovalState, (about: { until: string }) => string>,
    play: 'Play this version',
    download: 'Download this version',
    ask: {
      button: 'Ask to listen',
      title: 'Ask to listen to this version',
      what: 'A second person has to approve. You can then listen for 24 hours, and export it if you may export. Each playback and export is written to the audit log.',
      label: 'Reason',
      help: 'The second person reads it.',
      missing: 'Enter a reason.',
      busy: 'Asking…',
    },
    erase: {
      button: 'Erase this version',
      title: 'Erase this version',
      what: 'Its key is destroyed. This cannot be undone.',
      label: 'Reason',
      help: 'It appears in the audit log.',
      missing: 'Enter a reason.',
      busy: 'Erasing…',
    },
  },
  facts: ({ by, when, reason }: { by: string; when: string; reason: string }) =>
    `Redacted by ${by} on ${when}. Reason: ${reason}`,
};
