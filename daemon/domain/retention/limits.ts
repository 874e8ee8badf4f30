import type { Limit } from './rule.js';

/** What the limits that match a call come to. Days count from the end of the call; null: there is no such limit. */
export type Bounds = { min: Limit | null; max: Limit | null; conflict: { min: string; max: string } | null };

/** Whether the first of two limits has the other one give way, or stands against it as it against the first. */
const attacks = (one: Limit, other: Limit): boolean => {
  const [min, max] = one.kind === 'min' ? [one, other] : [other, one];
  if (one.kind === other.kind || min.days <= max.days) return false;
  const [beats, beaten] = [one.beats?.includes(other.name), other.beats?.includes(one.name)];
  return Boolean(beats) || !beaten;
};

/**
 * Returns the bounds that hold when these limits apply to one call: the longest minimum and the shortest maximum. A maximum below a
 * minimum is a conflict, unless one of the two `beats` the other. A limit that was itself beaten beats nothing.
 */
export function boundsOf(limits: readonly Limit[]): Bounds {
  const standing = new Set<Limit>();
  const beaten = new Set<Limit>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const limit of limits) {
      if (standing.has(limit) || beaten.has(limit)) continue;
      const against = limits.filter((other) => attacks(other, limit));
      if (against.some((other) => standing.has(other))) beaten.add(limit);
      else if (against.every((other) => beaten.has(other))) standing.add(limit);
      else continue;
      changed = true;
    }
  }
  const left = limits.filter((limit) => !beaten.has(limit));
  const mins = left.filter(({ kind }) => kind === 'min').sort((a, b) => b.days - a.days);
  const maxes = left.filter(({ kind }) => kind === 'max').sort((a, b) => a.days - b.days);
  const [min = null, max = null] = [mins[0], maxes[0]];
  const conflict = min && max && min.days > max.days ? { min: min.name, max: max.name } : null;
  return { min, max, conflict };
}
