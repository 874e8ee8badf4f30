import type { JobParams } from '../operations/job.js';
import type { Redating, RedatingPreview } from './redate.js';

/** The job that gives existing recordings the dates of a version of the policy. */

/** What was asked for. `asOf`, ms since 1970, and `digest` are those of the preview that was shown. */
export type ApplyParams = { version: number; as_of: number; digest: string; shorter: number; due: number };

/** Returns the params of a job as what was asked for; null for what is none. */
export function applyParams({ version, as_of, digest, shorter, due }: JobParams): ApplyParams | null {
  return typeof version === 'number' &&
    typeof as_of === 'number' &&
    typeof digest === 'string' &&
    typeof shorter === 'number' &&
    typeof due === 'number'
    ? { version, as_of, digest, shorter, due }
    : null;
}

/** So many recordings. `other`: the same date, decided by another rule or version. `unknown` keep the date that they have. */
export type ApplyCounts = { longer: number; shorter: number; due: number; other: number; unknown: number };

/** How far it is: the recording that was last, what was expected, and what was done. */
export type ApplyCursor = { id: string; expected: ApplyCounts; applied: ApplyCounts };

const NONE: ApplyCounts = { longer: 0, shorter: 0, due: 0, other: 0, unknown: 0 };

/** At the beginning, once all were counted. */
export const applyBegin = ({ longer, shorter, due, unknown }: RedatingPreview): ApplyCursor => ({
  ...{ id: '', expected: { ...NONE, longer, shorter, due, unknown }, applied: NONE },
});

export const writeCursor = (cursor: ApplyCursor): string => JSON.stringify(cursor);

/** Returns the cursor of a job; null while it counts. */
export function readCursor(text: string): ApplyCursor | null {
  try {
    const found = JSON.parse(text) as ApplyCursor | null;
    return typeof found?.id === 'string' && found.applied && found.expected ? found : null;
  } catch {
    return null;
  }
}

/** The counts once these are done too. `asOf`: what is due then counts as due. */
export function applied(counts: ApplyCounts, page: readonly Redating[], asOf: number): ApplyCounts {
  const next = { ...counts };
  for (const { move, unknown, changes, decision } of page) {
    if (unknown.length > 0) next.unknown += 1;
    else if (move !== 'same') next[move] += 1;
    else if (changes) next.other += 1;
    if (move === 'shorter' && decision.keepUntil! <= asOf) next.due += 1;
  }
  return next;
}
