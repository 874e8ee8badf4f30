import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { nameOf } from '../messages/people.js';
import { length } from '../messages/when.js';
import type { CallDetail, Party } from '../state/api.js';
import { isA } from '../state/rights.js';

/** A mark of the call; `side` where it is one side of the recording only. */
export type Mark = CallDetail['marks'][number] & { side?: 'both' | 'them' | 'us' };
/** `rang`: it only rang, and was never on the call. */
export type Stay = { from: number; to: number; open: boolean; rang: boolean };
/** `marks`: what one party did to the others, and which lane shows: its holds. */
export type Lane = { party: Party; stays: Stay[]; marks: Mark[] };
export type Scale = { start: number; end: number };

/** What happened and what was not captured, in the order in which it began. */
export function marksOf(call: CallDetail): Mark[] {
  const { gaps: found = [], masks: masked = [] } = call.recording ?? {};
  const masks = masked.map(
    ({ at_ms, until_ms, side, kind, written_ms }): Mark => ({
      ...{ at_ms, until_ms, side, kind: 'mask', leg: null },
      text: t.call.maskText({ kind, written: written_ms > 0 ? t.call.moment({ ms: written_ms }) : '' }),
    }),
  );
  // What a mask has kept from being captured is in its own mark.
  const gaps = found
    .filter((g) => g.why?.code !== 'masked')
    .map(
      (g): Mark => ({
        at_ms: g.at_ms,
        until_ms: g.until_ms,
        kind: 'gap',
        text: g.reason.replace(/\.$/, ''),
        leg: null,
        side: g.side,
      }),
    );
  return [...call.marks, ...gaps, ...masks, ...unheardOf(call)].sort((a, b) => a.at_ms - b.at_ms);
}

/** Too short for a word. */
const A_MOMENT_MS = 500;

/** Where a recording is silent for whoever looks at it, and why. */
function unheardOf({ recording, you }: CallDetail): Mark[] {
  if (recording?.state !== 'sealed' || you.hears !== 'some') return [];
  const words = t.rights.unheard[isA('agent') ? 'agent' : 'reviewer'];
  const end = recording.duration_ms;
  const from = [0, ...you.heard.map((h) => h.until_ms)];
  const to = [...you.heard.map((h) => h.from_ms), end];
  return from
    .map((at_ms, i) => ({ at_ms, until_ms: to[i] ?? end }))
    .filter(({ at_ms, until_ms }) => until_ms - at_ms >= A_MOMENT_MS)
    .map((stretch) => ({
      ...stretch,
      kind: 'unheard',
      text: stretch.at_ms === 0 ? words.before : stretch.until_ms === end ? words.after : words.between,
      leg: null,
    }));
}

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

/**
 * A lane a party; somebody who left and came back keeps the lane. The sides stand in the order of the player: the other
 * party first, then ours, each in the order in which they came.
 */
export function lanesOf(call: CallDetail, scale: Scale): Lane[] {
  const lanes = new Map<string, Lane>();
  const legs = call.legs.map((leg, index) => ({ leg, index }));
  for (const { leg, index } of legs.sort((a, b) => a.leg.joined_ms - b.leg.joined_ms)) {
    const key = `${leg.party.number}\n${leg.party.name}`;
    const lane = lanes.get(key) ?? { party: leg.party, stays: [], marks: [] };
    const [from, to] = [leg.joined_ms, leg.left_ms ?? scale.end];
    lane.stays.push({ from, to, open: leg.left_ms === null, rang: !leg.answered });
    lane.marks.push(...call.marks.filter((m) => m.leg === index && onLane(m)));
    lanes.set(key, lane);
  }
  const all = [...lanes.values()];
  return ['them', 'us'].flatMap((side) => all.filter((lane) => sideOf(lane, call) === side));
}

export const share = (ms: number, { start, end }: Scale) =>
  `${(Math.min(1, Math.max(0, (ms - start) / (end - start))) * 100).toFixed(3)}%`;

/** Where something that lasts is drawn. */
export const stretch = (from: number, to: number, scale: Scale) => ({
  left: share(from, scale),
  width: `${((to - from) / (scale.end - scale.start)) * 100}%`,
});

export const markName = (m: Mark) => {
  const mark =
    (m.side && (m.kind === 'mask' ? t.call.maskSides : t.call.gapSides)[m.side]) ??
    t.call.marks[m.kind] ??
    clean(m.kind);
  const text = clean(m.text);
  return text && text.toLowerCase() !== mark.toLowerCase() ? t.call.named({ mark, text }) : mark;
};
/** How long a mark lasts, as "0:12"; empty for one that does not. */
export const markLasted = (m: Mark) => {
  const ms = (m.until_ms ?? m.at_ms) - m.at_ms;
  if (ms <= 0) return '';
  return ms < 1000 ? t.call.moment({ ms }) : length(ms);
};
/** The same in a sentence, as "for 0:12". */
export const markLength = (m: Mark) => markLasted(m) && t.call.forLength({ length: markLasted(m) });

/** Marks that last are drawn as stretches; these in hatching because nothing was said to the other side. */
export const hatched = (m: Mark) => ['hold', 'gap', 'mask', 'park', 'unheard'].includes(m.kind);
/** Drawn on the lane of who held; one whose leg is not known is drawn across all lanes. */
export const onLane = (m: Mark) => m.kind === 'hold' && m.leg !== null;
export const waiting = (m: Mark) => ['queue', 'ring'].includes(m.kind);

export const oneSided = (m: Mark) => m.side === 'them' || m.side === 'us';
/** Whether a party was on the call at the time of a mark that lasts. */
export const isThere = ({ stays }: Lane, { at_ms, until_ms }: Mark) =>
  stays.some((s) => s.from < (until_ms ?? at_ms) && at_ms < s.to);
/** On which side of the recording a party is heard. */
export const sideOf = ({ party }: Lane, { them }: CallDetail) =>
  party.ours === them.ours && party.number === them.number ? 'them' : 'us';

export function stayWords(lane: Lane): string {
  const name = nameOf(lane.party);
  const stays = lane.stays.map((s) => {
    const [still, over] = s.rang ? [t.call.rings, t.call.rang] : [t.call.stillOn, t.call.on];
    const from = length(s.from);
    return s.open ? still({ name, from }) : over({ name, from, to: length(s.to) });
  });
  const held = lane.marks.map((m) => t.call.heldAt({ at: length(m.at_ms), lasted: markLength(m) }));
  return t.call.stays({ parts: [...stays, ...held] });
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
