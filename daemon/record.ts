import type { Capture } from './capture/snoop.js';
import type { Catalogue } from './catalogue/catalogue.js';
import { type CallState, type Effect, emptyState, restore, step, type TrackRules } from './domain/call.js';
import { TapedeckError } from './domain/error.js';
import type { PbxEvent } from './domain/event.js';
import { decideRecord, type RecordDecision } from './domain/policy.js';
import {
  type CallId,
  type CallRecord,
  type Coverage,
  type LegId,
  type Segment,
  spoolName,
} from './domain/recording.js';
import type { Log } from './ops/log.js';

/**
 * Story 1: a PBX event is tracked, a decision is made, a leg is captured. Each call has a serial queue of its own, and in
 * it only the newest change waits, so that a slow PBX or disk never builds a backlog.
 */
export type RecordDeps = {
  catalogue: Catalogue;
  capture: Capture;
  removeSpool: (name: string) => Promise<void>;
  rules: TrackRules;
  log: Log;
  /** A call has ended and has captured audio. */
  onCaptured: (id: CallId) => void;
};

type Live = {
  segment: Segment | null;
  next: number;
  decision: RecordDecision | null;
  /** The leg whose capture failed, so that it is not tried at every event. */
  failed: { leg: LegId; reason: string } | null;
  waiting: Exclude<Effect, { kind: 'absorbed' }> | null;
  working: Promise<void> | null;
};

export type Recorder = ReturnType<typeof createRecorder>;

