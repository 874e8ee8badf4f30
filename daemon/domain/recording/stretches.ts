/** Stretches of a recording, in ms from its beginning, `until` not included; in order and apart from each other. */
export type Heard = [from: number, until: number];

/** Gaps shorter than this are not worth a stretch of their own, in ms. */
const JOIN_MS = 1_000;

/** The same without overlaps; what lies close together is one. */
export function joined(stretches: readonly Heard[], gapMs = JOIN_MS): Heard[] {
  const out: Heard[] = [];
  for (const [from, until] of stretches.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1] + gapMs) last[1] = Math.max(last[1], until);
    else out.push([from, until]);
  }
  return out;
}

/** What of `stretches` lies in `within`, both as `joined` gives them. */
export function inside(stretches: readonly Heard[], within: readonly Heard[]): Heard[] {
  const out: Heard[] = [];
  for (const [from, until] of stretches)
    for (const [a, b] of within)
      if (Math.min(until, b) > Math.max(from, a)) out.push([Math.max(from, a), Math.min(until, b)]);
  return out;
}

export const lengthOf = (stretches: readonly Heard[]): number =>
  stretches.reduce((sum, [from, until]) => sum + until - from, 0);

/** As an entry of the audit log has them, "12000-100000"; the longest fifty where there are more. */
export const written = (stretches: readonly Heard[]): string[] =>
  stretches
    .toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))
    .slice(0, 50)
    .toSorted((a, b) => a[0] - b[0])
    .map(([from, until]) => `${Math.round(from)}-${Math.round(until)}`);
