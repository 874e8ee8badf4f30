/** The strings of who may do what, as the pages say it. */
export const rightsText = {
  noPageTitle: 'This page is not for you',
  noPage:
    'You have no right to see it. An admin of Tapedeck can give it to you, if you need it for your work.',
  toCalls: 'Go to your calls',
  nothingTitle: 'You are not given any calls yet',
  nothing:
    'Ask an admin of Tapedeck to say which extension is yours, or which extensions and queues you review. What you may hear appears here then.',
  emptyTitle: 'No calls yet',
  empty: 'As soon as there is a call that you may see, it appears here.',
  listOnly:
    'You see which calls were made. Hearing them is a right of its own, which running Tapedeck does not bring.',
  noPlay: 'You see that this call was made, and may not hear it.',
  fromTo: (from: string, to: string) => `from ${from} to ${to}`,
  partly: (parts: string[]) => `You hear this call ${parts.join(' and ')}. The rest is silent for you.`,
  working: 'Recorder works',
  workingLong: 'Calls are being recorded.',
  notWorking: 'Something is wrong with the recorder. Whoever runs Tapedeck sees what it is.',
  downHint: 'Tell whoever runs Tapedeck. What was recorded before can still be heard.',
  readOnly: 'You can read the rules and try them. Changing them is for admins.',
  unheard: {
    agent: {
      before: 'before you joined',
      between: 'while you were away',
      after: 'after you left',
    },
    reviewer: {
      before: 'before it came to those you review',
      between: 'while it was elsewhere',
      after: 'after it left those you review',
    },
  },
  reason: {
    title: { play: 'Why do you hear this call?', download: 'Why do you take this recording away?' },
    intro: 'Your reason is written into the audit log, with what you hear.',
    label: 'Reason',
    help: 'Such as a case number. The last one you gave is filled in.',
    missing: 'Say why, in a word or two.',
    play: 'Hear it',
    download: 'Download it',
    busy: 'One moment…',
  },
};
