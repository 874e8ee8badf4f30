import type { Capture } from '../../capture/snoop.js';
import type { OpenCall } from '../../catalogue/stored-call.js';
import type { restore } from '../../domain/call/call.js';
import type { Snapshot } from '../../domain/call/event.js';
import type { PbxId } from '../../domain/pbx.js';
import type { Why } from '../../domain/reason/reason.js';
import { type CallId, parseOurs } from '../../domain/recording/recording.js';
import type { Inform } from './inform.js';
import type { Live } from './live.js';
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

  /** Captures that run are kept; of the others what there is is taken, and snoops of ours that nobody follows go. */
  async function captures(snapshot: Snapshot): Promise<void> {
    const kept = new Set<string>();
    for (const l of live.values()) {
      const mine = l.segment;
      if (!mine) continue;
      // One that the PBX cannot be asked about is left alone.
      const adopted = await segments.adopt(mine).catch((err) => {
        log.error({ err, call: mine.callId, seq: mine.seq }, 'A running capture could not be looked at');
        return mine;
      });
      if (l.segment !== mine) continue;
      l.segment = adopted;
      l.takenUp = adopted?.seq ?? null;
      l.because = adopted ? null : calls.unwatched(snapshot.at, true);
      for (const id of adopted ? segments.snoops(adopted) : []) kept.add(id.toLowerCase());
    }
    for (const id of snapshot.snoops) {
      const ours = parseOurs(id);
      if (!ours || kept.has(id.toLowerCase())) continue;
      if ([...live].some(([call, l]) => call === ours.callId && l.beginning === ours.seq)) continue;
      log.warn({ snoop: id }, 'Removed an orphaned snoop');
      await capture.release(id).catch((err) => log.warn({ err }, 'It could not be taken away'));
    }
  }

  /** The calls that were open when this process last ran. One that cannot be taken up does not keep the others. */
  async function openCalls(at: number): Promise<Parameters<typeof restore>[0]> {
    const open = [];
    const stored = await catalogue.calls.open().catch((err) => {
      log.error({ err }, 'The open calls could not be read from the catalogue');
      return [];
    });
    for (const one of stored.filter(({ call }) => call.pbx === pbx))
      try {
        open.push(await openCall(one, at));
      } catch (err) {
        calls.forget(one.call.id);
        log.error({ err, call: one.call.id }, 'An open call could not be taken up');
      }
    return open;
  }

  async function openCall({ call, decision }: OpenCall, at: number) {
    const known = await catalogue.segments.of(call.id);
    const l = calls.of(call.id);
    l.decision = decision;
    l.said = await catalogue.directives.of(call.id);
    const { notice, played } = await catalogue.notices.of(call.id);
    calls.informed(l, notice, played);
    l.next = Math.max(-1, ...known.map((s) => s.seq)) + 1;
    const capturing = known.filter((s) => s.state === 'capturing');
    for (const old of capturing.slice(0, -1)) {
      const running = await segments.adopt(old);
      if (running) await segments.close(running, true);
    }
    l.segment = capturing.at(-1) ?? null;
    if (call.answeredAt !== null) l.because = calls.unwatched(at);
    return { call, anchor: l.segment?.legId ?? null, swapped: l.segment?.swapped };
  }

  return { captures, openCalls };
}
