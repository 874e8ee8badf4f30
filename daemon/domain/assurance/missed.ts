import type { Alarms } from '../operations/alarm.js';
import { inWords, type Say } from '../reason/words.js';
import type { Judged } from './coverage.js';

/** At most so many alarms name a call; the rest are counted in one. */
const NAMED = 10;
/** A missed call stands as an alarm for a day; the coverage page has it for ever. In ms. */
export const STANDS = 86_400_000;

/**
 * The alarms about calls that were answered and not recorded: each named while they are few, counted when they are many.
 * `say` writes a time as people at the site read it.
 */
export function createMissed(alarms: Alarms, say: Say) {
  /** When each ended, by its linkedid. */
  const named = new Map<string, number>();
  const counted = new Map<string, number>();
  const keyOf = (linkedid: string) => `call_missed ${linkedid}`;

  /** Says how many are counted now, and when there are none: an alarm of an earlier process may still say otherwise. */
  function count(): void {
    if (counted.size === 0) alarms.clear('calls_missed');
    else
      alarms.raise('calls_missed', {
        severity: 'critical',
        message: `${counted.size} more answered ${counted.size === 1 ? 'call was' : 'calls were'} not recorded.`,
        hint: 'The coverage page lists them all. Run "tapedeck doctor".',
      });
  }

  function over(linkedid: string): void {
    named.delete(linkedid);
    alarms.clear(keyOf(linkedid));
    if (counted.delete(linkedid)) count();
  }

  return {
    /** Gives whether this is news. */
    missed(linkedid: string, judged: Judged, endedAt: number): boolean {
      if (named.has(linkedid) || counted.has(linkedid)) return false;
      if (named.size >= NAMED) {
        counted.set(linkedid, endedAt);
        count();
        return true;
      }
      named.set(linkedid, endedAt);
      alarms.raise(keyOf(linkedid), {
        severity: judged.finding === null ? 'warning' : 'critical',
        message: `An answered call was not recorded: ${sayCall(judged, say)}. ${inWords(judged.why, say)}`,
        hint: 'The coverage page has the PBX\'s own account of it. Run "tapedeck doctor".',
      });
      return true;
    },
    over,
    count,
    /** What has stood for long enough. */
    sweep(now: number): void {
      for (const [linkedid, at] of [...named, ...counted]) if (now - at > STANDS) over(linkedid);
    },
  };
}

function sayCall({ call, pbx, startedAt, pbxMs, talkMs }: Judged, say: Say): string {
  const from = call ? call.them.name || call.them.number : pbx!.name || pbx!.src;
  const to = call ? call.us.name || call.us.number : pbx!.dst;
  const length = Math.round((pbxMs ?? talkMs ?? 0) / 1000);
  return `${from || 'unknown'} with ${to || 'unknown'}, ${say(startedAt)}, ${length} s`;
}
