import type { Segments } from '../../capture/segments.js';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { masks } from '../../domain/call/directive.js';
import { TapedeckError } from '../../domain/error.js';
import { sameCoded } from '../../domain/reason/coded.js';
import { because, becauseOf, type Why } from '../../domain/reason/reason.js';
import { inWords, type Say } from '../../domain/reason/words.js';
import type { CallId, LegId, Segment } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import type { Inform } from './inform.js';
import type { Changed, Live } from './live.js';
import type { Reasons } from './reasons.js';

export type CapturingDeps = {
  catalogue: Pick<Catalogue, 'segments'>;
  segments: Segments;
  /** Why nothing can be captured now (no room on the disk), or null. Asked right before a capture begins. */
  hindrance: () => Why | null;
  /** Whether the PBX falls silent in a snoop when its source changes: then each such change begins a new segment. */
  muteTrap: () => boolean;
  /** Whether a capture could be begun; not told of a leg that hung up meanwhile, which is nobody's fault. */
  onCapture: (result: 'begun' | 'failed') => void;
  clock: () => number;
  log: Log;
};
export type CaptureSurroundings = {
  inform: Pick<Inform, 'pause'>;
  isUp: (leg: LegId) => boolean;
  feed: (leg: LegId) => string;
  /** Has the call looked at again after a failure of its capture. */
  again: (l: Live, times: number) => void;
};

