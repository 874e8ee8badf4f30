import type { PbxId } from '../pbx.js';
import type { BlindWindow } from '../recording/recording.js';
import { type ConsentCall, type ConsentVerdict, judgeCall, verdictOf } from './consent-report.js';
import type { Mode } from './schema.js';
import type { AnswerResult, ConsentFinding, FoundResult, PurposeResult, ToldResult } from './told.js';

/**
 * The answered calls of a quarter of an hour, counted once and kept, so that a report of a year reads totals and not calls. How people
 * were told never depends on who asks or when, except of a call in which keys may have been missed: that depends on monitoring gaps,
 * which may be known later. Such calls are kept as `byKey`, with the times that decide it.
 *
 * Kept counts are as good as `toldOf`: a version that changes it has to mark every quarter as changed, in a migration.
 */
export type ConsentCount = {
  on: PbxId;
  mode: Mode | null;
  told: ToldResult;
  answer: AnswerResult;
  found: FoundResult;
  purpose: PurposeResult;
  /** All but `keys_unheard`. */
  findings: ConsentFinding[];
  calls: number;
  /** From the first answer to the last end, where a monitoring gap in that time makes `keys_unheard` a finding. */
  byKey: { from: number; until: number } | null;
};
/** The calls of a quarter that begins at `at`. `counts`: null where calls have changed since it was counted. */
export type CountedConsent = { at: number; counts: ConsentCount[] | null };

/** Counts the calls of a quarter, to be kept. */
export function consentCountsOf(calls: Iterable<Omit<ConsentCall, 'unwatchedMs'>>): ConsentCount[] {
  const counts = new Map<string, ConsentCount>();
  for (const call of calls) {
    const { answeredAt, endedAt } = call;
    // Judged as if it had not been monitored: what that changes is the one finding.
    const judged = judgeCall({ ...call, unwatchedMs: answeredAt === null ? 0 : 1 });
    const mode = call.notice?.mode ?? null;
    const { told, answer, found, purpose } = judged;
    const findings = judged.findings.filter((finding) => finding !== 'keys_unheard');
    const byKey = judged.findings.length > findings.length ? { from: answeredAt!, until: endedAt! } : null;
    const key = [call.pbx, mode, told, answer, found, purpose, findings, byKey !== null].join(' ');
    const its = counts.get(key);
    counts.set(key, {
      ...{ on: call.pbx, mode, told, answer, found, purpose, findings, calls: (its?.calls ?? 0) + 1 },
      byKey: byKey && {
        from: Math.min(its?.byKey?.from ?? byKey.from, byKey.from),
        until: Math.max(its?.byKey?.until ?? byKey.until, byKey.until),
      },
    });
  }
  return [...counts.values()];
}

/** Returns what the calls of a count come to; null where that is not known to be the same for each of them. */
export function settleConsent(
  { on, calls, byKey, ...rest }: ConsentCount,
  windows: readonly BlindWindow[],
): (ConsentVerdict & { calls: number }) | null {
  const missed =
    byKey !== null &&
    windows.some(({ pbx, from, to }) => pbx === on && from < byKey.until && (to ?? byKey.until) > byKey.from);
  return missed ? null : { ...verdictOf(rest), calls };
}
