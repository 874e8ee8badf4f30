import type { ActKind } from '../../../../../daemon/domain/people/act.js';

/** What somebody confirmed, for each kind of act. Entries from before a proof named its act do not say. */
export const acts: Record<ActKind, string> = {
  rules: 'that they were changing what is recorded and how long it is kept',
  erasing: 'that they were erasing recordings or documents',
  people: 'that they were changing who can sign in or what they can do',
  factor_roles: 'that they were changing who needs a second factor',
  tokens: 'that they were creating an API token',
  own_factors: 'that they were changing their own second factors',
  mailing: 'that they were setting up a report by email',
  approving: 'that they were approving what another person asked for',
};
/** What two people decide, as the rest of a sentence: "asked to …". */
export const approvalActs: Record<string, string> = {
  hear_older: 'listen to or export an earlier version of a recording',
  release_hold: 'release a legal hold',
  erase: 'erase recordings',
  shorten_retention: 'shorten how long recordings are kept',
  loosen_approvals: 'turn off two-person control',
};
