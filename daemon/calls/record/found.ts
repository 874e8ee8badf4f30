import type { Segments } from '../../capture/segments.js';
import type { Capture } from '../../capture/snoop.js';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { Snapshot } from '../../domain/call/event.js';
import {
  type CallRecord,
  type LegId,
  parseSnoop,
  type Segment,
  type SegmentName,
  type SnoopName,
} from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import { type Live, takenUp } from './live.js';

export type FoundDeps = {
  catalogue: Verbs<'segments.of' | 'calls.get' | 'calls.absorb'>;
  segments: Pick<Segments, 'found' | 'discard' | 'close' | 'spooled' | 'left'>;
  capture: Pick<Capture, 'release'>;
  log: Log;
};
/** A capture and its snoops. */
type Found = { name: SnoopName; legId: LegId; snoops: string[] };

/** Returns the leg with which capturing a call begins, as far as its row tells. */
const earOf = ({ legs, them }: CallRecord): LegId =>
  (legs.find(({ party }) => party.number === them.number && party.ours === them.ours) ?? legs[0])?.id ?? '';

const keyOf = ({ callId, seq }: Pick<SnoopName, 'callId' | 'seq'>) => `${callId} ${seq}`;

/**
 * Captures that have no row, because an earlier process was killed after it had asked the PBX for them and before their rows were
 * written. Each becomes a capture of the call that its leg is in, and is then kept or discarded with that call.
 */
export function createFound({ catalogue, segments, capture, log }: FoundDeps) {
  const found = new Map<string, Found>();

  async function discard({ name, snoops }: Found): Promise<void> {
    log.warn({ snoops }, 'Removed a capture of a call that is not known');
    await segments.discard(name).catch((err) => log.error({ err, ...name }, 'A capture was left behind'));
  }

  async function take(one: Found, call: CallRecord, l: Live): Promise<void> {
    const { name, legId, snoops } = one;
    if (name.callId === call.id) l.next = Math.max(l.next, name.seq + 1);
    else {
      const owner = await catalogue.calls.get(name.callId).catch(() => null);
      if (owner && owner.id !== call.id) return discard(one);
      // Neither was the call written that it was captured for: this one is that call.
      if (!owner) await catalogue.calls.absorb(name.callId, call.id);
    }
    const segment = await segments.found(name, legId);
    if (segment.state !== 'capturing') for (const id of snoops) await capture.release(id);
    else {
      const older = l.segment;
      Object.assign(l, { segment, takenUp: takenUp(segment, null), because: null });
      log.info({ call: call.id, leg: legId, seq: segment.seq }, 'Took up a capture that had no row yet');
      if (older) await segments.close(older, true);
    }
  }

  return {
    /** Keeps a snoop of ours that has no row. Returns false for one that has, or whose leg is not known. */
    async keep(id: string, { snooped }: Snapshot): Promise<boolean> {
      const name = parseSnoop(id);
      const legId = snooped?.get(id) ?? '';
      if (!name || name.token === '' || legId === '') return false;
      const known: Segment[] = await catalogue.segments.of(name.callId);
      if (known.some((s) => keyOf(s) === keyOf(name))) return false;
      const one = found.get(keyOf(name)) ?? { name, legId, snoops: [] };
      one.snoops.push(id);
      found.set(keyOf(name), one);
      return true;
    },

    /** Takes up the captures of a call's legs, oldest first. Calls `row` before each, which resolves once the call is written. */
    async take(call: CallRecord, l: Live, row: () => Promise<void>): Promise<void> {
      const mine = [...found].filter(([, { legId }]) => call.legs.some((leg) => leg.id === legId));
      for (const [key, one] of mine.sort(([, a], [, b]) => a.name.seq - b.name.seq)) {
        await row();
        await take(one, call, l);
        found.delete(key);
      }
    },

    /**
     * Writes the rows of captures that are over, from their spool files, for a call that was open when this process last ran.
     * `running`: the snoops that the PBX has. Returns the number of this call's next capture.
     */
    async over(
      { call, known }: { call: CallRecord; known: readonly Segment[] },
      spooled: readonly SegmentName[],
      running: readonly string[],
    ): Promise<number> {
      const told = new Set([...known, ...running.flatMap((id) => parseSnoop(id) ?? [])].map(keyOf));
      const mine = spooled.filter((one) => one.callId === call.id && !told.has(keyOf(one)));
      for (const one of mine)
        await segments.left(one, earOf(call), call.answeredAt ?? call.startedAt).then(
          () => log.warn({ call: call.id, seq: one.seq }, 'Took up a capture that had no row and is over'),
          (err) => log.error({ err, ...one }, 'A capture that had no row could not be taken up'),
        );
      return Math.max(-1, ...[...known, ...mine].map(({ seq }) => seq)) + 1;
    },

    /** Discards captures whose legs are in no call: no rule can decide whether they may be kept. */
    async discardOthers(isInCall: (leg: LegId) => boolean): Promise<void> {
      for (const [key, one] of [...found]) {
        if (isInCall(one.legId)) continue;
        found.delete(key);
        await discard(one);
      }
    },
  };
}
