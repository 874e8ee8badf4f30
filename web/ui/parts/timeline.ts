import type { CallDetail, Party } from '../api.js';
import { t } from '../messages/en.js';
import { clean } from '../messages/numbers.js';
import { nameOf } from '../messages/people.js';
import { length } from '../messages/when.js';

export type Mark = CallDetail['marks'][number];
export type Stay = { from: number; to: number; open: boolean };
export type Lane = { party: Party; stays: Stay[] };
export type Scale = { start: number; end: number };

/** From the first ring to the end, in milliseconds since the answer; `now` is how far a call that goes on has come. */
export function scaleOf(call: CallDetail, now: number): Scale {
  const times = [
    0,
    ...call.legs.flatMap((l) => [l.joined_ms, l.left_ms ?? now]),
    ...call.marks.flatMap((m) => [m.at_ms, m.until_ms ?? m.at_ms]),
    call.recording?.duration_ms ?? 0,
    call.talk_ms ?? 0,
  ];
  const start = Math.min(...times);
  return { start, end: Math.max(start + 1000, ...times) };
}

/** A lane a party, in the order in which they came; somebody who left and came back keeps the lane. */
export function lanesOf(call: CallDetail, scale: Scale): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const leg of [...call.legs].sort((a, b) => a.joined_ms - b.joined_ms)) {
    const key = `${leg.party.number}\n${leg.party.name}`;
    const lane = lanes.get(key) ?? { party: leg.party, stays: [] };
    lane.stays.push({ from: leg.joined_ms, to: leg.left_ms ?? scale.end, open: leg.left_ms === null });
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}

export const share = (ms: number, { start, end }: Scale) =>
  `${(Math.min(1, Math.max(0, (ms - start) / (end - start))) * 100).toFixed(3)}%`;

export const markName = (m: Mark) => {
  const name = t.call.marks[m.kind] ?? clean(m.kind);
  const text = clean(m.text);
  return text && text.toLowerCase() !== name.toLowerCase() ? `${name}: ${text}` : name;
};
export const markLength = (m: Mark) =>
  m.until_ms !== null && m.until_ms > m.at_ms ? t.call.forLength(length(m.until_ms - m.at_ms)) : '';

/** Marks that last are drawn as stretches; these in hatching because nothing was said to the other side. */
export const hatched = (m: Mark) => ['hold', 'gap', 'mask', 'park'].includes(m.kind);
export const waiting = (m: Mark) => ['queue', 'ring'].includes(m.kind);

export function stayWords(lane: Lane): string {
  return lane.stays
    .map((s) => t.call.onFrom(nameOf(lane.party), length(s.from), s.open ? t.call.stillOn : length(s.to)))
    .join('; ');
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];

/** Times for the axis, at least 64 px apart on a track of this many pixels. */
export function axis(scale: Scale, width: number): number[] {
  const room = Math.max(1, Math.floor(width / 64));
  const span = (scale.end - scale.start) / 1000;
  const step = (STEPS.find((s) => span / s <= room) ?? 86_400) * 1000;
  const first = Math.ceil(scale.start / step) * step;
  return Array.from({ length: Math.floor((scale.end - first) / step) + 1 }, (_, i) => first + i * step);
}

/** A row for each mark so that targets of 24 px never lie on each other; null where three rows are not enough. */
export function rows(marks: Mark[], scale: Scale, width: number): (number | null)[] {
  const taken: number[] = [];
  return marks.map((m) => {
    const x = ((m.at_ms - scale.start) / (scale.end - scale.start)) * width;
    const row = [0, 1, 2].find((r) => x - (taken[r] ?? -100) >= 26);
    if (row === undefined) return null;
    taken[row] = x;
    return row;
  });
}
