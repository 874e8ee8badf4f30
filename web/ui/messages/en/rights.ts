import { listAnd } from '../locale.js';
import { meaning } from './meaning.js';

/** The messages of who may do what, as the pages say it. */
export const rightsText = {
  noPageTitle: 'You don’t have access to this page',
  noPage: 'If you need it for your work, ask a Tapedeck admin for access.',
  toCalls: 'Go to your calls',
  nothingTitle: 'You don’t have access to any calls yet',
  nothing:
    'Ask a Tapedeck admin to assign your extension, or the extensions and queues you review. Their calls then appear here.',
  emptyTitle: 'No calls yet',
  empty: 'The first call you have access to appears here.',
  listOnly:
    'You can see which calls were made. Listening to them is a separate permission that admins do not have by default.',
  noPlay: 'You can see that this call was made, but you can’t listen to it.',
  fromTo: ({ from, to }: { from: string; to: string }) => `from ${from} to ${to}`,
  partly: ({ parts }: { parts: string[] }) =>
    `You can listen to this call ${listAnd(parts)}. The rest is silent for you.`,
  working: 'Recording normally',
  workingLong: 'Calls are being recorded.',
  notWorking: 'There is a problem with the recorder. Tapedeck admins can see the details.',
  downHint: 'Tell your Tapedeck admin. Until it runs you can look at calls, but not play them.',
  meaning,
  readOnly: 'You can view and test the rules. Only admins can change them.',
  unheard: {
    agent: {
      before: 'before you joined',
      between: 'while you were away',
      after: 'after you left',
    },
    reviewer: {
      before: 'before it reached the people you review',
      between: 'while it was with somebody you don’t review',
      after: 'after it left the people you review',
    },
  },
  reason: {
    title: {
      play: 'Why are you listening to this call?',
      download: 'Why are you downloading this recording?',
    },
    intro: 'Your reason is written to the audit log together with what you listen to.',
    label: 'Reason',
    help: 'For example, a case number. Your last reason is filled in.',
    missing: 'Enter a reason.',
    play: 'Listen',
    download: 'Download',
    busy: 'One moment…',
  },
};
