import type { PbxEvent } from '../domain/call/event.js';
import { fail } from '../domain/error.js';
import {
  type CallId,
  type LegId,
  parseSnoop,
  type SegmentName,
  type SnoopName,
  snoopId,
  spoolName,
} from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { patience } from '../ops/patience.js';
import { createMasking, type PbxMuter } from './masking.js';

/** What the capture asks of the PBX. */
export type PbxRecorder = PbxMuter & {
  snoop(legId: LegId, side: 'in' | 'out', id: string): Promise<void>;
  isWide(legId: LegId): Promise<boolean>;
  record(snoop: string, name: string, wide: boolean): Promise<void>;
  /** Keeps a channel out of the PBX's CDRs. */
  keepFromCdrs(channel: string): Promise<void>;
  stopRecording(name: string): Promise<void>;
  discard(name: string): Promise<void>;
  isRecording(name: string): Promise<boolean>;
  /** Has a recording written as silence, or as sound again; false when there is no such recording. */
  mute(name: string, muted: boolean): Promise<boolean>;
  hangup(channel: string): Promise<void>;
};

export type SnoopDeps = {
  pbx: PbxRecorder;
  /** Bytes of a spool file on disk, or null when it is not there, or when this machine does not see the spool. */
  spoolSize: (name: string) => Promise<number | null>;
  /** See `masking`. */
  mutesOnce: () => boolean;
  log: Log;
  /** A recording that was said to run and has no audio on disk. */
  onSilent: (callId: CallId, seq: number) => void;
};

const SIDES = ['in', 'out'] as const;
/** How long the PBX may take to bring a snoop into Stasis, or to begin or end a recording, in ms. */
const PATIENCE = 3_000;
/** Asterisk buffers 32 KB, which is 2 s of 8 kHz wav: bytes cannot be expected on disk before, in ms. */
const FIRST_BYTES = 4_000;
/** So long snoops are kept out of CDRs at the latest, in ms: where many calls are answered at once, that waits until all have begun. */
const LATEST = 500;

export type Capture = ReturnType<typeof createCapture>;

/**
 * Captures a leg: two snoops, one a direction, each recorded by Asterisk itself, so that audio goes on being written
 * when this process dies. Ids and names have the segment in them: after a restart they are found again.
 */
