import { type Cdr, onOurClock } from '../domain/assurance/cdr.js';
import type { LegFacts, PbxEvent, Snapshot } from '../domain/call/event.js';

export type StampDeps = {
  /** Our own time, ms since 1970, which never jumps. */
  now: () => number;
  /** The time on the PBX's clock at this moment. Throws when it does not answer. */
  ask: () => Promise<number>;
  /** Takes the events in the order in which they were heard. */
  deliver: (event: PbxEvent) => void;
};

/** An event that is this much later than it should be (ms): it was held up somewhere, or the PBX's clock went back. */
const LATE = 2_000;
/** What is stamped earlier than this (ms) before it was heard is not believed. */
const OLDEST = 600_000;
/** What an answer may be off besides half of the time that it took, in ms. */
const SLACK = 50;
const SECOND = 1_000;

export type Stamps = ReturnType<typeof createStamps>;

/**
 * Brings the PBX's times onto our own time. Its clock is not ours, and both may be moved in mid-call; its stamps are more
 * exact than the moment at which an event is heard, and right for one that was held up. An event cannot come before it
 * happens: the smallest delay ever seen shows how far the clocks are apart, and a clock that was moved on at once. One
 * that was moved back looks like a delay, so the PBX is asked, and events wait for its answer.
 */
export function createStamps(deps: StampDeps) {
  type Heard = { event: PbxEvent; heard: number; stamped: boolean };
  /** The PBX's clock minus ours; null until something is known. */
  let skew: number | null = null;
  let held: Heard[] | null = null;

  async function measure(): Promise<number> {
    const asked = deps.now();
    const theirs = await deps.ask();
    const answered = deps.now();
    const measured = theirs - (asked + answered) / 2;
    if (skew === null || Math.abs(measured - skew) > (answered - asked) / 2 + SLACK) skew = measured;
    return measured;
  }

  async function release(): Promise<void> {
    await measure().catch(() => {}); // without an answer, what was known is the best there is
    const waiting = held ?? [];
    held = null;
    for (const one of waiting) place(one, true);
  }

  function place({ event, heard, stamped }: Heard, settled: boolean): void {
    if (!stamped) {
      deliver(event, heard);
      return;
    }
    const apart = event.at - heard;
    if (skew === null || apart > skew) skew = apart;
    const late = skew - apart;
    if (late > LATE && !settled) {
      held = [{ event, heard, stamped }];
      void release();
      return;
    }
    deliver(event, late > OLDEST ? heard : event.at - skew);
  }

  function deliver(event: PbxEvent, at: number): void {
    const placed = { ...event, at: Math.round(at) };
    if ('leg' in placed) placed.leg = born(placed.leg);
    deps.deliver(placed);
  }

  const born = (leg: LegFacts): LegFacts =>
    leg.createdAt === null ? leg : { ...leg, createdAt: Math.round(leg.createdAt - (skew ?? 0)) };

  return {
    /** Whether the event's time is the PBX's own stamp; where it gave none, it is the moment of hearing. */
    hear(event: PbxEvent, stamped: boolean): void {
      const one = { event, heard: deps.now(), stamped };
      if (held) held.push(one);
      else place(one, false);
    },
    /** Asks the PBX what time it is there and gives how far it is ahead of ours, in ms. Throws when it does not answer. */
    measure,
    /** What the PBX has listed, taken at our time: how old its channels are is by its clock. */
    listed: (snapshot: Snapshot): Snapshot => ({ ...snapshot, legs: snapshot.legs.map(born) }),
    /** A time by the PBX's clock, ms since 1970, brought onto ours. */
    ours: (at: number): number => Math.round(at - (skew ?? 0)),
    /** What the PBX has written into a CDR. Those have whole seconds, and keep them. */
    written: (cdr: Cdr): Cdr => onOurClock(cdr, Math.round((skew ?? 0) / SECOND) * SECOND),
    /** What the PBX's clock shows now, as far as is known. */
    theirs: () => deps.now() + Math.round(skew ?? 0),
    /** Our own time has been set anew. */
    forget(): void {
      skew = null;
    },
  };
}
