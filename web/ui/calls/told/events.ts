import type { CallDetail } from '../../state/api.js';

export type Told = NonNullable<CallDetail['told']>;
export type Playing = Told['played'][number];
export type Listener = Playing['to'];
/** Something that happened to how people were told, at a place on the timeline in ms since the answer. */
export type ToldEvent =
  | { kind: 'played'; at: number; playing: Playing }
  /** Tones that the same people heard one after another, without anything between. */
  | { kind: 'beeps'; at: number; until: number; n: number; whole: boolean; heardBy: Listener[] }
  /** Somebody came after others had been told. `toldAt`: when they were; null where they never were. */
  | { kind: 'joined'; at: number; who: Listener; toldAt: number | null }
  | { kind: 'answer'; at: number; answer: Told['answers'][number] };

/** Whether somebody who heard it was told by it: a tone tells of the recording only in the mode of tones. */
const tells = ({ mode }: Told, { what, whole }: Playing): boolean =>
  whole && (what !== 'beep' || mode === 'beep');

/** Returns what happened in the order in which it did. */
export function toldEvents({ legs }: Pick<CallDetail, 'legs'>, told: Told): ToldEvent[] {
  const first = Math.min(...told.played.filter((p) => tells(told, p)).map((p) => p.until_ms));
  const joined = legs.flatMap(({ party, joined_ms }, leg): ToldEvent[] => {
    if (joined_ms <= first) return [];
    const who = { leg, party };
    const heard = told.played.find((p) => tells(told, p) && p.heard_by.some((h) => h.leg === leg));
    if (heard) return [{ kind: 'joined', at: joined_ms, who, toldAt: heard.from_ms ?? heard.until_ms }];
    if (!told.untold.some((one) => one.leg === leg)) return [];
    return [{ kind: 'joined', at: joined_ms, who, toldAt: null }];
  });
  const events: ToldEvent[] = [
    ...told.played.map((playing): ToldEvent => {
      const at = playing.from_ms ?? playing.until_ms;
      if (playing.what !== 'beep') return { kind: 'played', at, playing };
      const { until_ms: until, whole, heard_by: heardBy } = playing;
      return { kind: 'beeps', at, until, n: 1, whole, heardBy };
    }),
    ...joined,
    ...told.answers.map((answer): ToldEvent => ({ kind: 'answer', at: answer.at_ms, answer })),
  ];
  return events.sort((a, b) => a.at - b.at).reduce(withTones, []);
}

function withTones(before: ToldEvent[], event: ToldEvent): ToldEvent[] {
  const last = before.at(-1);
  if (event.kind !== 'beeps' || last?.kind !== 'beeps' || !alike(event, last)) {
    before.push(event);
    return before;
  }
  last.n += 1;
  last.until = event.until;
  return before;
}

type Tones = Extract<ToldEvent, { kind: 'beeps' }>;
const alike = (a: Tones, b: Tones): boolean =>
  a.whole === b.whole &&
  a.heardBy.length === b.heardBy.length &&
  a.heardBy.every((one) => b.heardBy.some((other) => other.leg === one.leg));