export function createCapture(deps: SnoopDeps) {
  const waiting = new Map<string, (at: number) => void>();
  const watches = new Set<NodeJS.Timeout>();
  let beginning = 0;
  /** Snoops that are still to be kept out of the PBX's CDRs. */
  const unlisted = new Set<string>();
  let unlist: NodeJS.Timeout | undefined;
  const masking = createMasking(deps);
  /** The ids that an earlier version gave to snoops, by the ids that they would have now. */
  const older = new Map<string, string>();

  /** Resolves with the time of an event that is still to come; subscribe before asking for it. */
  function expect(kind: PbxEvent['kind'], id: string, what: string): Promise<number> {
    const key = `${kind} ${id.toLowerCase()}`;
    return new Promise<number>((resolve, reject) => {
      const stop = patience(PATIENCE, () => {
        waiting.delete(key);
        reject(fail('pbx_timeout', `${what} after ${PATIENCE / 1000} s.`));
      });
      waiting.set(key, (at) => {
        stop();
        waiting.delete(key);
        resolve(at);
      });
    });
  }

  function keepFromCdrs(): void {
    clearTimeout(unlist);
    unlist = undefined;
    for (const snoop of unlisted)
      void deps.pbx
        .keepFromCdrs(snoop)
        .catch((err) => deps.log.debug({ err, snoop }, 'A snoop will have a CDR of its own'));
    unlisted.clear();
  }

  async function side(
    segment: SnoopName,
    legId: LegId,
    way: 'in' | 'out',
    wide: Promise<boolean>,
  ): Promise<number> {
    const id = snoopId(segment, way);
    const name = spoolName(segment, way);
    // A record sent before the snoop's StasisStart answers 409 (Asterisk 16 and 22).
    const ready = expect('snoop-up', id, 'The snoop is not ready');
    ready.catch(() => {});
    await deps.pbx.snoop(legId, way, id);
    await ready;
    const started = expect('spool-started', name, 'The recording has not begun');
    started.catch(() => {});
    await deps.pbx.record(id, name, await wide);
    const began = await started;
    masking.begun(name);
    // Else each of our snoops is an answered call in the customer's bills and reports (Asterisk 16 and 22).
    unlisted.add(id);
    unlist ??= setTimeout(keepFromCdrs, LATEST);
    return began;
  }

  async function finished(segment: SegmentName, way: 'in' | 'out'): Promise<void> {
    const name = spoolName(segment, way);
    const done = expect('spool-finished', name, 'The recording has not ended');
    done.catch(() => {});
    // The event may have come before anybody waited for it, or while the connection was down.
    if (!(await deps.pbx.isRecording(name))) return;
    await done;
  }

  function forget(segment: SegmentName): void {
    for (const way of SIDES) masking.over(spoolName(segment, way));
  }

  async function hangUp(segment: SnoopName): Promise<void> {
    const ids = SIDES.map((way) => snoopId(segment, way));
    await Promise.all(ids.map((id) => deps.pbx.hangup(older.get(id) ?? id)));
    for (const id of ids) older.delete(id);
  }

  function watch(segment: SegmentName): void {
    const { callId, seq } = segment;
    const timer = setTimeout(() => {
      watches.delete(timer);
      Promise.all(SIDES.map((way) => deps.spoolSize(spoolName(segment, way)))).then(
        (sizes) => {
          if (sizes.some((size) => size !== null && size <= 44)) deps.onSilent(callId, seq);
        },
        (err) => deps.log.error({ err, call: callId, seq }, 'The spool cannot be looked into'),
      );
    }, FIRST_BYTES);
    watches.add(timer);
  }

  return {
    /** Every event of the PBX passes here first. */
    hear(event: PbxEvent): void {
      if (event.kind === 'snoop-up') waiting.get(`snoop-up ${event.id.toLowerCase()}`)?.(event.at);
      if (
        event.kind === 'spool-started' ||
        event.kind === 'spool-finished' ||
        event.kind === 'spool-failed'
      ) {
        const kind = event.kind === 'spool-failed' ? 'spool-finished' : event.kind;
        waiting.get(`${kind} ${event.name.toLowerCase()}`)?.(event.at);
        if (event.kind === 'spool-failed')
          deps.log.error({ name: event.name, reason: event.reason }, 'Asterisk could not record');
      }
    },

    /**
     * Begins to capture a leg. Gives when each side began, in ms since 1970 by the PBX. Throws when either side could not
     * be begun; then neither is left running.
     */
    async begin(segment: SnoopName, legId: LegId): Promise<{ inStartedAt: number; outStartedAt: number }> {
      const wide = deps.pbx.isWide(legId);
      wide.catch(() => {});
      beginning += 1;
      const [one, two] = await Promise.allSettled(SIDES.map((way) => side(segment, legId, way, wide)));
      beginning -= 1;
      if (beginning === 0) keepFromCdrs();
      if (one!.status === 'rejected' || two!.status === 'rejected') {
        await this.drop(segment).catch(() => {});
        throw one!.status === 'rejected' ? one!.reason : (two as PromiseRejectedResult).reason;
      }
      watch(segment);
      return { inStartedAt: one!.value, outStartedAt: two!.value };
    },

    /** Resolves when Asterisk has closed both files: the leg has hung up, or `end` was called. */
    async finished(segment: SegmentName): Promise<void> {
      await Promise.all(SIDES.map((way) => finished(segment, way))).finally(() => forget(segment));
    },

    /** Stops capturing and keeps what there is. */
    async end(segment: SnoopName): Promise<void> {
      await Promise.all(SIDES.map((way) => deps.pbx.stopRecording(spoolName(segment, way))));
      await hangUp(segment);
    },

    /** Stops capturing; what was captured is thrown away by Asterisk. */
    async drop(segment: SnoopName): Promise<void> {
      await Promise.all(SIDES.map((way) => deps.pbx.discard(spoolName(segment, way))));
      forget(segment);
      await hangUp(segment);
    },

    /**
     * From here on only silence is written of both sides, while time goes on; repeatable. Resolves once the PBX has said so.
     * Throws what it says; then a side may still be heard.
     */
    async mute(segment: SegmentName): Promise<void> {
      await Promise.all(SIDES.map((way) => masking.mute(spoolName(segment, way))));
    },

    /**
     * Both sides are written again; repeatable. False when the PBX cannot do that, and the segment has to be begun anew. After
     * a restart only for a segment that a mask has touched. Throws what the PBX says; then a side may still be silent.
     */
    async unmute(segment: SegmentName): Promise<boolean> {
      const heard = await Promise.all(SIDES.map((way) => masking.unmute(spoolName(segment, way))));
      return heard.every((side) => side);
    },

    /** Which sides of a segment are being recorded at this moment. */
    async live(segment: SegmentName): Promise<{ in: boolean; out: boolean }> {
      const [a, b] = await Promise.all(SIDES.map((way) => deps.pbx.isRecording(spoolName(segment, way))));
      return { in: a!, out: b! };
    },

    /** A snoop of a segment was found on the PBX after a restart. */
    found(segment: SnoopName, id: string): void {
      const way = parseSnoop(id)?.side;
      if (way && id !== snoopId(segment, way)) older.set(snoopId(segment, way), id);
    },

    /** Takes a snoop of ours away that belongs to nothing any more. */
    release: (id: string): Promise<void> => deps.pbx.hangup(id),

    stop(): void {
      for (const timer of watches) clearTimeout(timer);
      keepFromCdrs();
    },
  };
}