export function createRecorder(deps: RecordDeps) {
  let state: CallState = emptyState;
  /** What happens until the open calls have been taken up waits here. */
  let backlog: PbxEvent[] | null = [];
  const live = new Map<CallId, Live>();
  const absorbing = new Set<Promise<void>>();

  const of = (id: CallId): Live => {
    let l = live.get(id);
    if (!l) {
      l = { segment: null, next: 0, decision: null, failed: null, waiting: null, working: null };
      live.set(id, l);
    }
    return l;
  };

  function enqueue(effect: Effect): void {
    if (effect.kind === 'absorbed') {
      const work = absorb(effect.from, effect.into).finally(() => absorbing.delete(work));
      absorbing.add(work);
      return;
    }
    const l = of(effect.call.id);
    l.waiting = effect;
    l.working ??= work(effect.call.id, l);
  }

  async function work(id: CallId, l: Live): Promise<void> {
    while (l.waiting) {
      const effect = l.waiting;
      l.waiting = null;
      try {
        await (effect.kind === 'ended' ? end(effect, l) : follow(effect, l));
      } catch (e) {
        deps.log.error(
          { err: e, call: id },
          'A step of recording a call failed; the call goes on being followed',
        );
      }
      if (effect.kind === 'ended') live.delete(id);
    }
    l.working = null;
  }

  async function follow(effect: Extract<Effect, { kind: 'changed' }>, l: Live): Promise<void> {
    const { call, facts, anchor } = effect;
    await deps.catalogue.saveCall(call);
    if (call.answeredAt === null) return;
    const { policy } = await deps.catalogue.policy();
    const before = l.decision;
    l.decision = decideRecord(policy, facts);
    if (before?.record !== l.decision.record || before.rule !== l.decision.rule)
      deps.log.info({ call: call.id, record: l.decision.record, rule: l.decision.rule }, l.decision.reason);
    if (l.segment && !l.decision.record) await drop(l);
    else if (l.segment && l.segment.legId !== anchor) await close(l);
    if (!l.segment && l.decision.record && anchor && l.failed?.leg !== anchor) await begin(call, anchor, l);
    if (!l.decision.record) await deps.catalogue.decideCoverage(call.id, excluded(l.decision));
  }

  async function begin(call: CallRecord, legId: LegId, l: Live): Promise<void> {
    const segment: Segment = {
      callId: call.id,
      seq: l.next++,
      legId,
      inStartedAt: null,
      outStartedAt: null,
      state: 'capturing',
    };
    // Row first: whatever happens after this, a restart finds the capture by its names.
    await deps.catalogue.saveSegment(segment);
    try {
      const started = await deps.capture.begin(call.id, segment.seq, legId);
      l.segment = { ...segment, ...started };
      await deps.catalogue.saveSegment(l.segment);
      deps.log.info({ call: call.id, leg: legId, seq: segment.seq }, 'Recording');
    } catch (e) {
      l.failed = { leg: legId, reason: reasonOf(e) };
      await deps.catalogue.saveSegment({ ...segment, state: 'dropped' });
      deps.log.error({ err: e, call: call.id, leg: legId }, 'A call could not be captured');
    }
  }

  /** The capture of a leg is over: its audio is kept. */
  async function close(l: Live): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    try {
      if (state.legs.get(segment.legId)?.goneAt === null) await deps.capture.end(segment.callId, segment.seq);
      await deps.capture.finished(segment.callId, segment.seq);
    } catch (e) {
      deps.log.warn(
        { err: e, call: segment.callId, seq: segment.seq },
        'The end of a capture was not confirmed; its files are used as they are',
      );
    }
    await deps.catalogue.saveSegment({ ...segment, state: 'captured' });
  }

  /** Policy says no: what was captured so far goes, and is not kept anywhere. */
  async function drop(l: Live): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    await deps.capture
      .drop(segment.callId, segment.seq)
      .catch((e) => deps.log.warn({ err: e }, 'A capture could not be cancelled'));
    await remove(segment);
  }

  async function remove(segment: Segment): Promise<void> {
    for (const side of ['in', 'out'] as const)
      await deps.removeSpool(spoolName(segment.callId, segment.seq, side));
    await deps.catalogue.saveSegment({ ...segment, state: 'dropped' });
  }

  async function end(effect: Extract<Effect, { kind: 'ended' }>, l: Live): Promise<void> {
    const { call, facts } = effect;
    if (call.answeredAt === null) {
      await deps.catalogue.saveCall(call, { status: 'none', reason: '', rule: null, missingMs: 0 });
      return;
    }
    const { policy } = await deps.catalogue.policy();
    l.decision = decideRecord(policy, facts);
    if (!l.decision.record) {
      if (l.segment) await drop(l);
      for (const s of await deps.catalogue.segments(call.id)) if (s.state === 'captured') await remove(s);
      await deps.catalogue.saveCall(call, excluded(l.decision));
      return;
    }
    if (l.segment) await close(l);
    const segments = (await deps.catalogue.segments(call.id)).filter((s) => s.state === 'captured');
    if (segments.length === 0) {
      const reason = l.failed?.reason ?? 'The call ended before its capture had begun.';
      await deps.catalogue.saveCall(call, {
        status: 'not_recorded',
        reason,
        rule: null,
        missingMs: call.endedAt! - call.answeredAt,
      });
      deps.log.error({ call: call.id, reason }, 'A call was not recorded');
      return;
    }
    await deps.catalogue.saveCall(call, {
      status: 'pending',
      reason: '',
      rule: l.decision.rule,
      missingMs: 0,
    });
    deps.onCaptured(call.id);
  }

  /** Two calls are one: what the younger had begun to capture is not the anchor's, and goes. */
  async function absorb(from: CallId, into: CallId): Promise<void> {
    const l = live.get(from);
    live.delete(from);
    if (l) {
      l.waiting = null;
      await l.working;
      if (l.segment)
        await drop(l).catch((e) => deps.log.error({ err: e, call: from }, 'A capture was left behind'));
    }
    // The row of the call that stays is written first, or there would be nothing to absorb into.
    await live.get(into)?.working;
    await deps.catalogue
      .absorbCall(from, into)
      .catch((e) => deps.log.error({ err: e, call: from, into }, 'Two calls could not be united'));
  }

  function hear(event: PbxEvent): void {
    deps.capture.hear(event);
    if (backlog) backlog.push(event);
    else track(event);
  }

  function track(event: PbxEvent): void {
    const next = step(state, event, deps.rules);
    state = next.state;
    for (const effect of next.effects) enqueue(effect);
  }

  return {
    hear,

    /**
     * After a start: takes up the calls that were open when this process last ran. `snapshot` is what the PBX has now;
     * calls that are not in it have ended meanwhile, and their files are taken as they are.
     */
    async recover(snapshot: PbxEvent): Promise<void> {
      const open = [];
      for (const call of await deps.catalogue.openCalls()) {
        const segments = await deps.catalogue.segments(call.id);
        const l = of(call.id);
        l.next = Math.max(-1, ...segments.map((s) => s.seq)) + 1;
        let last = segments.filter((s) => s.state === 'capturing').at(-1) ?? null;
        if (last && !(await deps.capture.isLive(last.callId, last.seq))) {
          await deps.catalogue.saveSegment({ ...last, state: 'captured' });
          last = null;
        }
        l.segment = last;
        open.push({ call, anchor: last?.legId ?? null });
      }
      if (open.length > 0) deps.log.info({ calls: open.length }, 'Taking up calls that were open');
      state = restore(open);
      track(snapshot);
      for (const event of backlog ?? []) track(event);
      backlog = null;
    },

    /** Calls in progress, and how many of them are being recorded. */
    now: () => ({ calls: state.calls.size, recording: [...live.values()].filter((l) => l.segment).length }),

    /** Waits for what is in hand. Calls in progress go on being recorded by Asterisk. */
    async stop(): Promise<void> {
      await Promise.all([...[...live.values()].map((l) => l.working), ...absorbing]);
      deps.capture.stop();
    },
  };
}

function excluded(decision: RecordDecision): Coverage {
  return { status: 'excluded', reason: decision.reason, rule: decision.rule, missingMs: 0 };
}

function reasonOf(e: unknown): string {
  if (e instanceof TapedeckError && /channel not found/i.test(e.detail))
    return 'The call ended before its capture had begun.';
  return e instanceof TapedeckError ? e.message : 'The PBX could not be made to record.';
}
