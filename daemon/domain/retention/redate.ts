import { canonical, sha256 } from '../assurance/canonical.js';
import { factsOf } from '../call/facts-of.js';
import type { Site } from '../days.js';
import { ABSENT, notStored } from '../policy/match.js';
import type { Policy } from '../policy/policy.js';
import { writeWhy } from '../reason/reason.js';
import type { CallId, CallRecord, Recording } from '../recording/recording.js';
import { clockStart } from './calendar.js';
import { decideRetention, type RetentionDecision } from './decide.js';
import { clockStarts } from './starts.js';

/** What another policy says of recordings that there are. */

/** What a row gets of its decision. */
export type Redated = Pick<
  Recording,
  'id' | 'keepUntil' | 'keepRule' | 'keepWhy' | 'minUntil' | 'keepVersion' | 'keepFrom'
>;

/** What becomes of one recording. `changes` is null where its row stays as it is. */
export type Redating = {
  recording: Recording;
  decision: RetentionDecision;
  move: 'longer' | 'shorter' | 'same';
  /** Conditions of rules about facts that were not stored with its call: it keeps the date that it has. */
  unknown: readonly string[];
  changes: Redated | null;
};

/**
 * When a call ended, as its recording was dated by it: later than the call says where the clock may have been behind. A date is
 * never counted from an earlier moment than before.
 */
function endOf({ endedAt }: CallRecord, { keepFrom, sealedAt }: Recording, zone: string): number {
  const ended = endedAt ?? sealedAt;
  if (keepFrom === null || keepFrom < ended) return ended;
  return clockStarts.some((from) => clockStart(from, ended, zone) === keepFrom) ? ended : keepFrom;
}

const order = (until: number | null): number => until ?? Number.POSITIVE_INFINITY;

/** Returns what a version of the policy comes to for recordings that there are. `listsOf` returns the lists that a number is on. */
export function createRedating(given: {
  policy: Policy;
  version: number;
  site: Site;
  listsOf: (number: string) => string[];
}): (call: CallRecord, recording: Recording) => Redating {
  const { policy, version, site, listsOf } = given;
  const rules = [...policy.retention, ...(policy.limits ?? [])];
  const absent = Object.entries(ABSENT).filter(([name]) => rules.some(({ when }) => name in when));
  return (call, recording) => {
    const facts = factsOf(call, site, listsOf);
    const decision = decideRetention(policy, facts, endOf(call, recording, site.timeZone));
    const unknown = [
      ...notStored(rules, facts),
      ...absent.filter(([, missing]) => missing(call)).map(([name]) => name),
    ];
    const { keepUntil, rule: keepRule, why: keepWhy, minUntil, keepFrom } = decision;
    const fresh = {
      id: recording.id,
      keepUntil,
      keepRule,
      keepWhy,
      minUntil,
      keepFrom,
      keepVersion: version,
    };
    const same =
      recording.keepVersion !== null &&
      (['keepUntil', 'keepRule', 'minUntil', 'keepFrom'] as const).every((k) => recording[k] === fresh[k]) &&
      writeWhy(recording.keepWhy) === writeWhy(keepWhy);
    const moved = unknown.length > 0 ? 0 : order(keepUntil) - order(recording.keepUntil);
    return {
      ...{ recording, decision, unknown },
      // Two that are kept forever differ by NaN.
      move: moved > 0 ? 'longer' : moved < 0 ? 'shorter' : 'same',
      changes: same || unknown.length > 0 ? null : fresh,
    };
  };
}

