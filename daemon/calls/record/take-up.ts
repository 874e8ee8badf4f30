import type { Capture } from '../../capture/snoop.js';
import type { OpenCall } from '../../catalogue/stored-call.js';
import type { restore } from '../../domain/call/call.js';
import type { Snapshot } from '../../domain/call/event.js';
import type { PbxId } from '../../domain/pbx.js';
import type { Why } from '../../domain/reason/reason.js';
import { type CallId, parseSnoop, type Segment, type SegmentName } from '../../domain/recording/recording.js';
import { createFound } from './found.js';
import type { Inform } from './inform.js';
import { type Live, takenUp } from './live.js';
import type { StepDeps } from './steps.js';

export type TakeUpDeps = Pick<StepDeps, 'catalogue' | 'segments' | 'log'> & {
  capture: Capture;
  /** Calls of other PBXs are none of ours. */
  pbx: PbxId;
};
type Calls = {
  live: ReadonlyMap<CallId, Live>;
  /** What is kept of a call in progress; made if there is nothing yet. */
  of: (id: CallId) => Live;
  forget: (id: CallId) => void;
  /** How its people had been told. */
  informed: Inform['takeUp'];
  /** The monitoring gap that ended at `at`. */
  unwatched: (at: number, died?: boolean) => Why | null;
};

/** Takes up what was going on before a time in which nobody watched. */
export function createTakeUp({ catalogue, segments, capture, pbx, log }: TakeUpDeps, calls: Calls) {
  const { live } = calls;
  const found = createFound({ catalogue, segments, capture, log });

  /**
   * Keeps captures that run, and closes the others with the audio that they have. Removes snoops of ours that belong to no
   * capture; at a `start`, those without a row are kept for the call that turns out to be theirs. `watchedUntil`: ms since 1970;
   * null for never.
   */
  async function captures(
    snapshot: Snapshot,
    { watchedUntil, start = false }: { watchedUntil: number | null; start?: boolean },
  ): Promise<void> {
    const kept = new Map<string, Segment>();
    for (const l of live.values()) {
      const mine = l.segment;
      if (!mine) continue;
      // One that the PBX cannot be asked about is left alone.
      const adopted = await segments.adopt(mine).catch((err) => {
        log.error({ err, call: mine.callId, seq: mine.seq }, 'A running capture could not be looked at');
        return mine;
      });
      if (l.segment !== mine) continue;
      const runs = adopted.state === 'capturing';
      l.segment = runs ? adopted : null;
      l.takenUp = runs ? takenUp(adopted, watchedUntil) : null;
      l.because = runs ? null : calls.unwatched(snapshot.at, adopted.state === 'captured');
      if (runs) kept.set(keyOf(adopted), adopted);
    }
    for (const id of snapshot.snoops) {
      const ours = parseSnoop(id);
      if (!ours) continue;
      const mine = kept.get(keyOf(ours));
      if (mine) capture.found(mine, id);
      if (mine || [...live].some(([call, l]) => call === ours.callId && l.beginning === ours.seq)) continue;
      if (start && (await found.keep(id, snapshot))) continue;
      log.warn({ snoop: id }, 'Removed an orphaned snoop');
      await capture.release(id).catch((err) => log.warn({ err }, 'It could not be taken away'));
    }
  }

  /** The calls that were open when this process last ran. One that cannot be taken up does not keep the others. */
  async function openCalls(snapshot: Snapshot): Promise<Parameters<typeof restore>[0]> {
    const open = [];
    const stored = await catalogue.calls.open().catch((err) => {
      log.error({ err }, 'The open calls could not be read from the catalogue');
      return [];
    });
    const mine = stored.filter(({ call }) => call.pbx === pbx);
    const spooled = mine.length === 0 ? [] : await segments.spooled().catch(unseen);
    for (const one of mine)
      try {
        open.push(await openCall(one, spooled, snapshot));
      } catch (err) {
        calls.forget(one.call.id);
        log.error({ err, call: one.call.id }, 'An open call could not be taken up');
      }
    return open;
  }

  function unseen(err: unknown): [] {
    log.error({ err }, 'The spool could not be looked through for captures that have no row');
    return [];
  }

  async function openCall(
    { call, decision }: OpenCall,
    spooled: readonly SegmentName[],
    { at, snoops }: Snapshot,
  ) {
    const known = await catalogue.segments.of(call.id);
    const l = calls.of(call.id);
    l.decision = decision;
    l.said = await catalogue.directives.of(call.id);
    const { notice, played } = await catalogue.notices.of(call.id);
    calls.informed(l, call.legs, notice, played);
    l.next = await found.over({ call, known }, spooled, snoops);
    const capturing = known.filter((s) => s.state === 'capturing');
    for (const old of capturing.slice(0, -1)) {
      const running = await segments.adopt(old);
      if (running.state === 'capturing') await segments.close(running, true);
    }
    l.segment = capturing.at(-1) ?? null;
    if (call.answeredAt !== null) l.because = calls.unwatched(at);
    return { call, anchor: l.segment?.legId ?? null, swapped: l.segment?.swapped };
  }

  return { captures, openCalls, take: found.take, discardOthers: found.discardOthers };
}

const keyOf = ({ callId, seq }: Pick<Segment, 'callId' | 'seq'>): string => `${callId.toUpperCase()} ${seq}`;
