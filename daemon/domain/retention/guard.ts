import { because, type Why } from '../reason/reason.js';

/** What may keep a recording from being erased. */
export type Guarded = {
  /** It is never erased before this time, ms since 1970; null: there is no such time. `rule`: which rule says so. */
  minUntil: number | null;
  rule?: string | null;
  /** Names of the matters that hold it. */
  matters: readonly string[];
  /** Names of the matters of which it is not yet known what they hold: while there are any, nothing is erased. */
  applying?: readonly string[];
};

/**
 * Returns why a recording may not be erased at `now` (ms since 1970), or null when nothing forbids it. Everything that erases
 * a recording asks this: retention, people, requests to erase, redaction, and whatever frees disk space.
 */
export function guardOf({ minUntil, rule = null, matters, applying = [] }: Guarded, now: number): Why | null {
  if (matters.length > 0) return because('legal_hold', { matters: [...matters] });
  if (applying.length > 0) return because('legal_hold_applying', { matters: [...applying] });
  if (minUntil !== null && now < minUntil) return because('before_minimum', { until: minUntil, rule });
  return null;
}
