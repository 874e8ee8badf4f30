import type { Alarms } from '../operations/alarm.js';
import type { Judged } from './coverage.js';

/** At most so many alarms name a call; the rest are counted in one. */
const NAMED = 10;
/** A missed call stands as an alarm for a day; the coverage page has it for ever. In ms. */
export const STANDS = 86_400_000;

/**
 * The alarms about calls that were answered and not recorded: each named while they are few, counted when they are many.
 */
export function createMissed(alarms: Alarms) {
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
        why: { code: 'calls_missed', params: { calls: counted.size } },
      });
  }

  function over(linkedid: string): void {
    named.delete(linkedid);
    alarms.clear(keyOf(linkedid));
    if (counted.delete(linkedid)) count();
  }

  return {
    /** Returns whether this is news. */
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
        why: { code: 'call_missed', params: callOf(judged) },
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

const callOf = ({ call, pbx, startedAt, pbxMs, talkMs, why }: Judged) => ({
  from: call ? call.them.name || call.them.number : pbx!.name || pbx!.src,
  to: call ? call.us.name || call.us.number : pbx!.dst,
  at: startedAt,
  ms: pbxMs ?? talkMs ?? 0,
  why,
});