/** What becomes of the recordings that one rule (null: none) decides. Each number is of recordings. */
export type PreviewRow = {
  rule: string | null;
  /** Days that the rule keeps; null: forever. */
  days: number | null;
  recordings: number;
  longer: number;
  shorter: number;
  /** Of those that are kept for less time: due at the next run, and kept forever until now. */
  due: number;
  wasForever: number;
  /** Kept longer than the rule says, because of a minimum; and not as long, because of a maximum. */
  byMinimum: number;
  byMaximum: number;
  /** Kept forever, because two limits cannot both be met. */
  conflicts: number;
  /** Calls of some that are kept for less time, or else for more. */
  examples: CallId[];
};
export type RedatingPreview = {
  /** Recordings that were looked at, and the sum of each kind. */
  recordings: number;
  longer: number;
  shorter: number;
  due: number;
  byMinimum: number;
  conflicts: number;
  /** In the order in which rules are tried; what no rule decides comes last. */
  rows: PreviewRow[];
  /** Keep the date that they have, as facts were not stored: how many in all, and by condition. */
  unknown: number;
  unknownBy: { condition: string; recordings: number }[];
};

const EXAMPLES = 5;

/** Counts what becomes of recordings. `asOf` (ms since 1970): what is due then is counted as due. Memory does not grow with them. */
export function createPreview(policy: Policy, asOf: number) {
  const rules = [...policy.retention.map(({ name }) => name), null];
  const rows = new Map(rules.map((rule) => [rule, emptyRow(policy, rule)]));
  const unknownBy = new Map<string, number>();
  let recordings = 0;
  let unknown = 0;
  return {
    add({ recording, decision, move, unknown: missing }: Redating): void {
      recordings += 1;
      if (missing.length > 0) {
        unknown += 1;
        for (const name of missing) unknownBy.set(name, (unknownBy.get(name) ?? 0) + 1);
        return;
      }
      const row = rows.get(decision.rule)!;
      row.recordings += 1;
      if (move !== 'same') row[move] += 1;
      if (move === 'shorter' && decision.keepUntil! <= asOf) row.due += 1;
      if (move === 'shorter' && recording.keepUntil === null) row.wasForever += 1;
      if (decision.conflict) row.conflicts += 1;
      else if (decision.moved === 'min') row.byMinimum += 1;
      else if (decision.moved === 'max') row.byMaximum += 1;
      if (move === 'shorter' && row.shorter === 1) row.examples = [];
      const shows = move === 'shorter' || (move === 'longer' && row.shorter === 0);
      if (shows && row.examples.length < EXAMPLES) row.examples.push(recording.callId);
    },
    result(): RedatingPreview {
      const all = [...rows.values()].filter((row) => row.recordings > 0);
      const sum = (of: 'longer' | 'shorter' | 'due' | 'byMinimum' | 'conflicts') =>
        all.reduce((n, row) => n + row[of], 0);
      return {
        ...{ recordings, longer: sum('longer'), shorter: sum('shorter'), due: sum('due') },
        ...{ byMinimum: sum('byMinimum'), conflicts: sum('conflicts'), rows: all, unknown },
        unknownBy: [...unknownBy].map(([condition, recordings]) => ({ condition, recordings })),
      };
    },
  };
}

const emptyRow = (policy: Policy, rule: string | null): PreviewRow => ({
  rule,
  days: policy.retention.find(({ name }) => name === rule)?.keep_days ?? null,
  ...{ recordings: 0, longer: 0, shorter: 0, due: 0, wasForever: 0 },
  ...{ byMinimum: 0, byMaximum: 0, conflicts: 0, examples: [] },
});

/**
 * Returns the digest of what a preview says of recordings that are kept for less time by this policy: SHA-256 in lower-case hex.
 * It stays the same while others come or are kept for longer.
 */
export function previewDigest(policy: Policy, asOf: number, { rows }: Pick<RedatingPreview, 'rows'>): string {
  const { retention, limits = [], groups = [], holidays = [] } = policy;
  const shorter = rows
    .filter((row) => row.shorter > 0)
    .map(({ rule, shorter, due, wasForever }) => ({ rule, shorter, due, was_forever: wasForever }));
  return sha256(canonical({ retention, limits, groups, holidays, as_of: asOf, shorter }));
}
