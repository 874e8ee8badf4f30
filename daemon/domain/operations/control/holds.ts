import { Type } from 'typebox';
import { HoldQuery, Letting } from '../../retention/hold.js';
import { By, Id, Moment, NOTHING, post, Text } from './request.js';

/**
 * Legal holds. Opening a matter and adding to it needs the right `oversee` and no proof: it keeps recordings, and lets nothing
 * go. Whatever a matter no longer holds is released, which takes an approval by a second person and a cool-off.
 */

const MatterName = Type.String({
  default: 'Smith v. Example Ltd',
  pattern: '^[^\\s\\x00-\\x1f\\x7f]([^\\x00-\\x1f\\x7f]{0,78}[^\\s\\x00-\\x1f\\x7f])?$',
});
const Reason = Text(300, 1);
const Picked = Type.Array(Id, { maxItems: 500 });
/** Recordings that were picked are added one by one. */
const HOLD_MS = 15_000;
/** The list of what is released is read page by page. */
const RELEASE_MS = 60_000;

export const HOLDS = {
  /** Opens a matter. Throws `matter_exists`, `holds_full`, `hold_invalid`, `recording_absent`. */
  open_matter: post(
    '/holds/open',
    Type.Object({
      by: By,
      name: MatterName,
      reason: Reason,
      query: Type.Union([HoldQuery, Type.Null()]),
      recordings: Picked,
    }),
    Type.Object({ id: Type.String() }),
    { timeoutMs: HOLD_MS },
  ),
  /** Widens the query of a matter. Throws `matter_unknown`, `matter_released`, `hold_invalid`, `hold_narrower`. */
  widen_matter: post(
    '/holds/widen',
    Type.Object({ by: By, id: Id, query: HoldQuery, reason: Reason }),
    NOTHING,
  ),
  /** Holds recordings for a matter. Throws `matter_unknown`, `matter_released`, `recording_absent`. */
  hold_recordings: post(
    '/holds/add',
    Type.Object({ by: By, id: Id, recordings: Picked, reason: Reason }),
    Type.Object({ added: Type.Integer() }),
    { timeoutMs: HOLD_MS },
  ),
  /**
   * Asks a second person to approve a release. Throws `matter_unknown`, `matter_released`, `hold_invalid`, and what asking for an
   * approval throws.
   */
  ask_release: post(
    '/holds/release/ask',
    Type.Object({ by: By, id: Id, letting: Letting, reason: Reason }),
    Type.Object({ approval: Type.String(), not_before: Moment, recordings: Type.Integer() }),
    { timeoutMs: RELEASE_MS },
  ),
  /**
   * Carries out a release that was approved, for the person who asked. Throws `approval_missing` without an approval for exactly
   * what would be released now, `matter_unknown`, `matter_released`, `matter_changed`.
   */
  release_matter: post('/holds/release', Type.Object({ by: By, id: Id, approval: Id }), NOTHING, {
    timeoutMs: RELEASE_MS,
  }),
} as const;
