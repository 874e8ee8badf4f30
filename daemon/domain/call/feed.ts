import type { LegId } from '../recording/recording.js';
import type { CallState } from './call-state.js';

/**
 * Who feeds what a leg hears, as one word that changes whenever the source of its audio may have changed: the others in
 * its meeting (in a conference the mix of them), and how often somebody in its call came back from hold (a phone may begin a new stream then). Empty while
 * nobody is connected with it.
 */
export function feedOf(state: CallState, legId: LegId): string {
  const leg = state.legs.get(legId);
  if (!leg || leg.meeting === null) return '';
  const others = [...state.legs.values()].filter((l) => l.id !== legId && l.meeting === leg.meeting);
  if (others.length === 0) return '';
  // The mix is one source, whoever comes and goes.
  if (leg.mixed) return `mix ${leg.meeting}`;
  const marks = state.calls.get(leg.callId)?.marks ?? [];
  const resumed = marks.filter((m) => m.kind === 'hold' && m.until !== null).length;
  return `${others
    .map((l) => l.id)
    .sort()
    .join(' ')} ${resumed}`;
}

/** Whether somebody in the leg's call is on hold now: then a side may be silent with good reason. */
export function onHold(state: CallState, legId: LegId): boolean {
  const leg = state.legs.get(legId);
  const marks = (leg && state.calls.get(leg.callId)?.marks) ?? [];
  return marks.some((m) => m.kind === 'hold' && m.open);
}

/**
 * Who can hear what is said to a leg now, besides who is on it: the others in its meeting. Nobody while somebody in its call is on
 * hold, because who waits hears music.
 */
export function companionsOf(state: CallState, legId: LegId): LegId[] {
  const leg = state.legs.get(legId);
  if (!leg || leg.meeting === null || leg.goneAt !== null || onHold(state, legId)) return [];
  return [...state.legs.values()].flatMap((l) => (l.id !== legId && l.meeting === leg.meeting ? l.id : []));
}
