import { because, type Why } from '../reason/reason.js';
import type { RecordingId } from '../recording/recording.js';

/** What a changed retention rule does not do. */
export const FROM_NOW_ON =
  'A retention rule applies only to recordings made from now on. Existing recordings keep the date that they have.';

/** A clock this much past the newest recording has been moved, or nothing has been recorded for as long: a person decides. */
const QUIET_MS = 7 * 86_400_000;
/** Two clocks that agree may differ by this much. */
const SLACK_MS = 60_000;

/** What the plan has to know of a sealed recording. Times are ms since 1970. */
export type RetentionItem = {
  id: RecordingId;
  sealedAt: number;
  keepUntil: number | null;
  keepRule: string | null;
  keepWhy: Why | null;
};

export type Planned<T> = { item: T; why: Why };

export type Breaker = {
  tripped: boolean;
  /** 0..1 of all kept recordings that are due, and the most that may be without asking. */
  share: number;
  limit: number;
  /** Why it tripped; null when it did not. */
  why: Why | null;
  /** What has to be sent back to run all the same. It changes with the set that would be erased. */
  confirm: string;
};

export type RetentionPlan<T> = { due: Planned<T>[]; kept: Planned<T>[]; breaker: Breaker };

/**
 * What a run at `now` would erase, what it would keep, and why. What is kept for ever is never due, so an empty policy
 * keeps everything.
 *
 * The breaker stops a run that a mistake may have caused: more than `breakerPercent` of the kept recordings are due, or
 * the clock is not believable (older than the newest recording, or more than seven days past it). One
 * recording alone is let through by the share: in a young catalogue it would always be a large one.
 *
 * `items` may be only some of the kept recordings as long as all that are due are among them; then `total` says how
 * many there are and `newestSealedAt` when the last of them was sealed. `intended` are recordings whose erasure was begun
 * and not finished: the run erases them too, so they count as due.
 */
export function planRetention<T extends RetentionItem>(given: {
  now: number;
  items: readonly T[];
  breakerPercent: number;
  total?: number;
  newestSealedAt?: number | null;
  intended?: readonly RecordingId[];
}): RetentionPlan<T> {
  const { now, items, breakerPercent, intended = [] } = given;
  const due: Planned<T>[] = [];
  const kept: Planned<T>[] = [];
  for (const item of items) {
    const isDue = item.keepUntil !== null && item.keepUntil <= now;
    (isDue ? due : kept).push({ item, why: whyDue(item) });
  }
  const total = Math.max(given.total ?? 0, items.length) + intended.length;
  const going = due.length + intended.length;
  const share = total === 0 ? 0 : going / total;
  const newest =
    given.newestSealedAt ?? items.reduce((n, i) => Math.max(n, i.sealedAt), Number.NEGATIVE_INFINITY);
  const why = going === 0 ? null : (clockFault(now, newest) ?? shareFault(going, total, breakerPercent));
  const confirm = `erase-${going}-${fingerprint([...due.map((d) => d.item.id), ...intended])}`;
  return {
    due,
    kept,
    breaker: { tripped: why !== null, share, limit: breakerPercent / 100, why, confirm },
  };
}

const whyDue = ({ keepRule, keepWhy }: RetentionItem): Why =>
  because('due', { rule: keepRule, why: keepWhy });

/** Why so many may not be erased without asking; null when they may. */
export const shareFault = (due: number, total: number, percent: number): Why | null =>
  due < 2 || due * 100 <= total * percent ? null : because('many_due', { due, total, percent });

function clockFault(now: number, newest: number): Why | null {
  if (!Number.isFinite(newest)) return null;
  if (newest - now > SLACK_MS) return because('clock_behind', { ms: newest - now });
  if (now - newest > QUIET_MS) return because('clock_past', { ms: now - newest });
  return null;
}

/** FNV-1a over the ids in order of name, as six hex digits: enough to tell one set from another, not to prove it. */
function fingerprint(ids: string[]): string {
  let hash = 0x811c9dc5;
  for (const char of [...ids].sort().join('\n')) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0').slice(0, 6);
}
