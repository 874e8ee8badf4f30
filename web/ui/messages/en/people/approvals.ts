import type { ApprovalAct, ApprovalState } from '../../../../../daemon/domain/approval/approval.js';
import { count, plural } from '../../locale.js';

type Until = { until: string };

/** The messages of two-person control. */
export const approvalsText = {
  title: 'Approvals',
  intro:
    'Some actions need two people: one asks and gives a reason, another approves exactly what is shown here. Approving needs an authenticator app or a passkey that you have had for at least 7 days.',
  summary: ({ n }: { n: number }) =>
    n === 0
      ? 'No requests are waiting for approval.'
      : plural(n, {
          one: '1 request is waiting for approval.',
          other: `${n} requests are waiting for approval.`,
        }),
  empty:
    'Requests appear here when somebody asks for an action that needs a second person, such as listening to an earlier version of a recording.',
  waiting: 'Waiting and approved',
  over: 'Decided',
  acts: {
    hear_older: 'Listen to or export an earlier version of a recording',
    release_hold: 'Release a legal hold',
    erase: 'Erase recordings',
    shorten_retention: 'Shorten retention',
    loosen_approvals: 'Turn off two-person control',
  } satisfies Record<ApprovalAct, string>,
  states: {
    waiting: 'Waiting for approval',
    cooling: 'Approved, cooling off',
    approved: 'Approved',
    used: 'Used',
    withdrawn: 'Withdrawn',
    expired: 'Expired',
  } satisfies Record<ApprovalState, string>,
  askedBy: ({ who, when }: { who: string; when: string }) => `Requested by ${who}, ${when}`,
  approvedBy: ({ who, when }: { who: string; when: string }) => `Approved by ${who}, ${when}`,
  reason: 'Reason',
  object: 'Applies to',
  about: {
    recordings: ({ n }: { n: number }) => plural(n, { one: '1 recording', other: `${n} recordings` }),
    version: ({ version }: { version: number }) => `Version ${version} of the recording of a call`,
    policy: 'The policy',
  },
  shown: 'What is approved',
  /** What stands before a value of what is approved. One that has no words here is shown under its own name. */
  fields: {
    ...{
      id: 'ID',
      name: 'Name',
      reason: 'Reason',
      recordings: 'Recordings',
      recording: 'Recording',
      call: 'Call',
    },
    ...{ request: 'Request of a person', changes: 'Changes', policy_sha256: 'SHA-256 of the policy' },
    ...{
      no_second_person_for: 'One person alone could then do',
      limits: 'Limits',
      retention: 'Retention rules',
    },
    ...{
      as_of: 'Counted',
      shorter: 'Existing recordings kept for less time',
      due: 'Due for erasure by that',
    },
    ...{ digest: 'SHA-256 of what was counted', metadata_days: 'Names and numbers removed after' },
    ...{
      purpose: 'Purpose',
      legal_basis: 'Legal basis',
      beats: 'Wins over',
      source: 'Source',
      when: 'Calls',
    },
    ...{ matter: 'Legal hold', opened_by: 'Opened by', opened_at: 'Opened', picked: 'Added one by one' },
    ...{ query: 'Query', new_query: 'New query', letting: 'Releases', region: 'Country of national numbers' },
    ...{ upto: 'Up to number', list_sha256: 'SHA-256 of the list of recordings', version: 'Version' },
    ...{ replaced_by_version: 'Replaced by version', sealed_sha256: 'SHA-256 of the sealed file' },
    ...{ redacted_at: 'Redacted', redacted_by: 'Redacted by', redaction_reason: 'Reason for the redaction' },
    redacted: 'Silenced',
  } as Record<string, string>,
  days: ({ n }: { n: number }) => plural(n, { one: '1 day', other: `${count(n)} days` }),
  noQuery: 'None',
  letting: {
    all: 'Everything that the legal hold holds',
    query: 'Recordings that the new query does not match',
    recordings: 'These recordings',
  } as Record<string, string>,
  digest: 'SHA-256 of what is shown',
  expires: 'Expires',
  notBefore: 'Not before',
  alone:
    'Nobody else could approve when this was requested. The person who asked may approve it alone, after 7 days. An alarm was sent.',
  yes: 'Yes',
  no: 'No',
  items: ({ n }: { n: number }) => plural(n, { one: '1 item', other: `${n} items` }),
  approve: 'Approve',
  approveOf: ({ act }: { act: string }) => `Approve: ${act}`,
  approveTitle: 'Approve this request?',
  approveWhat: ({ who }: { who: string }) =>
    `${who} can then do exactly what is shown below. Approve it only if you have checked it yourself.`,
  approving: 'Approving…',
  approved: 'Approved.',
  save: 'Save the policy',
  saving: 'Saving…',
  saved: ({ v }: { v: number }) => `Saved as version ${v} of the policy.`,
  withdraw: 'Withdraw',
  withdrawOf: ({ act }: { act: string }) => `Withdraw: ${act}`,
  withdrawTitle: 'Withdraw this request?',
  withdrawWhat: 'It can no longer be approved or used. The person who asked can ask again.',
  withdrawing: 'Withdrawing…',
  withdrawn: 'Withdrawn.',
  because: {
    right: () => 'You don’t have permission to approve this.',
    own: () => 'You asked for this yourself. Another person has to approve it.',
    tied: ({ until }: Until) =>
      `You cannot approve this before ${until}: in the last 7 days, one of you added the other’s account, created a password link for it or gave it more permissions.`,
    factor_missing: () =>
      'Approving needs a second factor. Add an authenticator app or a passkey on your account page.',
    passkey_missing: () =>
      'Here only a passkey counts that was added under the official name of this dashboard. Add one on your account page.',
    factor_new: ({ until }: Until) =>
      `Your second factor is new. It counts for approvals from ${until}. Until then, another admin can approve this.`,
    outside: () => 'Approving needs a local Tapedeck account.',
  } satisfies Record<string, (about: Until) => string>,
};
