import type { ApprovalAct } from './approval.js';

/** What is asked for, as the rest of an English sentence: "Ada asked to …". */
export const approvalActWords: Record<ApprovalAct, string> = {
  hear_older: 'listen to or export an earlier version of a recording',
  release_hold: 'release a legal hold',
  erase: 'erase recordings',
  shorten_retention: 'shorten how long recordings are kept',
  loosen_approvals: 'turn off two-person control',
};
