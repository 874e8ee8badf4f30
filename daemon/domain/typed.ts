import { isBlank } from './blank.js';
import { clean } from './call/party.js';

/** Longest reason that is kept for an act. */
export const LONGEST_REASON = 200;

/** A reason as it is kept: on one line, and at most `longest` characters long. Empty where nobody would see anything of it. */
export function reasonFrom(typed: string, longest = LONGEST_REASON): string {
  const reason = clean(typed, longest);
  return isBlank(reason) ? '' : reason;
}
