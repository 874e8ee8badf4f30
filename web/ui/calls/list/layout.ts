import type { CallSummary } from '../../state/api.js';

/** The calls below one heading. */
export type Group = { id: string; title: string; calls: readonly CallSummary[] };

/** A heading, or the row of a call. Its key is the group's or the call's id. */
type Item = { key: string; call: CallSummary | null };
export type Kind = 'heading' | 'row';
export const kindOf = ({ call }: Item): Kind => (call ? 'row' : 'heading');

/** All headings and rows from top to bottom. `tops` has where each begins, and after the last where the list ends, in px. */
export type Layout = {
  groups: readonly Group[];
  items: readonly Item[];
  tops: Float64Array;
  indexOf: ReadonlyMap<string, number>;
};

export function layOut(groups: readonly Group[], heightOf: (item: Item) => number): Layout {
  const items = groups.flatMap(({ id, calls }): Item[] => [
    { key: id, call: null },
    ...calls.map((call) => ({ key: call.id, call })),
  ]);
  const tops = new Float64Array(items.length + 1);
  items.forEach((item, i) => {
    tops[i + 1] = tops[i]! + heightOf(item);
  });
  return { groups, items, tops, indexOf: new Map(items.map(({ key }, i) => [key, i])) };
}

export const heightOf = ({ tops }: Layout): number => tops.at(-1) ?? 0;

/** Returns the last item that begins at or above `y`; 0 above the first. */
export function itemAt({ tops, items }: Layout, y: number): number {
  let [low, high] = [0, items.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (tops[middle]! <= y) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** What is drawn of a group: its rows in order, each with the empty space above it, and the space below the last. */
export type DrawnGroup = {
  group: Group;
  /** Empty space above its heading, for groups that are not drawn. In px, as all of them. */
  above: number;
  rows: { call: CallSummary; position: number; above: number }[];
  below: number;
};

/**
 * Returns the groups with rows from item `from` to before item `to`, or with one of the rows `kept`, which are drawn wherever they
 * are; and the empty space below the last.
 */
export function drawn(
  { groups, items, tops, indexOf }: Layout,
  { from, to }: { from: number; to: number },
  kept: ReadonlySet<number>,
): { groups: DrawnGroup[]; below: number } {
  const found: DrawnGroup[] = [];
  let y = 0;
  for (const group of groups) {
    const first = indexOf.get(group.id)! + 1;
    const end = first + group.calls.length;
    const inside = [...kept].filter((i) => i >= first && i < end);
    if (end <= from || first - 1 >= to) {
      if (inside.length === 0) continue;
    } else for (let i = Math.max(first, from); i < Math.min(end, to); i++) if (!kept.has(i)) inside.push(i);
    const above = tops[first - 1]! - y;
    y = tops[first]!;
    const rows = inside
      .sort((a, b) => a - b)
      .map((i) => {
        const row = { call: items[i]!.call!, position: i - first + 1, above: tops[i]! - y };
        y = tops[i + 1]!;
        return row;
      });
    found.push({ group, above, rows, below: tops[end]! - y });
    y = tops[end]!;
  }
  return { groups: found, below: tops.at(-1)! - y };
}
