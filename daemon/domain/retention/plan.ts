import { sha256Of } from '../assurance/canonical.js';
import type { Why } from '../reason/reason.js';
import type { RecordingId } from '../recording/recording.js';
import { type Guarded, guardOf } from './guard.js';
import { type SafetyGiven, type SafetyLimit, safetyFault } from './safety.js';

/** A place among the recordings that have an end date, in the order in which they are due: by `until`, then by id. */
export type DuePlace = { until: number; id: RecordingId };
/** The place before the first. */
export const FIRST_DUE: DuePlace = { until: -1, id: '' };

/** Something due that may be kept all the same. `rule` is the rule by which it is due. */
export type GuardedItem = Guarded & { id: RecordingId; rule: string | null };

/** The next recordings that are due, in order. */
export type DueSlice = {
  ids: RecordingId[];
  /** Those of them that a legal hold or a minimum may protect. */
  guarded: GuardedItem[];
  /** Where the next slice begins; null after the last. */
  next: DuePlace | null;
};

/** A place among all kept recordings, by rule. */
export type KeptPlace = { rule: string | null; until: number | null; id: RecordingId };

/** Some of the kept recordings of one rule, counted. */
export type KeptSlice = {
  rule: string | null;
  kept: number;
  forEver: number;
  due: number;
  next: KeptPlace | null;
};

/** How many recordings of one rule are kept, due, and due but protected. `rule` is null for those kept by default. */
export type RuleTotals = {
  rule: string | null;
  kept: number;
  forEver: number;
  due: number;
  protected: number;
};

export type RetentionPlan = {
  /** When it was made, ms since 1970. Nothing that is due later belongs to it. */
  now: number;
  /** All sealed recordings, and those of them that have no end date. */
  kept: number;
  forEver: number;
  /** Those whose time is over, protected or not. */
  due: number;
  /** Those of them that stay, by what protects them. A legal hold counts before a minimum. */
  protected: { legalHold: number; minimum: number };
  /** Erasures that were begun and not finished: a run finishes them. */
  begun: number;
  /** How many a run would erase, those begun included. */
  erasable: number;
  /** Calls without audio whose names and numbers are due, those that stay because of a hold or a minimum included. */
  names: NamesDue;
  /** The most kept first; 500 rules at most. */
  rules: RuleTotals[];
  breaker: Breaker;
};

/** `days`: after so many without audio; null: they stay. `due` is 50,000 at most. */
export type NamesDue = { days: number | null; due: number };

export type Breaker = {
  tripped: boolean;
  /** The share, 0..1, of the kept recordings that would be erased, and the most that may be without confirmation. */
  share: number;
  limit: number;
  /** How many recordings a run may erase without confirmation. */
  count: number;
  /** Why it tripped; null when it did not. */
  why: Why | null;
  /** What has to be sent back to run all the same. It changes with the set that would be erased. */
  confirm: string;
};

/** Returns the limit of the policy that made a minimum, by what a recording says of how long it is kept; null for none. */
export function minimumOf(why: Why | null): string | null {
  if (why?.code === 'kept_at_least') return why.params.limit;
  if (why?.code !== 'several') return null;
  return why.params.whys.map(minimumOf).find((limit) => limit !== null) ?? null;
}

/** Returns what keeps a recording from being erased at `now`; null for nothing. `held`: the matters that hold it, and others. */
export const protection = (
  { id, keepWhy, minUntil }: { id: RecordingId; keepWhy: Why | null; minUntil: number | null },
  held: readonly { recordingId: RecordingId; name: string }[],
  now: number,
): Why | null =>
  guardOf(
    {
      ...{ minUntil, rule: minimumOf(keepWhy) },
      matters: held.filter(({ recordingId }) => recordingId === id).map(({ name }) => name),
    },
    now,
  );

const MOST_RULES = 500;
/** So many hexadecimal digits of the SHA-256 of the set stand in the word that a person types. */
const DIGITS = 12;

/**
 * Counts what a run at `now` would erase, slice by slice, and holds no more of it in memory than one slice. What is kept for ever
 * is never due, so an empty policy keeps everything. Slices of one kind have to come in their order; how they are cut makes no
 * difference. `applying`: matters of which it is not known yet what they hold: until then everything that is due is protected.
 */
export function createTally(now: number, applying: readonly string[] = []) {
  const rules = new Map<string | null, RuleTotals>();
  const set = sha256Of();
  const totals = { kept: 0, forEver: 0, due: 0, begun: 0, erasable: 0 };
  const held = { legalHold: 0, minimum: 0 };

  function rule(name: string | null): RuleTotals | undefined {
    const known = rules.get(name);
    if (known || rules.size >= MOST_RULES) return known;
    const fresh = { rule: name, kept: 0, forEver: 0, due: 0, protected: 0 };
    rules.set(name, fresh);
    return fresh;
  }
  function add(ids: readonly RecordingId[]): void {
    if (ids.length > 0) set.add(`${ids.join('\n')}\n`);
    totals.erasable += ids.length;
  }

  return {
    addKept({ rule: name, kept, forEver, due }: KeptSlice): void {
      if (kept === 0) return;
      totals.kept += kept;
      totals.forEver += forEver;
      const of = rule(name);
      if (!of) return;
      of.kept += kept;
      of.forEver += forEver;
      of.due += due;
    },

    addDue({ ids, guarded }: DueSlice): void {
      totals.due += ids.length;
      if (applying.length > 0) {
        held.legalHold += ids.length;
        return;
      }
      const staying = new Set<RecordingId>();
      for (const one of guarded) {
        const why = guardOf(one, now);
        if (why === null) continue;
        staying.add(one.id);
        held[why.code === 'legal_hold' ? 'legalHold' : 'minimum'] += 1;
        const of = rule(one.rule);
        if (of) of.protected += 1;
      }
      add(staying.size === 0 ? ids : ids.filter((id) => !staying.has(id)));
    },

    /** Erasures that were begun and not finished. After all that is due. */
    addBegun(ids: readonly RecordingId[]): void {
      totals.begun += ids.length;
      add([...ids].sort());
    },

    /** How many would be erased of what was added so far. */
    erasable: () => totals.erasable,

    /** Returns the plan. To be called once, after everything was added. */
    plan(
      { named, ...given }: Omit<SafetyGiven, 'now' | 'erasable' | 'total' | 'names'> & { named: NamesDue },
      limit: SafetyLimit,
    ): RetentionPlan {
      const { erasable } = totals;
      if (named.due > 0) set.add(`names ${named.due}\n`);
      const total = totals.kept + totals.begun;
      const why = safetyFault({ ...given, now, erasable, total, names: named.due }, limit);
      return {
        now,
        ...totals,
        names: named,
        protected: held,
        rules: [...rules.values()].toSorted((a, b) => b.kept - a.kept),
        breaker: {
          tripped: why !== null,
          share: total === 0 ? 0 : erasable / total,
          limit: limit.percent / 100,
          count: limit.count,
          why,
          confirm: `erase-${erasable}-${set.hex().slice(0, DIGITS)}`,
        },
      };
    },
  };
}
