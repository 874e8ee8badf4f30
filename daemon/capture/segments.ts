import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Why } from '../domain/reason/reason.js';
import {
  type LegId,
  parseOurs,
  type Segment,
  type SegmentName,
  type SnoopName,
  spoolName,
} from '../domain/recording/recording.js';
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
  /** The names of all spool files of ours. */
  spooled: () => Promise<string[]>;
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

/** Begins, ends and discards captures. The row of one is requested before it begins, and durable before its files are removed. */
export function createSegments(deps: SegmentsDeps) {
  const { capture, save, token = () => randomBytes(16).toString('hex') } = deps;

  async function begin(
    { callId, seq, legId, swapped, fed }: Pick<Segment, 'callId' | 'seq' | 'legId' | 'swapped' | 'fed'>,
    because: Why | null,
  ): Promise<Segment> {
    const name = { callId, seq, token: token(), swapped };
    const segment: Segment = { ...beginning(name, legId), because, fed };
    // At the same time: capturing does not wait for the disk. A restart that finds no row adopts what the PBX has.
    const row = save(segment);
    row.catch(() => {}); // told when it is waited for
    try {
      const begun = { ...segment, ...(await capture.begin(segment, legId)) };
      await notForLong(row).catch(async (e) => {
        await discard(segment);
        throw e;
      });
      await notForLong(save(begun));
      return begun;
    } catch (e) {
      await save({ ...segment, state: 'dropped' });
      throw e;
    }
  }

  /** Has Asterisk discard the audio of a capture, and removes what it had written before. */
  async function discard(name: SnoopName): Promise<void> {
    await capture.drop(name).catch((err) => deps.log.warn({ err }, 'A capture could not be cancelled'));
    for (const side of SIDES) await deps.removeSpool(spoolName(name, side));
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

  const bornOf = (name: SegmentName) =>
    Promise.all([deps.spoolBorn(spoolName(name, 'in')), deps.spoolBorn(spoolName(name, 'out'))]);

  async function adopt(segment: Segment): Promise<Segment> {
    const live = await capture.live(segment);
    const [inBorn, outBorn] = await bornOf(segment);
    const known: Segment = {
      ...segment,
      inStartedAt: segment.inStartedAt ?? inBorn,
      outStartedAt: segment.outStartedAt ?? outBorn,
    };
    if (live.in && live.out) {
      if (known.inStartedAt !== segment.inStartedAt || known.outStartedAt !== segment.outStartedAt)
        await save(known);
      return known;
    }
    if (live.in || live.out) await end(known);
    const began = known.inStartedAt !== null || known.outStartedAt !== null;
    if (began) await deps.lookBack(known);
    const over: Segment = { ...known, state: began ? 'captured' : 'dropped' };
    await save(over);
    return over;
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

    /** Discards a capture of which nothing may be kept, here and on the PBX. */
    async drop(segment: Segment): Promise<void> {
      await discard(segment);
      await save({ ...segment, state: 'dropped' });
    },
    remove,
    /** The same for a capture that has no row. */
    discard,

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
     * Looks at a segment after a monitoring gap, and returns it as it is now: `capturing` if both sides are still being recorded,
     * else closed and `captured` with the audio that it has, or `dropped` if its recording had not begun.
     */
    adopt,

    /** The same for a capture that has no row: that is written first. */
    async found(name: SnoopName, legId: LegId): Promise<Segment> {
      const segment = beginning(name, legId);
      await save(segment);
      return adopt(segment);
    },

    /** Returns the names of all captures that have spool files, each once. */
    async spooled(): Promise<SegmentName[]> {
      const names = (await deps.spooled()).flatMap((name) => parseOurs(name) ?? []);
      return [...new Map(names.map((one) => [spoolName(one, 'in'), one])).values()];
    },

    /**
     * Writes the row of a capture that is over and has none, from its spool files. `beganBy`: when it began at the latest (ms since
     * 1970), where the files cannot be seen from here.
     */
    async left(name: SegmentName, legId: LegId, beganBy: number): Promise<void> {
      const [inBorn, outBorn] = await bornOf(name);
      const seen = inBorn !== null || outBorn !== null;
      const segment: Segment = {
        ...beginning({ ...name, swapped: false }, legId),
        inStartedAt: seen ? inBorn : beganBy,
        outStartedAt: seen ? outBorn : beganBy,
      };
      await save(segment);
      await deps.lookBack(segment);
      await save({ ...segment, state: 'captured' });
    },
  };
}

/** A segment of which nothing has been recorded yet. */
const beginning = (name: SnoopName, legId: LegId): Segment => ({
  ...{ callId: name.callId, seq: name.seq, token: name.token, swapped: name.swapped, legId },
  ...{ inStartedAt: null, outStartedAt: null, mutedFrom: { in: null, out: null } },
  ...{ state: 'capturing', because: null, fed: '' },
});