/** The captures of a call: one after the other, each of the leg that is to be followed then. `say` writes times. */
export function createCapturing(
  deps: CapturingDeps,
  around: CaptureSurroundings,
  { lateness, why }: Pick<Reasons, 'lateness' | 'why'>,
  say: Say,
) {
  const { inform } = around;

  /** Has the PBX write silence in place of what is said, or write that again. Where it does neither, it writes nothing. */
  async function mute(l: Live, on: boolean): Promise<void> {
    const segment = l.segment!;
    const masked = l.said.some(masks);
    if (l.muting ? l.muting.seq === segment.seq && l.muting.on === on : !on && !masked) return;
    const done = await deps.segments.mute(segment, on).catch((err) => {
      deps.log.error({ err, call: segment.callId, on }, 'The PBX did not mask a capture, so it is ended');
      return false;
    });
    if (done) {
      l.muting = { seq: segment.seq, on, at: deps.clock() };
      return;
    }
    await leave(l, true);
    l.because = because('masked');
  }

  async function begin({ call, swapped }: Changed, legId: LegId, l: Live): Promise<void> {
    const hindrance = deps.hindrance();
    if (hindrance) return failed(l, call.id, legId, hindrance);
    const askedAt = deps.clock();
    const known = why(call, l, askedAt);
    l.beginning = l.next++;
    try {
      const segment = await deps.segments.begin(
        { callId: call.id, seq: l.beginning, legId, swapped, fed: around.feed(legId) },
        known,
      );
      const begunAt = Math.max(segment.inStartedAt!, segment.outStartedAt!);
      const late = known === null ? lateness(call, l, askedAt, begunAt) : null;
      l.segment = late === null ? segment : { ...segment, because: late };
      l.muting = { seq: segment.seq, on: false, at: deps.clock() };
      if (l.segment !== segment) await deps.catalogue.segments.save(l.segment);
      if (l.wanted) l.wanted.met = true;
      l.failed = null;
      l.because = null;
      deps.onCapture('begun');
      deps.log.info({ event: 'capture_started', call: call.id, leg: legId, seq: l.segment.seq }, 'Recording');
    } catch (e) {
      deps.log.error({ err: e, call: call.id, leg: legId }, 'A call could not be captured');
      notBegun(l, call.id, legId, e, askedAt);
    } finally {
      l.beginning = null;
    }
  }

  function notBegun(l: Live, id: CallId, leg: LegId, e: unknown, since: number): void {
    const why = whyOf(e);
    if (why.code !== 'party_hung_up') deps.onCapture('failed');
    failed(l, id, leg, why, since);
  }

  /** It is tried again for as long as the leg is there: what is missing until then is a gap with this reason. */
  function failed(l: Live, id: CallId, leg: LegId, why: Why, at = deps.clock()): void {
    const times = l.failed?.leg === leg ? l.failed.times + 1 : 0;
    if (times === 0 || !sameCoded(why, l.failed!.why))
      deps.log.error({ call: id, leg, reason: inWords(why, say) }, 'A call is not being captured');
    const since = times === 0 ? at : l.failed!.since;
    l.failed = { leg, why, times, since };
    around.again(l, times);
  }

  /** The party who was captured is no longer the one to follow: its audio is kept. */
  async function leave(l: Live, running = around.isUp(l.segment!.legId)): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    l.because = because('taken_over');
    await deps.segments.close(segment, running);
  }

  /** A capture that stopped, or in which a mute is to be feared or has been heard, is begun anew. */
  async function mend(l: Live): Promise<void> {
    await mute(l, false);
    const segment = l.segment;
    if (!segment) return;
    const feed = around.feed(segment.legId);
    const wrong = l.wrong?.seq === segment.seq ? l.wrong.how : null;
    const changed = feed !== '' && feed !== segment.fed;
    const feared = deps.muteTrap() && changed && segment.fed !== '';
    const turned = because(l.takenUp?.seq === segment.seq ? 'source_changed_unwatched' : 'source_changed');
    if (wrong === 'stopped') {
      l.segment = null;
      await deps.segments.close(segment, true, true);
      failed(l, segment.callId, segment.legId, because(l.full ? 'ended_for_room' : 'recording_stopped'));
      l.full = false;
    } else if (
      (wrong || feared) &&
      !(await renew(segment, feed || segment.fed, wrong ? because('side_silent') : turned, l))
    )
      return;
    else if (changed && !wrong && !feared) await note(segment, feed, l);
    l.wrong = null;
    l.takenUp = null;
  }

  /** Keeps the source of a segment. It is stored only where a change has to be known after a restart. */
  async function note(segment: Segment, fed: string, l: Live): Promise<void> {
    l.segment = { ...segment, fed };
    if (deps.muteTrap()) await deps.catalogue.segments.save(l.segment);
  }

  /** False when the PBX did not answer: it is still to be done when the call is looked at next, after the link is back. */
  async function renew(segment: Segment, fed: string, why: Why, l: Live): Promise<boolean> {
    if (l.newest) inform.pause(l.newest.call.id, segment.legId);
    l.segment = null;
    l.beginning = l.next++;
    try {
      const next = { seq: l.beginning, fed };
      l.segment = await deps.segments.renew(segment, next, why, () => stands(l, segment.legId));
      l.because = l.segment ? null : why;
      if (l.segment === segment) return false;
      if (!l.segment) return true;
      l.muting = { seq: l.segment.seq, on: false, at: deps.clock() };
      deps.onCapture('begun');
      deps.log.info(
        { call: segment.callId, seq: l.segment.seq, because: inWords(why, say) },
        'Captured anew',
      );
    } catch (e) {
      notBegun(l, segment.callId, segment.legId, e, deps.clock());
    } finally {
      l.beginning = null;
    }
    return true;
  }

  /** Policy says no: what was captured so far goes, and is not kept anywhere. */
  async function drop(l: Live): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    await deps.segments.drop(segment);
  }

  return { begin, leave, mend, mute, drop };
}

/** Whether nothing newer is known by which another leg is to be captured, or none: in a transfer it is all of a moment. */
export function stands({ waiting }: Live, leg: LegId): boolean {
  return waiting === null || (waiting.kind === 'changed' && waiting.anchor === leg);
}

function whyOf(e: unknown): Why {
  if (!(e instanceof TapedeckError)) return because('pbx_refused');
  return /channel (was )?not found/i.test(e.detail) ? because('party_hung_up') : becauseOf(e);
}
