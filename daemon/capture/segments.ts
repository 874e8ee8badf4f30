import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Why } from '../domain/reason/reason.js';
import { type Segment, snoopId, spoolName } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { notForLong } from '../ops/turns.js';
import type { Capture } from './snoop.js';

export type SegmentsDeps = {
  capture: Capture;
  save: (segment: Segment) => Promise<void>;
  /** Removes a spool file, now or as soon as that is possible. */
  removeSpool: (name: string) => Promise<unknown>;
  /** The last look at a segment's files before they are used, see `growth`. */
  lookBack: (segment: Segment) => Promise<void>;
  /** When a spool file came to be, ms since 1970; null when it is not there, or not to be seen from here. */
  spoolBorn: (name: string) => Promise<number | null>;
  /** Makes the unguessable part of a segment's spool names: 32 hexadecimal digits. */
  token?: () => string;
  log: Log;
};

const SIDES = ['in', 'out'] as const;
/**
 * What a channel needs to be free of its hooks before it is snooped anew, in ms. Measured on Asterisk 22.10.1: 20 ms,
 * the time of one frame, cured 12 of 12 mutes, 10 ms cured 1 of 2.
 */
const UNHOOKED = 80;

export type Segments = ReturnType<typeof createSegments>;

/** The life of a segment: its row is written before what it tells of is begun or removed. */
export function createSegments(deps: SegmentsDeps) {
  const { capture, save, token = () => randomBytes(16).toString('hex') } = deps;

  async function begin(
    { callId, seq, legId, swapped, fed }: Pick<Segment, 'callId' | 'seq' | 'legId' | 'swapped' | 'fed'>,
    because: Why | null,
  ): Promise<Segment> {
    const segment: Segment = {
      callId,
      seq,
      token: token(),
      legId,
      inStartedAt: null,
      outStartedAt: null,
      state: 'capturing',
      because,
      mutedFrom: { in: null, out: null },
      swapped,
      fed,
    };
    // Row first: whatever happens after this, a restart finds the capture by its names. Where the disk is too slow for that, a
    // restart takes away what it does not know and begins anew, with a gap that says so.
    await notForLong(save(segment));
    try {
      const begun = { ...segment, ...(await capture.begin(segment, legId)) };
      await notForLong(save(begun));
      return begun;
    } catch (e) {
      await save({ ...segment, state: 'dropped' });
      throw e;
    }
  }

  async function settle(segment: Segment, stopped = false): Promise<void> {
    try {
      await capture.finished(segment);
    } catch (err) {
      deps.log.warn(
        { err, call: segment.callId, seq: segment.seq },
        'The end of a capture was not confirmed; its files are used as they are',
      );
    }
    // What a full disk did not take is missing too, but not for want of processor time.
    if (!stopped) await deps.lookBack(segment);
    await save({ ...segment, state: 'captured' });
  }

  async function end(segment: Segment): Promise<void> {
    await capture.end(segment).catch((err) => {
      deps.log.warn({ err, call: segment.callId, seq: segment.seq }, 'A capture could not be ended');
    });
  }

  async function remove(segment: Segment): Promise<void> {
    for (const side of SIDES) await deps.removeSpool(spoolName(segment, side));
    await save({ ...segment, state: 'dropped' });
  }

  return {
    /** Captures a leg. Throws when it could not be begun; then nothing is left running. */
    begin,

    /** The capture is over and its audio is kept; `running` when its leg is still up, `stopped` when Asterisk ended it. */
    async close(segment: Segment, running: boolean, stopped = false): Promise<void> {
      if (running) await end(segment);
      await settle(segment, stopped);
    },

    /**
     * Captures the same leg anew, all hooks off the channel in between: what cures a mute. Costs some 100 ms of both sides.
     * Returns the new segment. When the PBX did not end the old one, that goes on and is returned. Null when the leg is no
     * longer `wanted`, which is asked once the hooks are off.
     */
    async renew(
      segment: Segment,
      { seq, fed }: Pick<Segment, 'seq' | 'fed'>,
      because: Why,
      wanted: () => boolean,
    ): Promise<Segment | null> {
      try {
        await capture.end(segment);
      } catch (err) {
        deps.log.warn(
          { err, call: segment.callId, seq: segment.seq },
          'A capture could not be ended to be begun anew; it goes on',
        );
        return segment;
      }
      const settled = settle(segment);
      settled.catch(() => {}); // told when it is waited for
      try {
        await wait(UNHOOKED);
        return wanted() ? await begin({ ...segment, seq, fed }, because) : null;
      } finally {
        await settled;
      }
    },

    /** Nothing of it may be kept: Asterisk throws its audio away, and what was written before goes. */
    async drop(segment: Segment): Promise<void> {
      await capture.drop(segment).catch((err) => deps.log.warn({ err }, 'A capture could not be cancelled'));
      await remove(segment);
    },
    remove,

    /**
     * Has Asterisk write silence from now on, or what is said again. False where it cannot go back to sound, and the segment has
     * to end. Throws where it does not do so.
     */
    async mute(segment: Segment, on: boolean): Promise<boolean> {
      if (!on) return capture.unmute(segment);
      await capture.mute(segment);
      return true;
    },

    /**
     * After a time in which nobody watched: gives the segment when both its sides are still being recorded. Otherwise it is
     * closed with what there is of it, and null is the answer.
     */
    async adopt(segment: Segment): Promise<Segment | null> {
      const live = await capture.live(segment);
      const [inBorn, outBorn] = await Promise.all(
        SIDES.map((side) => deps.spoolBorn(spoolName(segment, side))),
      );
      const known: Segment = {
        ...segment,
        inStartedAt: segment.inStartedAt ?? inBorn ?? null,
        outStartedAt: segment.outStartedAt ?? outBorn ?? null,
      };
      if (live.in && live.out) {
        if (known.inStartedAt !== segment.inStartedAt || known.outStartedAt !== segment.outStartedAt)
          await save(known);
        return known;
      }
      if (live.in || live.out) await end(known);
      const began = known.inStartedAt !== null || known.outStartedAt !== null;
      if (began) await deps.lookBack(known);
      await save({ ...known, state: began ? 'captured' : 'dropped' });
      return null;
    },

    /** Ids of the snoops of a segment. */
    snoops: (segment: Segment): string[] => SIDES.map((side) => snoopId(segment.callId, segment.seq, side)),
  };
}
