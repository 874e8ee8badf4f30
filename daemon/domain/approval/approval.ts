import { canonical, sha256 } from '../assurance/canonical.js';
import { fail } from '../error.js';
import type { BoxRight } from '../people/person.js';

/** What nobody does alone. Each is asked for by one person and approved by another. */
export const approvalActs = [
  'hear_older',
  'release_hold',
  'erase',
  'shorten_retention',
  'loosen_approvals',
] as const;
export type ApprovalAct = (typeof approvalActs)[number];

/** The right that a second person needs to approve each act. */
export const APPROVER: Record<ApprovalAct, BoxRight> = {
  hear_older: 'settings',
  release_hold: 'settings',
  erase: 'settings',
  shorten_retention: 'settings',
  loosen_approvals: 'settings',
};

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type ApprovalPerson = { id: string; name: string };

/** Times are ms since 1970. */
export type Approval = {
  id: string;
  act: ApprovalAct;
  /** The one thing that is acted on, such as the id of a recording or the name of a matter. */
  object: string;
  /** SHA-256 in hex of the canonical JSON of `shown`. */
  digest: string;
  /** Exactly what the second person sees and approves. Lists of ids are complete. */
  shown: JsonValue;
  reason: string;
  askedBy: ApprovalPerson;
  askedAt: number;
  /** From when on it counts no more. Moves when it is approved: from then on, what was approved has to be done by then. */
  expiresAt: number;
  /** Null until it is approved; the person who asked, where `alone`. */
  approvedBy: ApprovalPerson | null;
  approvedAt: number | null;
  /** It cannot be used before: the cool-off. */
  notBefore: number;
  /** Nobody else could approve when it was asked for, so the person who asked may, after a longer cool-off. */
  alone: boolean;
  usedAt: number | null;
  withdrawnAt: number | null;
};

/**
 * `waiting`: for a second person. `cooling`: approved, and the cool-off is not over. `approved`: can be used. `used`: done; for acts
 * that last, their time is over.
 */
export const approvalStates = ['waiting', 'cooling', 'approved', 'used', 'withdrawn', 'expired'] as const;
export type ApprovalState = (typeof approvalStates)[number];

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** How long somebody has to approve, counted from the end of the cool-off. */
export const APPROVE_WITHIN_MS = 7 * DAY_MS;
/** The cool-off where nobody else could approve. */
export const ALONE_COOL_OFF_MS = 7 * DAY_MS;
/** The longest cool-off that can be asked for. */
export const LONGEST_COOL_OFF_MS = 31 * DAY_MS;
/** How long an approval can be used, counted from the end of the cool-off or, if later, from its approval. */
const USE_WITHIN_MS: Record<ApprovalAct, number> = {
  hear_older: DAY_MS,
  release_hold: 7 * DAY_MS,
  erase: 7 * DAY_MS,
  shorten_retention: 7 * DAY_MS,
  loosen_approvals: 7 * DAY_MS,
};
/** Acts whose approval has the policy with it that is saved once they are approved. */
export const POLICY_ACTS: readonly ApprovalAct[] = ['shorten_retention', 'loosen_approvals'];
/** Acts that an approval allows again and again until it expires; all others once. */
const LASTING: readonly ApprovalAct[] = ['hear_older'];

/** Longest `shown`, in characters of canonical JSON. */
const LONGEST_SHOWN = 65_536;

/** Returns the digest of what a second person is shown. Throws `request_invalid` where that is more than 64 KB. */
export function digestOfShown(shown: JsonValue): string {
  const text = canonical(shown);
  if (Buffer.byteLength(text) > LONGEST_SHOWN)
    throw fail('request_invalid', 'shown: a second person can be shown at most 64 KB at once');
  return sha256(text);
}

/** Returns when an approval given `at` expires. */
export const usableUntil = ({ act, notBefore }: Pick<Approval, 'act' | 'notBefore'>, at: number): number =>
  Math.max(at, notBefore) + USE_WITHIN_MS[act];

/** Returns what has become of an approval by `now`. */
export function stateOf(approval: Approval, now: number): ApprovalState {
  const { act, withdrawnAt, usedAt, expiresAt, approvedAt, notBefore } = approval;
  if (withdrawnAt !== null) return 'withdrawn';
  if (usedAt !== null && (!LASTING.includes(act) || now >= expiresAt)) return 'used';
  if (now >= expiresAt) return 'expired';
  if (approvedAt === null) return 'waiting';
  return now < notBefore ? 'cooling' : 'approved';
}

/** Whether an approval waits, or can still be used, by `now`. */
export const isOpen = (approval: Approval, now: number): boolean =>
  ['waiting', 'cooling', 'approved'].includes(stateOf(approval, now));

/** Whether an approval allows exactly this now. */
export const allows = (
  approval: Approval,
  what: Pick<Approval, 'act' | 'object' | 'digest'>,
  now: number,
): boolean =>
  stateOf(approval, now) === 'approved' &&
  approval.act === what.act &&
  approval.object === what.object &&
  approval.digest === what.digest;
